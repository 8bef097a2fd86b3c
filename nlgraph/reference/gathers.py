"""Streams across clocks: gathers over a window, and slices of a value along a clock."""

from __future__ import annotations

from functools import reduce
from math import ceil
from operator import add, mul

import torch
from torch import Tensor

from nlgraph.reference.values import tensor
from nlgraph.reference.views import Context, Steps
from nlgraph.shapes.collects import collected
from nlgraph.system.model import Gather, Slice


def gather(context: Context, expr: Gather) -> Steps:
    """The gathered value, over the tick of the window's clock that is under way.

    Each tick of the value's clock is computed in its own context. On the same clock, or over a
    value that is slower than the window, a gather changes nothing.
    """
    plan = context.view.plan
    window = plan.clocked.durations[plan.clocked.windows[expr]]
    period = plan.span(expr.value)
    inside = context.seen_in(context.view.window)
    if period is None or not plan.gathers(expr):
        return (yield inside, expr.value)
    end = window * ceil(context.time / window)
    count = int(window / period)
    values: list[Tensor | int | float] = []
    for k in range(count - 1 if expr.kind == "latest" else 0, count):
        value = yield inside.moved(end - window + period * (k + 1)), expr.value
        values.append(value)
    if expr.kind == "latest":
        return values[-1]
    type_ = plan.shaped.type_of(expr, context.hidden)
    if not type_.is_number:
        values = [tensor(value, type_.dtype, context.view.facts) for value in values]
    return _combined(context, expr, values)


def _combined(
    context: Context, expr: Gather, values: list[Tensor | int | float]
) -> Tensor | int | float:
    match expr.kind:
        case "accumulate":
            return reduce(add, values)
        case "average":
            return reduce(add, values) / len(values)
        case "product":
            return reduce(mul, values)
        case _:
            return torch.stack(
                [value for value in values if isinstance(value, Tensor)], _axis(context, expr)
            )


def _axis(context: Context, expr: Gather) -> int:
    """Where `collect` puts its dimension: as said, else where the clock's dimension stands."""
    plan = context.view.plan
    of = plan.shaped.type_of(expr.value, context.hidden)
    found = collected(plan.clocked, expr, of, context.hidden)
    assert found is not None, "a collect without an axis is over a clock along a dimension"
    return found[0]


def slice_of(context: Context, expr: Slice) -> Steps:
    """A value at the position of the clock's tick that is under way."""
    value: Tensor = yield context, expr.value
    plan = context.view.plan
    clock = plan.equations.clocks[expr.clock]
    restart = plan.anew(expr.clock)
    assert restart is not None, "a slice is by a clock along a dimension"
    start = restart * (ceil(context.time / restart) - 1)
    position = ceil((context.time - start) / plan.clocked.durations[expr.clock]) - 1
    names = [dim.name for dim in plan.shaped.type_of(expr.value, context.hidden).dims]
    return value.select(names.index(clock.dim), position)
