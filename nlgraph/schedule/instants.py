"""Values at an instant: updated states, gathered and last values, and the cells that keep them."""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nlgraph.ops.types import WHOLE, TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.cells import Cell, CellKey, stacked
from nlgraph.schedule.loops import after, conform
from nlgraph.schedule.model import Arg, Count, Memory, Name, Source, short_name
from nlgraph.schedule.reach import depends
from nlgraph.schedule.scopes import Scope
from nlgraph.schedule.value import Value
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import StateId

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

Steps = Generator[tuple[Scope, Value], Any, Any]


def primed(evaluator: Evaluator, scope: Scope, value: Value) -> Steps:
    """A state after its update; in an unfolded scope its update, for gradients to flow through."""
    key: CellKey = ("updated", value.data)
    cell = evaluator.cells.of.get(key)
    moving = evaluator.motion.of(value)
    given = evaluator.given(value)
    if given is not None:
        if scope.kind == "unfolded":
            evaluator.report.add(errors.slow_update(value.origin, value.data))
        return given
    if moving is not None and scope.active(moving):
        if moving.period < 1 or scope is not evaluator.root or cell is None:
            return (yield from after(evaluator, scope, moving))
    elif scope.kind == "unfolded" and moving is not None and moving.period < 1:
        arg = yield scope, moving.update
        return conform(evaluator, moving, arg)
    elif scope.kind == "unfolded" and cell is not None:
        if evaluator.group.period % cell.period == 0:
            arg = yield scope, cell.value
            return evaluator.conform(arg, cell.value.type, cell.type, value)
        if depends(evaluator.values, cell.value, scope.targets(), unfolded=True):
            evaluator.report.add(errors.slow_update(value.origin, value.data))
    stands_for = evaluator.values.cell(key, value.type, value.origin)
    return (yield evaluator.root, stands_for)


def seen(evaluator: Evaluator, scope: Scope, value: Value) -> Steps:
    """A state after its update, read by what ticks slower."""
    name, at = value.data
    moving = evaluator.motion.of(value)
    given = evaluator.given(value)
    if given is not None:
        return evaluator.lift.last(given, int(Fraction(scope.frame) / Fraction(at)), value)
    if moving is None or not (scope.active(moving) or scope.kind == "unfolded"):
        state = evaluator.values.state(StateId(name), "state", value.origin)
        return (yield evaluator.root, state)
    if at < moving.period:  # it is refused where it is read
        return (yield scope, moving.of)
    key: CellKey = ("updated", name)
    slow = evaluator.group.period > 1 and scope is evaluator.root
    if slow and at == 1 and key in evaluator.cells.of:
        return (yield scope, evaluator.values.cell(key, value.type, value.origin))
    arg = yield scope, moving.after
    return evaluator.lift.last(arg, int(Fraction(scope.frame) / Fraction(at)), value)


def written(evaluator: Evaluator, value: Value) -> Steps:
    """A cell: computed here, or read from where it is."""
    kind, name = value.data
    cell = evaluator.own.get(value.data)
    memory = evaluator.cells.by_name.get(name)
    if cell is None:
        source, hint = Source(kind, name), f"{short_name(name)}_{_WORDS[kind]}"
        if value.data not in evaluator.cells.of:
            if kind == "started":
                updated = evaluator.values.cell(("updated", name), value.type, value.origin)
                return (yield evaluator.root, updated)
            source, hint = Source("held", name), short_name(name)
        if memory is not None:
            return _read(evaluator, source, *memory, hint)
        return evaluator.read(source, value.type, hint, evaluator.values.of_state(name))
    if memory is not None:
        return (yield from _remembered(evaluator, cell, *memory))
    arg = yield evaluator.root, cell.value
    arg = evaluator.lift.last(arg, 1, cell.value)
    copies = evaluator.values.of_state(name) if kind != "result" else ()
    if copies:
        return evaluator.lift.conform(arg, cell.value.type, cell.type, copies, cell.value)
    return evaluator.conform(arg, cell.value.type, cell.type, cell.value)


def gathered(evaluator: Evaluator, scope: Scope, value: Value) -> Steps:
    """A gathered value, at the end of its window."""
    kind, period, window, axis, *_ = value.data
    if kind == "latest":
        return (yield scope, value.parts[0])
    if scope.kind == "unfolded" and not depends(
        evaluator.values, value, scope.targets(), unfolded=True
    ):
        assert scope.around is not None, "an unfolded scope is inside a gradient"
        return (yield scope.around, value)
    memory = evaluator.cells.memories[value]
    cell = evaluator.values.cell(("updated", memory.name), stacked(memory), value.origin)
    arg = yield evaluator.root, cell
    copies = _copies(evaluator, value)
    if kind == "collect":
        place = (axis or 0) % len(value.type.dims)
        if copies:
            order = [*range(1, len(evaluator.draft.types[arg].dims))]
            order.insert(len(copies) + place, 0)
            return evaluator.lift.permuted(arg, order, copies, value)
        return evaluator.op("stacked", (arg,), value.type, value, attrs={"axis": place})
    if value.parts[0].type.is_number and not copies:
        arg = evaluator.op("as_number", (arg,), value.parts[0].type, value)
    if kind == "average":
        average = evaluator.op(
            "div", (arg, window // period), _typed(evaluator, arg, value.type, copies), value,
            place=("average", period, window),
        )  # fmt: skip
        return _leading(evaluator, average, copies)
    return arg


def last(evaluator: Evaluator, value: Value) -> Steps:
    """What a `prev` reads: its memory, or at the first tick its initial value."""
    _, period = value.data
    memory = evaluator.cells.memories[value]
    copies = _copies(evaluator, value)
    source = Source("held", memory.name)
    arg: Arg = _read(evaluator, source, value, memory, short_name(memory.name))
    init = value.parts[0]
    if value.type.is_number and not copies:
        arg = evaluator.op("as_number", (arg,), value.type, value)
    if init.form == "number":
        return arg
    first = yield evaluator.root, init
    first = _conform(evaluator, first, init, value.type, copies)
    tick = evaluator.read(Source("count", Count(max(period, 1), None)), TensorType(WHOLE), "tick")
    begun = evaluator.op("gt", (tick, 1), TensorType(WHOLE), value)
    type_ = _typed(evaluator, arg, value.type, copies)
    return _leading(evaluator, evaluator.op("where", (begun, arg, first), type_, value), copies)


def _remembered(evaluator: Evaluator, cell: Cell, gather: Value, memory: Memory) -> Steps:
    """A memory's next value, or its empty one."""
    type_ = stacked(memory)
    short = short_name(memory.name)
    held = _read(evaluator, Source("held", memory.name), gather, memory, short)
    if cell.key[0] == "started":
        empty = "ones_like" if memory.fill else "zeros_like"
        return _op(evaluator, empty, (held,), type_, gather, f"{short}_cleared")
    copies = _copies(evaluator, gather)
    if gather.form == "gather" and gather.data[0] == "first":
        arg: Arg = evaluator.held(cell.value)  # before all its ticks, should it have several
    else:
        arg = yield evaluator.root, cell.value
    own = TensorType(memory.type.dtype, memory.type.dims[len(copies) :])
    if gather.form == "prev":
        arg = evaluator.lift.last(arg, 1, cell.value)
        return _conform(evaluator, arg, cell.value, own, copies)
    kind, period, window, *_ = gather.data
    if kind == "first":
        count = Source("count", Count(period, window))
        begun = _op(
            evaluator, "gt", (evaluator.read(count, TensorType(WHOLE), "position"), 1),
            TensorType(WHOLE), gather, "begun",
        )  # fmt: skip
        arg = _conform(evaluator, arg, cell.value, own, copies)
        found = _op(evaluator, "where", (begun, held, arg), type_, gather, f"{short}_next")
        return _leading(evaluator, found, copies)
    if kind == "collect":
        arg = _conform(evaluator, arg, cell.value, own, copies)
        count = Source("count", Count(period, window))
        position = evaluator.read(count, TensorType(WHOLE), "position")
        return _op(evaluator, "place", (held, arg, position), type_, gather, f"{short}_next")
    if copies:
        arg = _conform(evaluator, arg, cell.value, own, copies)
    op = "mul" if kind == "product" else "add"
    found = _op(evaluator, op, (held, arg), type_, gather, f"{short}_next")
    return _leading(evaluator, found, copies)


def _copies(evaluator: Evaluator, remembered: Value) -> Hidden:
    """The dims for each index of which a gather or a `prev` has a value."""
    if remembered.form == "prev":
        return evaluator.values.prev_reads[remembered.data[0]].hidden
    copies: Hidden = remembered.data[4]
    return copies


def _read(
    evaluator: Evaluator, source: Source, remembered: Value, memory: Memory, hint: str
) -> Name:
    """A memory as it comes into the unit, with its copies in front unless it is a stack."""
    name = evaluator.read(source, stacked(memory), hint)
    return (
        name
        if memory.length is not None
        else _leading(evaluator, name, _copies(evaluator, remembered))
    )


def _leading(evaluator: Evaluator, name: Name, copies: Hidden) -> Name:
    """A value whose first axes are those of copies."""
    if copies:
        evaluator.draft.leads[name] = copies
    return name


def _typed(evaluator: Evaluator, like: Arg, type_: TensorType, copies: Hidden) -> TensorType:
    """The whole type of a value: where there are copies, that of another one of them."""
    return evaluator.draft.types[like] if copies and isinstance(like, str) else type_


def _conform(evaluator: Evaluator, arg: Arg, of: Value, want: TensorType, copies: Hidden) -> Arg:
    """A value as one of a type, of all of its copies."""
    if copies:
        return evaluator.lift.conform(arg, of.type, want, copies, of)
    return evaluator.conform(arg, of.type, want, of)


def _op(
    evaluator: Evaluator,
    op: str,
    args: tuple[Arg, ...],
    type_: TensorType,
    gather: Value,
    hint: str,
) -> Name:
    place = (op, *gather.data[:3])
    return evaluator.op(op, args, type_, gather, hint=hint, place=place)


_WORDS = {"updated": "next", "started": "start"}
