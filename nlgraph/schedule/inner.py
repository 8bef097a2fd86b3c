"""Values inside a root tick: windows, slices, copies and counts, for all ticks at once."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nlgraph.ops.types import WHOLE, Dim, TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.model import TICKS, Arg, Count, Name, Source
from nlgraph.schedule.scopes import Scope
from nlgraph.schedule.value import Period, Value

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

Steps = Generator[tuple[Scope, Value], Any, Any]


def windowed(evaluator: Evaluator, scope: Scope, gather: Value) -> Steps:
    """A gather over windows inside a root tick: one value for each of them in the frame."""
    kind, period, window, axis, *_ = gather.data
    arg: Arg = yield scope, gather.parts[0]
    lift = evaluator.lift
    length = int(Fraction(window) / Fraction(period))
    if window > scope.frame:
        evaluator.report.add(errors.window_in_loop(gather.origin))
        return arg
    count = _ratio(scope.frame, window)
    if kind == "latest":
        return lift.last(arg, count, gather)
    if not isinstance(arg, str) or lift.ticks(arg) <= count:
        return _constant(evaluator, arg, gather, length)
    if kind == "collect":
        arg = lift.held(arg, count * length, gather)
    else:
        arg = lift.cast(arg, lift_dtype(gather), gather)
    have = lift.ticks(arg) // count
    windows = lift.windows(arg, count, have, gather)
    front = 1 if count > 1 else 0
    lead = lift.lead(arg) if front else lift.lead(arg)[1:]
    dims = list(evaluator.draft.types[windows].dims)
    rest = dims[front + 1 :]
    if kind == "collect":
        place = len(lead) + axis
        order = [i for i in range(len(dims)) if i != front]
        order.insert(place, front)
        moved = [dims[i] for i in order]
        moved[place] = gather.type.dims[axis]
        kwargs = {"dims": tuple(order)}
        return lift.call("torch.permute", (windows,), kwargs, moved, gather, lead)
    target = {"accumulate": "torch.sum", "average": "torch.mean", "product": "torch.prod"}[kind]
    reduced = (*dims[:front], *rest)
    found = lift.call(target, (windows,), {"dim": front}, reduced, gather, lead)
    # What is slower than what is gathered stands for several ticks.
    return found if have == length else _several(evaluator, found, gather, length // have)


def sliced(evaluator: Evaluator, scope: Scope, value: Value) -> Steps:
    """A value along the dimension of a clock: a tick for each position."""
    axis, period, parent = value.data
    arg: Arg = yield scope, value.parts[0]
    assert isinstance(arg, str), "a slice is of a tensor"
    lift = evaluator.lift
    length = _ratio(parent, period)
    outer = _ratio(scope.frame, parent)
    if parent > scope.frame:
        evaluator.report.add(errors.slice_in_loop(value.origin))
        return arg
    arg = lift.held(arg, outer, value) if lift.ticks(arg) > 1 else arg
    own = len(lift.lead(arg)) + axis
    dims = evaluator.draft.types[arg].dims
    lead = lift.lead(arg)
    ticked = TICKS in lead
    order = [i for i in range(len(dims)) if i != own]
    order.insert(1 if ticked else 0, own)
    rest = tuple(dims[i] for i in order[2 if ticked else 1 :])
    if length == 1:
        kept = (*dims[:own], *dims[own + 1 :])
        return lift.call("torch.select", (arg, own, 0), {}, kept, value, lead)
    if not ticked:
        moved = lift.permuted(arg, order, (TICKS, *lead), value)
        ticks = (Dim(None, length), *rest)
        if outer == 1:
            return _renamed(evaluator, moved, ticks)
        repeats = (outer, *(1 for _ in rest))
        tiled = (Dim(None, outer * length), *rest)
        return lift.call("torch.tile", (moved,), {"dims": repeats}, tiled, value)
    moved = lift.permuted(arg, order, lead, value)
    kwargs = {"start_dim": 0, "end_dim": 1}
    return lift.call("torch.flatten", (moved,), kwargs, (Dim(None, outer * length), *rest), value)


def per_copy(evaluator: Evaluator, arg: Arg, value: Value) -> Arg:
    """A value of copies as it is seen from outside: their dims in front of its own."""
    lift = evaluator.lift
    dims: tuple[str, ...] = value.data
    if not isinstance(arg, str):
        return lift.conform(arg, value.parts[0].type, value.type, (), value)
    arg = lift.full(arg, dims, lift.ticks(arg), value)
    old = lift.lead(arg)
    lead = tuple(axis for axis in old if axis not in dims)
    rank = len(evaluator.draft.types[arg].dims)
    order = [*map(old.index, (*lead, *dims)), *range(len(old), rank)]
    return lift.permuted(arg, order, lead, value)


def picked(evaluator: Evaluator, arg: Arg, value: Value) -> Arg:
    """A value as it is seen from inside copies: without their dims."""
    if not isinstance(arg, str):
        return arg
    lift = evaluator.lift
    gone, front = value.data
    old = lift.lead(arg)
    both = next((dim for dim in gone if dim in old), None)
    if both is not None:
        # Each copy has all of the values, and is to see its own.
        arg = _own_index(evaluator, arg, both, front, value)
        rest = tuple(dim for dim in gone if dim != both)
        gone, old = rest, lift.lead(arg)
    names = [dim.name for dim in lift.own(arg)]
    at = {axis: i for i, axis in enumerate(old)}
    for dim in gone:
        at[dim] = len(old) + names.index(dim, front)
        names[at[dim] - len(old)] = None
    lead = lift.merged([tuple(at)])
    used = [at[axis] for axis in lead]
    rank = len(evaluator.draft.types[arg].dims)
    order = [*used, *(i for i in range(rank) if i not in used)]
    return lift.permuted(arg, order, lead, value)


def _own_index(evaluator: Evaluator, arg: Name, dim: str, front: int, of: Value) -> Name:
    """What each copy has at its own index of a dim."""
    lift = evaluator.lift
    lead, dims = lift.lead(arg), evaluator.draft.types[arg].dims
    first = lead.index(dim)
    second = len(lead) + [own.name for own in lift.own(arg)].index(dim, front)
    kept = [i for i in range(len(dims)) if i not in (first, second)]
    last = (*(dims[i] for i in kept), dims[first])
    found = lift.call("torch.diagonal", (arg, 0, first, second), {}, last, of, ())
    order = list(range(len(kept)))
    order.insert(first, len(kept))
    return lift.permuted(found, order, lead, of)


def tick_numbers(evaluator: Evaluator, value: Value) -> Arg:
    """The numbers of the ticks or updates under way at all ticks of a root tick, from 1."""
    period, restart, at = (None if p is None else Fraction(p) for p in value.data)
    assert period is not None
    assert at is not None, "a count is read every so often"
    parts = [p for p in (period, restart, at) if p is not None]
    unit = max(p.denominator for p in parts)
    for part in parts:
        assert unit % part.denominator == 0, "of two clocks inside a tick one is faster"
    source = Source("count", Count(1, None))
    tick = evaluator.read(source, TensorType(WHOLE), "tick")
    count = int(1 / at)
    kwargs = {
        "count": count,
        "unit": unit,
        "at": int(at * unit),
        "period": int(period * unit),
        "restart": None if restart is None else int(restart * unit),
    }
    if count == 1:
        return evaluator.lift.bound(
            "function", (tick,), (), (), value, WHOLE,
            target="nlgraph.functional.tick_numbers", kwargs=kwargs,
        )  # fmt: skip
    return evaluator.lift.bound(
        "function", (tick,), (Dim(None, count),), (TICKS,), value, "int",
        target="nlgraph.functional.tick_numbers", kwargs=kwargs,
    )  # fmt: skip


def lift_dtype(value: Value) -> str:
    """The dtype of a tensor that stands for a number which differs from tick to tick."""
    return "f64" if value.type.is_number else value.type.dtype


def _constant(evaluator: Evaluator, arg: Arg, gather: Value, length: int) -> Arg:
    """The gather of what is the same in all of a window's ticks."""
    kind, _, _, axis, *_ = gather.data
    lift = evaluator.lift
    lead = lift.lead(arg)
    if kind != "collect":
        return _several(evaluator, arg, gather, length)
    arg = lift.conform(arg, gather.parts[0].type, gather.parts[0].type, (), gather)
    place = len(lead) + axis
    put_in = list(evaluator.draft.types[arg].dims)
    put_in.insert(place, Dim(None, 1))
    arg = lift.bound("axes", (arg,), put_in, lead, gather, places=(place,))
    put_in[place] = gather.type.dims[axis]
    type_ = TensorType(evaluator.draft.types[arg].dtype, tuple(put_in))
    return lift.bound("spread", (arg,), put_in, lead, gather, type=type_)


def _several(evaluator: Evaluator, arg: Arg, gather: Value, count: int) -> Arg:
    """The gather of so many ticks in which a value is the same."""
    kind = gather.data[0]
    if kind == "average":
        return arg
    op = "mul" if kind == "accumulate" else "pow"
    dims = evaluator.draft.types[arg].dims if isinstance(arg, str) else ()
    dtype = evaluator.draft.types[arg].dtype if isinstance(arg, str) else gather.type.dtype
    lead = evaluator.lift.lead(arg)
    return evaluator.draft.op(
        op, (arg, count), TensorType(dtype, dims), evaluator.note(gather), lead=lead,
        mapped=len(lead),
    )  # fmt: skip


def _renamed(evaluator: Evaluator, arg: Name, dims: tuple[Dim, ...]) -> Name:
    """A value whose first dimension is that of ticks."""
    evaluator.draft.types[arg] = TensorType(evaluator.draft.types[arg].dtype, dims)
    return arg


def _ratio(long: Period, short: Period) -> int:
    return int(Fraction(long) / Fraction(short))
