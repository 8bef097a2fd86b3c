"""What is computed for its own sake: next states, results, and memories between ticks.

A gather over several root ticks is a memory: `sum' = sum + e` at every tick of e, back to 0 when
the window ends. `prev(e, init)` is one that becomes e. Both are then like states, read after
their update (a gather) or before it (`prev`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, Dim, TensorType
from nlgraph.schedule.gradients import Gradients
from nlgraph.schedule.living import Reason, find_replayed
from nlgraph.schedule.model import Memory
from nlgraph.schedule.moving import Motion, always
from nlgraph.schedule.naming import window_name
from nlgraph.schedule.value import Period, Value, parts_first
from nlgraph.schedule.values import Values
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import ComponentId, SignalId, StateId
from nlgraph.system.model import Expr
from nlgraph.text.span import Origin

CellKey = tuple[Literal["updated", "started", "result"], str]


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One thing that a unit computes: what it is, every how many root ticks, and its value.

    Of a gather's memory, `value` is the gathered value; of its clearing, the gather.
    """

    key: CellKey
    period: Period
    value: Value
    type: TensorType
    component: ComponentId | None
    origin: Origin


@dataclass(frozen=True, slots=True)
class Replayed:
    """Why a cell is computed by a window that is run again: a gradient, and what it has."""

    window: Period
    gradient: Origin
    why: str


@dataclass(slots=True, eq=False)
class Cells:
    """All cells, and the memories with the gather or the `prev` that reads them.

    The cells of `replayed` are computed elsewhere, by a window of so many ticks that is run again.
    """

    of: dict[CellKey, Cell] = field(default_factory=dict)
    replayed: dict[CellKey, Replayed] = field(default_factory=dict)
    memories: dict[Value, Memory] = field(default_factory=dict)
    by_name: dict[str, tuple[Value, Memory]] = field(default_factory=dict)


def collect_cells(
    values: Values,
    motion: Motion,
    gradients: Gradients,
    watch: tuple[SignalId, ...],
    only: Collection[CellKey] | None = None,
) -> Cells:
    """The cells of a step, or of a call that updates nothing: its outputs and watched signals.

    Where `only` some are wanted, these and what they need.
    """
    cells = Cells()
    seen: set[Value] = set()
    known: dict[Value, Reason | None] = {}
    queue: deque[Cell] = deque()
    if only is None:
        queue.extend(_results(values, watch))
        if values.learning:
            for state in values.equations.states:
                queue.extend(_of_state(values, motion, state))
    else:
        names = {name for _, name in only}
        queue.extend(_results(values, (), only))
        for state in values.equations.states:
            if state in names:
                queue.extend(_of_state(values, motion, state))
    while queue:
        cell = queue.popleft()
        replayed = find_replayed(values, motion, cell.value, known)
        if replayed is not None:
            stands_for = values.cell(cell.key, cell.type, cell.origin)
            cells.of[cell.key] = replace(cell, value=stands_for)
            cells.replayed[cell.key] = Replayed(*replayed)
            continue
        value = gradients.rewrite(cell.value)
        cells.of[cell.key] = Cell(
            cell.key, cell.period, value, cell.type, cell.component, cell.origin
        )
        for found in parts_first(
            [value], lambda v: () if v in seen else motion.needs(v, active=always)
        ):
            if found not in seen:
                seen.add(found)
                moving = motion.of(found)
                if moving is None or (found.form == "prev" and moving.start is None):
                    queue.extend(_remember(values, cells, found))
                    if only is not None:
                        queue.extend(_needed(values, motion, cells, found))
        if not queue and only is None:
            # What calls alone read must be kept by steps.
            queue.extend(_kept_for_calls(values, motion, gradients, cells, seen))
    return cells


def remember(values: Values, cells: Cells, gather: Value) -> Memory:
    """Keep a gather's memory, for a unit that no cell of these stands in; it has no gradients."""
    for cell in _remember(values, cells, gather):
        cells.of[cell.key] = cell
    return cells.memories[gather]


def _needed(values: Values, motion: Motion, cells: Cells, found: Value) -> Iterable[Cell]:
    """The cells of a state that is read as it is after its update."""
    if found.form not in ("primed", "seen", "started"):
        return ()
    state = StateId(found.data[0] if found.form == "seen" else found.data)
    if values.given(state) is not None:
        return ()
    known = any((kind, state) in cells.of for kind in ("updated", "started"))
    return () if known else _of_state(values, motion, state)


def _results(
    values: Values, watch: tuple[SignalId, ...], only: Collection[CellKey] | None = None
) -> Iterable[Cell]:
    equations, clocked = values.equations, values.clocked
    for result in equations.results:
        if only is not None and ("result", result.name) not in only:
            continue
        if values.learning or result.kind == "output":
            period = max(values.period(clocked.timings[result.value].clock) or 1, 1)
            value = values.of(result.value, None, at=_at(values, result.value))
            key: CellKey = ("result", result.name)
            yield Cell(key, period, value, _tensor(value.type), None, result.origin)
    names = {result.name for result in equations.results}
    for name in watch:
        if name not in names:
            signal = equations.signals[name]
            at = values.signal_at(name, 1)
            value = values.across(values.of(signal.value, signal.host, at=at), signal.host)
            period = max(values.period(clocked.signals[name].clock) or 1, 1)
            yield Cell(
                ("result", str(name)),
                period,
                value,
                _tensor(value.type),
                signal.host,
                signal.origin,
            )


def _at(values: Values, expr: Expr) -> Period:
    """The time between two readings of a value that stands by itself."""
    timing = values.clocked.timings[expr]
    return (values.period(timing.clock) if timing.stream else None) or 1


def _tensor(type_: TensorType) -> TensorType:
    """A number is kept as a tensor without dimensions."""
    dtypes = {NUMBER: "f32", WHOLE: "int", TRUTH: "bool"}
    return TensorType(dtypes[type_.dtype]) if type_.is_number else type_


def _of_state(values: Values, motion: Motion, name: StateId) -> Iterable[Cell]:
    state = values.equations.states[name]
    type_ = values.shaped.states[state.id]
    assert type_ is not None, "a system with faults is never compiled"
    base = values.state(state.id, "state", state.origin)
    moving = motion.of(base)
    period = values.state_period(state.id)
    anew = moving is not None and moving.lives_within(1) and not moving.keeps
    if period is not None and not anew:
        update = values.update(state.id)
        assert update is not None, "what has a period has an update"
        if period < 1:
            update = values.make(
                "seen", (), (str(state.id), 1), type_, state.origin, component=state.component
            )
        yield Cell(
            ("updated", state.id), max(period, 1), update, type_, state.component, state.origin
        )
    period_ = values.reset_period(state.id)
    if period_ is not None and state.reset is not None:
        if state.reset.to is None:
            start = values.make("initial", (), str(state.id), type_, state.origin)
        else:
            start = _restarted(values, values.of(state.reset.to, state.component))
        yield Cell(
            ("started", state.id), max(period_, 1), start, type_, state.component,
            state.reset.origin,
        )  # fmt: skip


def _restarted(values: Values, root: Value) -> Value:
    """A reset's target, where states are what the next tick starts with."""
    streams = _streams(values, root)
    new: dict[Value, Value] = {}
    for value in parts_first([root], lambda v: () if v in streams else v.parts):
        if value in streams:
            new[value] = value
        elif value.form in ("state", "primed", "seen"):
            name = value.data[0] if value.form == "seen" else value.data
            new[value] = values.state(StateId(name), "started", value.origin)
        else:
            new[value] = values.rebuild(value, tuple(new[part] for part in value.parts))
    return new[root]


def _streams(values: Values, root: Value) -> set[Value]:
    """The signals in a reset's target that have one value in a tick."""
    found: set[Value] = set()
    for value in parts_first([root]):
        name = values.names.get(value)
        timing = None if name is None else values.clocked.signals[SignalId(name)]
        if timing is not None and timing.stream:
            found.add(value)
    return found


def _remember(values: Values, cells: Cells, value: Value) -> Iterable[Cell]:
    """The memory of a gather or a `prev`, with the cells that keep it."""
    if value.form == "prev":
        name, period = value.data
        last = values.last(name)
        type_ = TensorType("f64") if value.type.is_number else value.type
        type_ = _of_copies(values, type_, values.prev_reads[name].hidden)
        init = value.parts[0]
        fill = init.data[1] if init.form == "number" else 0
        memory = _add(cells, value, Memory(f"@prev/{name}", type_, None, fill))
        yield _kept(memory, "updated", max(period, 1), last, value)
    elif value.form == "gather" and value.data[0] != "latest" and value.data[2] > 1:
        kind, period, window, _, copies, _ = value.data
        name = window_name(values, value)
        fill = 1 if kind == "product" else 0
        length = window // period if kind == "collect" else None
        type_ = _of_copies(values, _tensor(value.parts[0].type), copies)
        memory = _add(cells, value, Memory(name, type_, length, fill, window))
        yield _kept(memory, "updated", period, value.parts[0], value)
        if kind not in ("collect", "first"):
            yield _kept(memory, "started", window, value, value)


def _kept_for_calls(
    values: Values, motion: Motion, gradients: Gradients, cells: Cells, seen: set[Value]
) -> Iterable[Cell]:
    """The memories in the branches of choices that steps do not take."""
    while values.learning and values.dropped:
        branch = gradients.rewrite(values.dropped.pop())
        needs = parts_first([branch], lambda v: () if v in seen else motion.needs(v, active=always))
        for found in needs:
            if found not in seen:
                seen.add(found)
                if motion.of(found) is None:
                    yield from _remember(values, cells, found)


def _of_copies(values: Values, type_: TensorType, copies: Hidden) -> TensorType:
    """A type with the dims of copies in front."""
    return TensorType(type_.dtype, (*(values.dim(name) for name in copies), *type_.dims))


def _add(cells: Cells, value: Value, memory: Memory) -> Memory:
    cells.memories[value] = memory
    cells.by_name[memory.name] = (value, memory)
    return memory


def _kept(
    memory: Memory, kind: Literal["updated", "started"], period: Period, value: Value, of: Value
) -> Cell:
    return Cell((kind, memory.name), period, value, memory.type, of.component, of.origin)


def stacked(memory: Memory) -> TensorType:
    """The type of a memory's tensor."""
    if memory.length is None:
        return memory.type
    return TensorType(memory.type.dtype, (Dim(None, memory.length), *memory.type.dims))
