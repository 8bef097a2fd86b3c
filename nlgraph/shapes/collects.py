"""Where a `collect` puts its dimension, and which one that is."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import Dim, TensorType
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import ClockId
from nlgraph.system.model import Gather


def collected(
    clocked: Clocked, gather: Gather, value: TensorType, hidden: Hidden
) -> tuple[int, Dim] | None:
    """The position and the dimension that a `collect` adds; None where it must say `axis`.

    Over a clock along T it is T, where the inputs of that clock have it: behind the dimensions
    that stand before T there and that the value has too. A window that is not all of T, and an
    axis that is stated, make a dimension of the window's ticks.
    """
    clock = clocked.timings[gather.value].clock
    assert clock is not None, "what never changes is not gathered"
    window = clocked.windows[gather]
    count = _ticks(clocked, clock, window)
    definition = clocked.equations.clocks.get(clock)
    along = definition.dim if definition is not None and definition.kind == "along" else None
    dim = Dim(None, count)
    if definition is not None and along is not None and definition.parent is not None:
        size = clocked.equations.dims[along]
        if clocked.durations.get(window) == clocked.durations.get(definition.parent):
            dim = Dim(along, size)
    if gather.axis is not None:
        places = len(value.dims) + 1
        if not -places <= gather.axis < places:
            return None
        return gather.axis % places, dim
    if along is None or definition is None or definition.parent is None:
        return None
    found = {_place(before, value) for before in _before(clocked, definition.parent, along, hidden)}
    return (found.pop(), dim) if len(found) == 1 else None


def is_collected(clocked: Clocked, gather: Gather) -> bool:
    """Whether a gather gathers at all: on the clock of its value it changes nothing."""
    clock = clocked.timings[gather.value].clock
    return clock is not None and clocked.durations.get(clock) != clocked.durations.get(
        clocked.windows[gather]
    )


def _ticks(clocked: Clocked, clock: ClockId, window: ClockId) -> int | None:
    count = clocked.durations[window] / clocked.durations[clock]
    return int(count) if count.denominator == 1 else None


def _before(clocked: Clocked, parent: ClockId, along: str, hidden: Hidden) -> list[tuple[Dim, ...]]:
    """For each input of a clock that has a dimension, the dimensions in front of it."""
    found: list[tuple[Dim, ...]] = []
    for given in clocked.equations.inputs.values():
        names = [dim.name for dim in given.type.dims]
        if along in names and clocked.durations.get(given.clock) == clocked.durations.get(parent):
            before = given.type.dims[: names.index(along)]
            found.append(tuple(dim for dim in before if dim.name not in hidden))
    return found


def _place(before: Sequence[Dim], value: TensorType) -> int:
    """How many of the dimensions in front the value has too; one without a name may be any."""
    place = 0
    for expected, dim in zip(before, value.dims, strict=False):
        if dim.name is not None and expected.name is not None and dim.name != expected.name:
            break
        place += 1
    return place
