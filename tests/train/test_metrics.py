import json
import math

from nlgraph.train.metrics import MetricsFile, cut_metrics, read_last


def _write(file, ticks):
    with MetricsFile(file) as metrics:
        for tick in ticks:
            metrics.write(tick, {"loss": 1 / tick})


def _ticks(file):
    return [json.loads(line)["tick"] for line in file.read_text().splitlines()]


def test_a_line_is_an_object_with_the_tick_and_the_values(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsFile(file) as metrics:
        metrics.write(1, {"loss": 0.1, "größe": 2.0})
    assert file.read_text(encoding="utf-8") == '{"tick": 1, "loss": 0.1, "größe": 2.0}\n'


def test_a_value_that_is_not_finite_is_null(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsFile(file) as metrics:
        metrics.write(1, {"loss": math.nan, "perplexity": math.inf})
    assert json.loads(file.read_text()) == {"tick": 1, "loss": None, "perplexity": None}


def test_lines_after_a_tick_are_cut_and_the_next_ones_appended(tmp_path):
    file = tmp_path / "metrics.jsonl"
    _write(file, range(1, 8))
    cut_metrics(file, 4)
    assert _ticks(file) == [1, 2, 3, 4]
    _write(file, [5])
    assert _ticks(file) == [1, 2, 3, 4, 5]


def test_what_was_said_of_held_out_items_goes_with_the_cut(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsFile(file) as metrics:
        metrics.write(1, {"loss": 1.0})
        metrics.write(2, {"loss": 0.5, "holdout_loss": 0.7, "holdout_share": 0.2})
    cut_metrics(file, 2)
    # `holdout_share` is a metric of the spec: no metric is called `share`.
    assert read_last(file) == {"tick": 2, "loss": 0.5, "holdout_share": 0.2}


def test_a_line_that_was_cut_off_ends_the_file(tmp_path):
    file = tmp_path / "metrics.jsonl"
    _write(file, range(1, 4))
    file.write_text(file.read_text() + '{"tick": 4, "lo')
    cut_metrics(file, 10)
    assert _ticks(file) == [1, 2, 3]


def test_a_file_that_is_not_there_has_no_last_line(tmp_path):
    cut_metrics(tmp_path / "metrics.jsonl", 3)
    assert read_last(tmp_path / "metrics.jsonl") == {}
