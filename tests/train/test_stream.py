import sys

import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.train.feed import open_feed

SPEC = """
dim B = 2
clock step
input x : [B] every step
input slow : [B] every 3 step
output z = x + slow
"""


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    """Batch k holds k, and is one longer where k can be divided by 5."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "counting", raising=False)
    (tmp_path / "counting.py").write_text(
        "import torch\n"
        "def up():\n"
        "    for k in range(1, 31):\n"
        "        x = torch.full((2 + (k % 5 == 0),), float(k))\n"
        "        yield {'x': x, 'slow': 10 * x}\n"
    )


def _open(share, spec=SPEC):
    def load(overrides):
        return nlgraph.loads(spec, set=overrides)

    notes = []
    _, feed = open_feed(load, {}, "counting:up", share=share, seed=0, note=notes.append)
    assert not notes
    return feed


def _number(inputs):
    return int(inputs["x"][0])


def test_with_nothing_held_apart_a_tick_takes_the_batch_of_its_number():
    feed = _open(0.0)
    assert [_number(feed.at(tick)) for tick in range(1, 31)] == list(range(1, 31))
    assert list(feed.held_apart(30)) == []
    assert feed.apart(30) == ""


@pytest.mark.parametrize(
    ("share", "held"), [(0.2, {5, 10, 15}), (0.3, {4, 7, 10, 14}), (0.5, {2, 4, 6, 8})]
)
def test_a_share_of_the_batches_is_held_apart_and_the_others_keep_their_order(share, held):
    feed = _open(share)
    last = max(held) + 1
    ticks = last - len(held)
    assert [_number(feed.at(tick)) for tick in range(1, ticks + 1)] == [
        k for k in range(1, last + 1) if k not in held
    ]
    assert {_number(inputs) for _, inputs in feed.held_apart(ticks)} == held
    assert feed.apart(ticks) == f"{len(held)} of {last} batches held out"


def test_a_resumed_run_is_taken_to_its_place_whatever_was_asked_for_before():
    feed = _open(0.2)
    assert _number(feed.at(9)) == 11
    assert _number(feed.at(2)) == 2
    assert _number(feed.at(10)) == 12
    assert feed.apart(0) == ""
    assert list(feed.held_apart(0)) == []


def test_batches_count_by_their_items():
    assert [size for size, _ in _open(0.2).held_apart(9)] == [3, 3]
    assert [size for size, _ in _open(0.0).in_order()][:6] == [2, 2, 2, 2, 3, 2]


def test_a_slow_input_is_taken_from_the_batch_of_the_first_tick_of_its_own():
    feed = _open(0.0)
    came = {tick: feed.at(tick) for tick in range(1, 8)}
    assert [tick for tick, inputs in came.items() if "slow" in inputs] == [1, 4, 7]
    assert came[4]["slow"].tolist() == [40, 40]


def test_a_state_with_the_batch_dim_lets_no_batch_be_longer():
    feed = _open(0.0, SPEC + "component M : scalar = 0 per B { M' = M + x }\n")
    feed.at(4)
    with pytest.raises(SpecError, match=r"batch 5 of `counting:up` it has \[3\]"):
        feed.at(5)


def test_to_run_dry_is_an_error_that_counts_the_batches():
    feed = _open(0.2)
    feed.at(24)
    with pytest.raises(SpecError, match="ended after 30 batches, and tick 25 needs one more"):
        feed.at(25)


def test_a_dim_without_a_number_gets_the_size_of_the_first_batch():
    assert _open(0.0, SPEC.replace("dim B = 2", "dim B")).batch == 2
