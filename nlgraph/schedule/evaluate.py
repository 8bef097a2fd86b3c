"""Write the cells of a unit as a region.

Each value is a computation that yields what it needs, as a pair of a scope and a value, and is sent
what became of it; the stack of those under way is kept here, so that a chain of any length is as
deep as it likes.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from functools import cached_property, partial
from typing import Any, Literal

from nlgraph.ops.types import Dim, TensorType
from nlgraph.schedule.cells import Cells
from nlgraph.schedule.draft import UnitDraft
from nlgraph.schedule.firing import Group
from nlgraph.schedule.inner import per_copy, picked, sliced, tick_numbers, windowed
from nlgraph.schedule.instants import gathered, last, primed, seen, written
from nlgraph.schedule.lift import Lifting
from nlgraph.schedule.loops import before, begun, exported, is_outer, turn_of
from nlgraph.schedule.model import TICKS, Arg, Lead, Name, Note, Source, Target
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.reach import depends
from nlgraph.schedule.scopes import Scope
from nlgraph.schedule.scoping import differentiated, outside, replaced, untracked
from nlgraph.schedule.value import Period, Value, base_of, parts_first
from nlgraph.schedule.values import Values
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import ClockId, StateId

_MOST_SHARED = 16
"""Values with gradients up to which each is differentiated by what the others are, too: for n
layers with n losses this makes n² bindings."""

Steps = Generator[tuple[Scope, Value], Any, Any]


class Evaluator:
    """Writes one unit; `earlier` are those that run before it, in order."""

    def __init__(
        self,
        values: Values,
        motion: Motion,
        cells: Cells,
        group: Group,
        clock: ClockId,
        earlier: tuple[Evaluator, ...],
    ) -> None:
        """Write nothing yet."""
        self.values = values
        self.motion = motion
        self.cells = cells
        self.group = group
        self.earlier = earlier
        self.report = values.report
        assert isinstance(group.period, int), "a unit runs once in a number of root ticks"
        self.draft = UnitDraft(clock, group.period)
        self.lift = Lifting(self)
        self.root = Scope("root", self.draft.root, motion)
        self.own = {cell.key: cell for cell in group.cells}
        self.joined = self._join()
        self.joint: dict[object, Mapping[Value, Arg]] = {}
        self._hints = self._name_values()

    def write(self) -> None:
        """Write all cells of the unit."""
        for cell in self.group.cells:
            value = self.values.cell(cell.key, cell.type, cell.origin)
            self.draft.outputs[Target(*cell.key)] = self.solve(self.root, value)

    def solve(self, scope: Scope, value: Value) -> Arg:
        """What becomes of a value in a scope."""
        answer: Any = scope.found.get(value)
        if answer is not None:
            return answer  # type: ignore[no-any-return]
        stack: list[tuple[Scope, Value, Steps]] = [(scope, value, self._steps(scope, value))]
        busy = {(scope, value)}
        while stack:
            scope, value, steps = stack[-1]
            try:
                asked, part = steps.send(answer)
            except StopIteration as done:
                answer = scope.found[value] = done.value
                busy.discard((scope, value))
                stack.pop()
                continue
            answer = asked.found.get(part)
            if answer is None:
                assert (asked, part) not in busy, f"a {part.form} needs itself"
                busy.add((asked, part))
                stack.append((asked, part, self._steps(asked, part)))
        assert not isinstance(answer, dict), "derivatives are read one by one"
        return answer  # type: ignore[no-any-return]

    def op(
        self,
        name: str,
        args: tuple[Arg, ...],
        type_: TensorType,
        of: Value,
        *,
        attrs: Mapping[str, Any] | None = None,
        hint: str | None = None,
        place: object = None,
    ) -> Name:
        """An operator of this schedule's own, for the sake of a value."""
        key = tuple(sorted((attrs or {}).items()))
        note = self.note(of)
        return self.draft.op(
            name, args, type_, note, attrs=attrs, key=key, place=place, hint=hint or self.hint(of)
        )

    def read(self, source: Source, type_: TensorType, hint: str, lead: Lead = ()) -> Name:
        """What comes into the unit; `type_` is without the copies in `lead`."""
        dims = (*(self.lift.dim(axis) for axis in lead), *type_.dims)
        name = self.draft.input(source, TensorType(type_.dtype, dims), hint)
        if lead:
            self.draft.leads[name] = lead
        return name

    def given(self, value: Value) -> Name | None:
        """A state before or after its update, of all ticks of a window that is run again, if so."""
        name = value.data[0] if value.form == "seen" else value.data
        period = self.values.given(StateId(name))
        if period is None:
            return None
        kind: Literal["held", "updated"] = "held" if value.form == "state" else "updated"
        return self._stream(value, Source(kind, name), self.values.of_state(name), period)

    def held(self, state: Value) -> Name:
        """A state as the last tick left it."""
        given = self.given(state)
        if given is not None:
            return given
        lead = self.values.of_state(state.data)
        return self.read(Source("held", state.data), state.type, state.data, lead)

    def last(self, value: Value) -> Steps:
        """What a `prev` was at the end of the root tick before."""
        return last(self, value)

    def conform(self, arg: Arg, have: TensorType, want: TensorType, of: Value) -> Arg:
        """A value as a tensor of a type: a number filled in, dtype and dimensions broadcast."""
        if self.lift.lead(arg):
            return self.lift.conform(arg, have, want, (), of)
        if want.is_number:
            return arg
        if have.is_number:
            return self.op("fill", (arg,), want, of, attrs={"type": want})
        if have.dtype != want.dtype:
            cast = TensorType(want.dtype, have.dims)
            arg = self.op("to_dtype", (arg,), cast, of, attrs={"dtype": want.dtype})
        if have.dims != want.dims and (None in want.shape or have.shape != want.shape):
            arg = self.op("spread", (arg,), want, of, attrs={"type": want})
        return arg

    def note(self, of: Value) -> Note:
        """Where a value stands in the file."""
        return Note(of.component, self.draft.clock, of.origin.user.line)

    def hint(self, of: Value) -> str | None:
        """A value's name in the file, if it has one."""
        return self._hints.get(of) or self.values.names.get(of)

    def _steps(self, scope: Scope, value: Value) -> Steps:
        if not scope.changes(value):
            assert scope.around is not None, "the root changes everything"
            if scope.kind != "turn":
                return (yield scope.around, value)
            if not is_outer(value):
                arg = yield scope.around, value
                return turn_of(self, scope, arg)
        if value in scope.fixed:
            return scope.fixed[value]
        if scope.turns and value.form not in ("begun", "grad"):
            for body in dict.fromkeys(scope.turns.values()):
                if value in body.found and body.changes(value):
                    made = body.found[value]
                    assert not isinstance(made, Mapping), "derivatives are read one by one"
                    return exported(self, body, made, value)
        match value.form:
            case "number":
                return value.data[1]
            case "size":
                return self.op("dim_size", (), value.type, value, attrs={"dim": value.data})
            case "state":
                return (yield from self._state(scope, value))
            case "begun":
                return (yield from begun(self, scope, value))
            case "seen":
                return (yield from seen(self, scope, value))
            case "initial":
                lead = self.values.of_state(value.data)
                source = Source("initial", value.data)
                return self.read(source, value.type, f"{value.data}_initial", lead)
            case "input":
                period = self.values.period(self.values.equations.inputs[value.data].clock)
                return self._stream(value, Source("input", value.data), (), period or 1)
            case "draw":
                return self._stream(
                    value, Source("draw", value.data), *self.values.draws[value.data]
                )
            case "number_of":
                return tick_numbers(self, value)
            case "slice":
                return (yield from sliced(self, scope, value))
            case "pick":
                return picked(self, (yield scope, value.parts[0]), value)
            case "per_copy":
                return per_copy(self, (yield scope, value.parts[0]), value)
            case "count":
                return self.read(Source("count", value.data), value.type, "tick")
            case "primed":
                return (yield from primed(self, scope, value))
            case "started":
                cell = self.values.cell(("started", value.data), value.type, value.origin)
                return (yield self.root, cell)
            case "cell":
                return (yield from written(self, value))
            case "signal":
                return (yield scope, value.parts[0])
            case "op":
                return (yield from self._call(scope, value))
            case "gather" if value.data[2] <= 1:
                return (yield from windowed(self, scope, value))
            case "gather":
                return (yield from gathered(self, scope, value))
            case "prev":
                return (yield from self._prev(scope, value))
            case "grad":
                return (yield from differentiated(self, scope, value))
            case "item":
                return (yield from self._item(scope, value))
            case "with":
                inside = yield from replaced(self, scope, value)
                return (yield inside, value.parts[0])
            case "hold":
                found = yield from outside(self, scope)
            case _:
                assert value.form == "stop", f"a {value.form} is not written"
                found = yield from untracked(self, scope)
        outer, turns = found
        arg = yield outer, value.parts[0]
        for turn in turns:
            arg = turn_of(self, turn, arg)
        return arg

    def _state(self, scope: Scope, value: Value) -> Steps:
        moving = self.motion.of(value)
        if moving is not None and scope.active(moving):
            if moving.period < scope.frame:
                return (yield from before(self, scope, moving))
            if moving.start is not None:
                return (yield from begun(self, scope, value))
        if scope is not self.root:
            assert scope.around is not None, "only the root stands in nothing"
            return (yield scope.around, value)
        return self.held(value)

    def _prev(self, scope: Scope, value: Value) -> Steps:
        moving = self.motion.of(value)
        if moving is None:
            return (yield from last(self, value))
        return (yield from before(self, scope, moving))

    def _stream(self, value: Value, source: Source, hidden: Hidden, period: Period) -> Name:
        """What comes in with all its ticks in front, where it has several, then its copies."""
        ticks = (Dim(None, int(1 / period)),) if period < 1 else ()
        type_ = TensorType(
            value.type.dtype, (*ticks, *map(self.lift.dim, hidden), *value.type.dims)
        )
        name = self.draft.input(source, type_, str(source.key))
        lead = ((TICKS,) if ticks else ()) + hidden
        order = self.lift.merged([lead])
        if lead:
            self.draft.leads[name] = lead
        places = [*(lead.index(axis) for axis in order), *range(len(lead), len(type_.dims))]
        return self.lift.permuted(name, places, order, value)

    def _item(self, scope: Scope, value: Value) -> Steps:
        if scope is self.root:
            known = self._import(value)
            if known is not None:
                return known
        grad = value.parts[0]
        derivatives = yield scope, grad
        base, views = base_of(grad.targets[value.data])
        arg: Arg = derivatives[base]
        for view in reversed(views):
            arg = (per_copy if view.form == "per_copy" else picked)(self, arg, view)
        return arg

    def _call(self, scope: Scope, value: Value) -> Steps:
        if scope is self.root and not value.type.is_number:
            known = self._import(value)
            if known is not None:
                return known
        args: list[Arg] = []
        for part in value.parts:
            arg: Arg = yield scope, part
            args.append(arg)
        span = value.origin.span
        place = (span.source.name, span.start, span.end)
        if any(map(self.lift.lead, args)):
            return self.lift.op(
                value, value.op, args, value.attrs,
                key=value.data[1], place=place, hint=self.hint(value),
            )  # fmt: skip
        if value.op == "where" and value.parts[0].type.is_number:
            # Only one of both is taken, so each must have the whole type.
            for i in (1, 2):
                args[i] = self.conform(args[i], value.parts[i].type, value.type, value)
        return self.draft.op(
            value.op,
            tuple(args),
            value.type,
            self.note(value),
            attrs=value.attrs,
            key=value.data[1],
            place=place,
            hint=self._hint_in(scope, value),
        )

    def _hint_in(self, scope: Scope, value: Value) -> str | None:
        """A value's name; where states are replaced it is another value than the file names so."""
        hint = self.hint(value)
        return f"{hint}_with" if hint is not None and scope.replaces else hint

    def _import(self, value: Value) -> Name | None:
        """The value as a unit that has run made it; None where none did."""
        for index, unit in enumerate(self.earlier):
            if self.group.period % unit.group.period == 0 and unit.computes(value):
                name = unit.export(value)
                known = self.draft.input(Source("value", name, index), unit.draft.types[name], name)
                if unit.lift.lead(name):
                    self.draft.leads[known] = unit.lift.lead(name)
                return known
        return None

    def computes(self, value: Value) -> bool:
        """Whether the unit computes a value, for itself or for a gradient."""
        return value in self.root.found or value in self._inside

    @cached_property
    def _inside(self) -> frozenset[Value]:
        """What gradients alone compute; to be asked for when the unit is written."""
        scopes = (scope for scope in self.root.scopes.values() if scope.kind == "inside")
        return frozenset(value for scope in scopes for value in scope.found)

    def export(self, value: Value) -> Name:
        """The name of a value of this unit that another one reads."""
        name = self.solve(self.root, value)
        assert isinstance(name, str), "only tensors go from unit to unit"
        self.draft.outputs.setdefault(Target("value", name), name)
        return name

    def _join(self) -> dict[tuple[Value, Any], tuple[Value, ...]]:
        """The states that the gradients of one value are taken by, so that one pass gives all.

        All states that some gradient is taken by are among them, if the value depends on them: so
        the regions of several values have the same bindings. A signal is taken by itself: where
        it is free, states reach the value past it only.
        """
        joined: dict[tuple[Value, Any], dict[Value, None]] = {}
        # What moves inside a tick may learn by gradients that themselves do not move.
        needs = partial(self.motion.needs, active=lambda _: True)
        for value in parts_first((cell.value for cell in self.group.cells), needs):
            if value.form == "grad" and self.joins(value):
                key = (value.parts[0], value.data[1:])
                joined.setdefault(key, {}).update(dict.fromkeys(value.targets))
        # A gradient for each tick inside the root's, or for each copy, is taken by nothing but its
        # own states: others would be written out for each of them.
        whole = {
            key: targets
            for key, targets in joined.items()
            if (key[1][0] or 1) >= 1 and not key[1][1]
        }
        if len(whole) <= _MOST_SHARED:
            everything = {target: None for targets in whole.values() for target in targets}
            for key, targets in whole.items():
                for target in everything:
                    if depends(self.values, key[0], (target,)):
                        targets[target] = None
        return {key: tuple(targets) for key, targets in joined.items()}

    def joins(self, grad: Value) -> bool:
        """Whether a gradient may be taken together with others of its value."""
        states = all(base_of(target)[0].form == "state" for target in grad.targets)
        return states and not grad.points

    def _name_values(self) -> dict[Value, str]:
        """Names for what states become."""
        return {
            cell.value: f"{name}_next"
            for (kind, name), cell in self.own.items()
            if kind == "updated" and not name.startswith("@")
            if cell.value not in self.values.names
        }
