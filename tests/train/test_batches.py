from itertools import chain

import numpy as np
import pytest
import torch

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import Input
from nlgraph.text.source import Source
from nlgraph.text.span import Origin, Span
from nlgraph.train.batches import make_batches
from nlgraph.train.items import Items

_ORIGIN = Origin(Span(Source("spec.nl", "i"), 0, 1))


def _all(_):
    return True


def _batches(
    count=50, batch=8, *, share=0.2, seed=0, periods=(1,), dtype="int", bytes_=False, fits=_all
):
    """Inputs a, b … that all hold the number of the item, one for each period."""
    names = [InputId(chr(ord("a") + i)) for i in range(len(periods))]
    inputs = {
        name: Input(name, TensorType(dtype, (Dim("B", batch),)), ClockId("step"), _ORIGIN)
        for name in names
    }
    numbers = np.arange(count, dtype=np.uint8 if bytes_ else np.int64)
    items = Items(dict.fromkeys(names, numbers), frozenset(names), batch, "B", {})
    report = Report()
    made = make_batches(
        items,
        inputs,
        dict(zip(names, periods, strict=True)),
        share=share,
        seed=seed,
        fits=fits,
        report=report,
    )
    return made, report


def _epoch(batches, number):
    ticks = range(number * batches.epoch + 1, (number + 1) * batches.epoch + 1)
    return [batches.at(tick)["a"].tolist() for tick in ticks]


def test_a_share_of_the_items_is_never_trained_on():
    batches, _ = _batches()
    held = {i for _, batch in batches.held_apart(1) for i in batch["a"].tolist()}
    seen = {i for epoch in range(20) for batch in _epoch(batches, epoch) for i in batch}
    assert len(held) == 10
    assert seen | held == set(range(50))
    assert not seen & held


def test_nothing_is_held_apart_with_a_share_of_0():
    batches, _ = _batches(share=0.0)
    assert list(batches.held_apart(1)) == []
    assert len(batches.trained) == 50


def test_the_last_held_out_batch_is_smaller():
    batches, _ = _batches(batch=4, share=0.2)
    assert [(size, len(batch["a"])) for size, batch in batches.held_apart(1)] == [
        (4, 4),
        (4, 4),
        (2, 2),
    ]
    assert batches.left_out(10) == 0


def test_the_last_held_out_batch_is_left_out_where_its_length_does_not_fit():
    batches, _ = _batches(batch=4, share=0.2, fits=lambda length: length != 2)
    assert [size for size, _ in batches.held_apart(1)] == [4, 4]
    assert [batches.left_out(count) for count in (8, 9, 10, 11)] == [0, 0, 2, 0]


def test_all_items_come_in_order_whatever_is_held_apart():
    batches, _ = _batches(count=19, batch=8, share=0.3)
    cut = [batch["a"].tolist() for _, batch in batches.in_order()]
    assert cut == [list(range(8)), list(range(8, 16)), [16, 17, 18]]


@pytest.mark.parametrize("least", [1, 5, 8])
def test_without_a_share_the_data_may_be_shorter_than_a_batch(least):
    made, _ = _batches(count=least, share=None, fits=lambda length: length >= least)
    assert [size for size, _ in made.in_order()] == [least]
    made, report = _batches(count=least - 1, share=None, fits=lambda length: length >= least)
    assert made is None
    assert report.errors[0].message.endswith(f"of `a`, and there are {least - 1}")


def test_an_epoch_shows_an_item_at_most_once_and_the_next_one_in_another_order():
    batches, _ = _batches(share=0.0, count=48)
    first, second = _epoch(batches, 0), _epoch(batches, 1)
    assert sorted(chain(*first)) == sorted(chain(*second)) == list(range(48))
    assert first != second


def test_a_tick_sees_the_same_items_whichever_tick_was_asked_for_before():
    batches, _ = _batches()
    forwards = [batches.at(tick)["a"].tolist() for tick in range(1, 40)]
    again, _ = _batches()
    backwards = [again.at(tick)["a"].tolist() for tick in range(39, 0, -1)]
    assert forwards == backwards[::-1]


def test_another_seed_holds_other_items_apart_and_shuffles_anew():
    one, _ = _batches(seed=1)
    two, _ = _batches(seed=2)
    assert one.held.tolist() != two.held.tolist()
    assert _epoch(one, 0) != _epoch(two, 0)


def test_the_order_of_a_seed_is_fixed_for_good():
    """A recording: a run must be resumed with the same order by later versions."""
    batches, _ = _batches(count=12, batch=3, share=0.25, seed=7)
    assert batches.held.tolist() == [3, 4, 8]
    seen = [batches.at(tick)["a"].tolist() for tick in (1, 2, 3)]
    assert seen == [[10, 9, 1], [6, 11, 5], [2, 7, 0]]


def test_a_slow_input_comes_with_the_first_tick_of_its_period():
    batches, _ = _batches(periods=(1, 4))
    came = {tick: batches.at(tick) for tick in range(1, 13)}
    assert [tick for tick, inputs in came.items() if "b" in inputs] == [1, 5, 9]
    # Its k-th batch is the k-th of the order that all inputs share.
    for k, tick in enumerate((1, 5, 9), 1):
        assert came[tick]["b"].tolist() == came[k]["a"].tolist()


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("f32", torch.float32), ("bf16", torch.bfloat16), ("int", torch.int64), ("bool", torch.bool)],
)
def test_tensors_have_the_inputs_dtype(dtype, expected):
    batches, _ = _batches(dtype=dtype)
    assert batches.at(1)["a"].dtype == expected


def test_bytes_stay_bytes_until_a_batch_is_taken():
    batches, _ = _batches(bytes_=True)
    assert batches.tensors["a"].dtype == torch.uint8
    assert batches.at(1)["a"].dtype == torch.int64


def test_too_few_items_for_one_batch_is_an_error_that_counts_them():
    made, report = _batches(count=9, batch=8, share=0.2)
    assert made is None
    (fault,) = report.errors
    assert fault.code == "NL0806"
    assert "takes 8 items of `a`, and there are 7 to train on (2 more are held apart)" in (
        fault.message
    )
