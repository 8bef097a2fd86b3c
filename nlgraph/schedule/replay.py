"""A window of several root ticks, run again at its end as if it were one tick.

Where what is reset with a window is part of a gradient over it, updates from tick to tick are part
of the function. All clocks are then measured in windows: what ticks in root ticks ticks inside one,
as all that the rest of this room knows how to run. The window's inputs and draws are kept, and so
are the values of states that change meanwhile and do not live inside it; of those that go on inside
the root's ticks, the values with which it began (section 9 of the language).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Literal

from nlgraph.ops.types import Dim, TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.cells import CellKey, Cells, Replayed, collect_cells
from nlgraph.schedule.gradients import Gradients
from nlgraph.schedule.model import Count, Memory, Region, Source, Target, Unit
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.naming import window_name
from nlgraph.schedule.times import whole
from nlgraph.schedule.value import Period, Value
from nlgraph.schedule.values import Values
from nlgraph.schedule.write import write_units
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.system.ids import InputId, StateId


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """The units that give some cells, and what they need: memories of their own, and gathers.

    `value` sources count units from the first of these.
    """

    units: tuple[Unit, ...]
    memories: tuple[Memory, ...]
    kept: tuple[Value, ...]


def replay(
    shaped: Shaped, values: Values, window: int, cells: Mapping[CellKey, Replayed]
) -> Replay:
    """The units that run windows of so many root ticks again, for the sake of some cells.

    `values` are those of single ticks, in which what must be kept is a gather. What cannot be run
    is reported.
    """
    report = values.report
    first = next(iter(cells.values()))
    inner = _measured(shaped, window)
    again = Values(inner, report, root=Fraction(1, window))
    gradients = Gradients(again)
    motion = Motion(again, gradients.rewrite)
    found = collect_cells(again, motion, gradients, (), only=cells)
    beside = _beside(again)
    if beside is not None:
        clocks = inner.clocked.equations.clocks
        one, other = (clocks[again.clock_of(length)] for length in beside)
        report.add(errors.beside_in_window(one, other, first.gradient, first.why))
        return Replay((), (), ())
    evaluators = write_units(again, motion, found)
    if report.errors:
        return Replay((), (), ())
    keeper = _Keeper(values, again, found, window, first)
    units = _connected([evaluator.draft.close() for evaluator in evaluators], cells, found)
    return Replay(
        tuple(keeper.translated(unit) for unit in units),
        tuple(keeper.memory(memory) for _, memory in found.by_name.values()),
        tuple(keeper.kept.values()),
    )


def _beside(values: Values) -> tuple[Period, Period] | None:
    """Two lengths of time of which neither is made of the other, among those that are read."""
    lengths: dict[Fraction, None] = {Fraction(1): None}
    for value in values:
        for length in _lengths(values, value):
            if length is not None:
                lengths[Fraction(length)] = None
    for one in lengths:
        for other in lengths:
            if one < other and (other / one).denominator != 1:
                return whole(one), whole(other)
    return None


def _lengths(values: Values, value: Value) -> tuple[Period | None, ...]:
    """The times between two changes of a value."""
    match value.form:
        case "state" | "primed" | "seen" | "begun" | "started":
            name = value.data[0] if value.form == "seen" else value.data
            if isinstance(name, Value):
                return ()
            reset = values.equations.states[StateId(name)].reset
            anew = None if reset is None else values.period(reset.clock)
            return values.state_period(StateId(name)), anew
        case "input":
            return (values.period(values.equations.inputs[InputId(value.data)].clock),)
        case "draw":
            return (values.draws[value.data][1],)
        case "gather":
            return value.data[1], value.data[2]
        case "prev":
            return (value.data[1],)
        case _:
            return ()


def _measured(shaped: Shaped, window: int) -> Shaped:
    """The same system with all times measured in windows."""
    durations = {clock: time / window for clock, time in shaped.clocked.durations.items()}
    return replace(shaped, clocked=replace(shaped.clocked, durations=durations))


def _connected(units: Sequence[Unit], wanted: Collection[CellKey], cells: Cells) -> Sequence[Unit]:
    """Units that give the wanted cells and their own memories; others are values between them."""

    def kept(target: Target) -> bool:
        return (target.kind, target.key) in wanted or target.key in cells.by_name

    made: dict[tuple[str, str], int] = {
        (target.kind, target.key): index
        for index, unit in enumerate(units)
        for target in unit.outputs
        if target.kind in ("updated", "started") and not kept(target)
    }
    read = {(s.kind, str(s.key)) for unit in units for s in unit.inputs}
    found: list[Unit] = []
    for unit in units:
        inputs = tuple(
            Source("value", f"{s.kind} {s.key}", made[s.kind, str(s.key)])
            if (s.kind, s.key) in made
            else s
            for s in unit.inputs
        )
        outputs: list[Target] = []
        names: list[Any] = []
        for target, name in zip(unit.outputs, unit.region.outputs, strict=True):
            if target.kind == "value" or kept(target):
                outputs.append(target)
                names.append(name)
            elif (target.kind, target.key) in read:
                outputs.append(Target("value", f"{target.kind} {target.key}"))
                names.append(name)
        region = Region(unit.region.inputs, unit.region.bindings, tuple(names))
        found.append(replace(unit, inputs=inputs, outputs=tuple(outputs), region=region))
    return found


class _Keeper:
    """Names in root ticks what a window's units read, and notes what must be kept for them."""

    def __init__(
        self, values: Values, again: Values, cells: Cells, window: int, why: Replayed
    ) -> None:
        self.kept: dict[tuple[str, str, str], Value] = {}
        self._values = values
        self._again = again
        self._cells = cells
        self._window = window
        self._why = why

    def memory(self, memory: Memory) -> Memory:
        """A memory of several windows."""
        window = None if memory.window is None else memory.window * self._window
        return replace(memory, name=self._name(memory.name), window=window)

    def translated(self, unit: Unit) -> Unit:
        """A unit whose times are root ticks."""
        inputs = tuple(
            self._source(source, unit.types[name])
            for source, name in zip(unit.inputs, unit.region.inputs, strict=True)
        )
        outputs = tuple(
            Target(target.kind, self._name(target.key))
            if target.key in self._cells.by_name
            else target
            for target in unit.outputs
        )
        return replace(unit, period=unit.period * self._window, inputs=inputs, outputs=outputs)

    def _name(self, memory: str) -> str:
        return f"{memory}/{self._window}"

    def _source(self, source: Source, type_: TensorType) -> Source:
        key = source.key
        if isinstance(key, Count):
            restart = None if key.restart is None else key.restart * self._window
            return Source("count", Count(key.period * self._window, restart))
        if key in self._cells.by_name:
            return Source(source.kind, self._name(key))
        match source.kind:
            case "input":
                period = self._values.period(self._values.equations.inputs[InputId(key)].clock)
                return self._stream(source, type_, (), period or 1)
            case "draw":
                hidden, period = self._again.draws[key]
                return self._stream(source, type_, hidden, _rooted(period, self._window))
            case "held" | "updated" if (period := self._again.given(StateId(key))) is not None:
                return self._state(source, _rooted(period, self._window))
            case "held" if self._changes(StateId(key)):
                return self._first(StateId(key))
            case _:
                return source

    def _stream(self, source: Source, type_: TensorType, hidden: Hidden, period: Period) -> Source:
        """All ticks of an input or a draw in a window; the same where it has one."""
        if period >= self._window:
            return source
        assert isinstance(source.key, str), "a stream has a name"
        if not isinstance(period, int):
            why = self._why
            self._values.report.add(errors.inner_draw(why.gradient, why.why))
            return source
        own = TensorType(type_.dtype, type_.dims[1 + len(hidden) :])
        kind: Literal["input", "draw"] = "draw" if source.kind == "draw" else "input"
        if kind == "draw":
            self._values.draws[source.key] = (hidden, period)
        part = self._values.make(kind, (), source.key, own, self._why.gradient)
        stacked = TensorType(own.dtype, (Dim(None, self._window // period), *own.dims))
        return self._gathered("collect", part, period, 0, hidden, stacked)

    def _state(self, source: Source, period: Period) -> Source:
        """All values of a state that does not live inside the window."""
        assert isinstance(source.key, str), "a state has a name"
        assert isinstance(period, int), "it changes with ticks of the root"
        state = StateId(source.key)
        form: Literal["state", "primed"] = "state" if source.kind == "held" else "primed"
        value = self._values.state(state, form, self._why.gradient)
        copies = self._values.of_state(state)
        stacked = TensorType(
            value.type.dtype, (Dim(None, self._window // period), *value.type.dims)
        )
        return self._gathered("collect", value, period, 0, copies, stacked)

    def _changes(self, state: StateId) -> bool:
        """Whether a state is another one at the end of a window than at its start."""
        times = (self._values.state_period(state), self._values.reset_period(state))
        return any(time is not None and time < self._window for time in times)

    def _first(self, state: StateId) -> Source:
        value = self._values.state(state, "state", self._why.gradient)
        return self._gathered("first", value, 1, None, self._values.of_state(state), value.type)

    def _gathered(
        self,
        kind: str,
        part: Value,
        period: int,
        axis: int | None,
        hidden: Hidden,
        type_: TensorType,
    ) -> Source:
        data = (kind, period, self._window, axis, hidden, "")
        gather = self._values.make("gather", (part,), data, type_, self._why.gradient)
        self.kept[kind, part.form, part.data] = gather
        return Source("updated", window_name(self._values, gather))


def _rooted(period: Period, window: int) -> Period:
    """A length of time that is measured in windows, in root ticks."""
    return whole(Fraction(period) * window)
