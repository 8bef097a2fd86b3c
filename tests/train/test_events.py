import struct

import pytest
from tensorboardX.proto.event_pb2 import Event

from nlgraph.train.events import Events
from nlgraph.train.metrics import EVENTS, MetricsFile, cut_metrics


def points(folder):
    """What TensorBoard reads: each record is its length, a checksum, an event, a checksum."""
    found = []
    for file in sorted(folder.glob("events.out.tfevents.*")):
        content = file.read_bytes()
        while content:
            (length,) = struct.unpack("<Q", content[:8])
            event = Event.FromString(content[12 : 12 + length])
            content = content[16 + length :]
            found += [(event.step, v.tag, v.simple_value) for v in event.summary.value]
    return found


def test_a_point_for_each_value_that_is_finite(tmp_path):
    with MetricsFile(tmp_path / "metrics.jsonl") as metrics:
        metrics.write(1, {"loss": 0.5, "accuracy": 0.25})
        metrics.write(2, {"loss": float("nan"), "accuracy": 0.5})
    assert points(tmp_path / EVENTS) == [
        (1, "loss", 0.5),
        (1, "accuracy", 0.25),
        (2, "accuracy", 0.5),
    ]


def _write(file, ticks):
    with MetricsFile(file) as metrics:
        for tick in ticks:
            metrics.write(tick, {"loss": float(tick)})


def test_a_resumed_run_has_no_point_twice_and_none_that_was_taken_back(tmp_path):
    file = tmp_path / "metrics.jsonl"
    _write(file, range(1, 10))
    cut_metrics(file, 6)
    _write(file, range(7, 12))
    found = points(tmp_path / EVENTS)
    assert [(tick, value) for tick, tag, value in found if tag == "loss"] == [
        (tick, float(tick)) for tick in range(1, 12)
    ]
    assert len(list((tmp_path / EVENTS).iterdir())) == 1


def test_ticks_that_are_taken_away_have_no_points(tmp_path):
    file = tmp_path / "metrics.jsonl"
    with MetricsFile(file) as metrics:
        for tick in range(1, 8):
            metrics.write(tick, {"loss": float(tick)})
        metrics.end_before(5)
    assert [tick for tick, _, _ in points(tmp_path / EVENTS)] == [1, 2, 3, 4]


def test_what_a_killed_process_wrote_in_part_is_written_anew(tmp_path):
    file = tmp_path / "metrics.jsonl"
    _write(file, range(1, 6))
    (events,) = (tmp_path / EVENTS).iterdir()
    events.write_bytes(events.read_bytes()[:-9])
    file.write_text(file.read_text() + '{"tick": 6, "lo')
    cut_metrics(file, 5)
    _write(file, [6])
    assert [tick for tick, _, _ in points(tmp_path / EVENTS)] == [1, 2, 3, 4, 5, 6]


def test_what_is_flushed_can_be_seen_while_the_run_goes_on(tmp_path):
    events = Events(tmp_path / EVENTS, [])
    events.write(1, {"loss": 0.5})
    events.flush()
    assert points(tmp_path / EVENTS) == [(1, "loss", 0.5)]
    events.close()


def test_a_folder_that_cannot_be_made_is_an_error_of_the_system(tmp_path):
    (tmp_path / EVENTS).write_text("a file")
    with pytest.raises(OSError, match="File exists"):
        Events(tmp_path / EVENTS, [])
