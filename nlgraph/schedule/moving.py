"""What changes inside a root tick, or starts anew with it, and who needs whom there.

A state moves from its start by its update, and `prev(e, init)` from init by e: both are given
here in one form. Values need what they are made of and, over moving ones, what these are made of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import networkx as nx

from nlgraph.ops.types import TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.value import Period, Value, parts_first
from nlgraph.schedule.values import Values
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import StateId
from nlgraph.system.model import StateRead


@dataclass(frozen=True, slots=True, eq=False)
class Moving:
    """Something that moves: `of` is its value before an instant, `after` the one behind it.

    `reset` is the time between two resets (None: it has none), `keeps` says that these keep the
    value and cut the gradient. `start` is what it starts with, None for what lived before.
    """

    of: Value
    after: Value
    update: Value
    period: Period
    reset: Period | None
    keeps: bool
    start: Value | None
    copies: Hidden
    type: TensorType

    def lives_within(self, span: Period) -> bool:
        """Whether it is reset with ticks of a length, or faster."""
        return self.reset is not None and self.reset <= span


class Motion:
    """All that moves in a system; updates are given as a rewriting leaves them."""

    def __init__(self, values: Values, rewrite: Callable[[Value], Value]) -> None:
        """Look nothing up yet."""
        self.values = values
        self._rewrite = rewrite
        self._found: dict[Value, Moving | None] = {}
        self._knots: dict[tuple[object, ...], dict[Value, tuple[Moving, ...]]] = {}

    def of(self, value: Value) -> Moving | None:
        """What moves, given its value before an instant, after it, or at the start."""
        base = self._base(value)
        if base is None:
            return None
        if base not in self._found:
            self._found[base] = self._state(base) if base.form == "state" else self._prev(base)
        return self._found[base]

    def needs(self, value: Value, *, active: Callable[[Moving], bool]) -> tuple[Value, ...]:
        """What a value needs directly, over those moving ones that are active."""
        moving = self.of(value)
        if value.form == "begun":
            # A frame inside a reset's window starts with what it has become by then.
            base = self._base(value)
            assert base is not None, "something begins"
            return (base,)
        if moving is None or not active(moving):
            return () if value.form in ("state", "primed", "seen") else value.parts
        if value is moving.after:
            return (moving.update,)
        if value.form == "seen":
            return (moving.after,)
        start = () if moving.start is None else (moving.start,)
        return (moving.update, *start)

    def knot(
        self, of: Moving, frame: Period, active: Callable[[Moving], bool], key: object
    ) -> tuple[Moving, ...]:
        """Those that move in a cycle with one of them, inside a frame; none where it is in none.

        `key` stands for what is active.
        """
        table = self._knots.setdefault((frame, key), {})
        if of.of not in table:
            graph: nx.DiGraph[Value] = nx.DiGraph()
            for value in parts_first([of.of], lambda v: self._inside(v, frame, active)):
                graph.add_node(value)
                graph.add_edges_from((value, n) for n in self._inside(value, frame, active))
            for component in nx.strongly_connected_components(graph):
                members = [v for v in component if self._moves(v, frame, active)]
                lone = len(component) == 1 and not graph.has_edge(*(2 * tuple(component)))
                ordered = sorted(members, key=lambda v: str(v.data))
                found = tuple(m for m in map(self.of, ordered) if m is not None)
                for value in members:
                    table[value] = () if lone else found
        return table[of.of]

    def _inside(
        self, value: Value, frame: Period, active: Callable[[Moving], bool]
    ) -> tuple[Value, ...]:
        moving = self.of(value)
        if moving is not None and value is moving.of and moving.period >= frame:
            return () if moving.start is None or not active(moving) else (moving.start,)
        return self.needs(value, active=active)

    def _moves(self, value: Value, frame: Period, active: Callable[[Moving], bool]) -> bool:
        moving = self.of(value)
        return (
            moving is not None and value is moving.of and moving.period < frame and active(moving)
        )

    def _base(self, value: Value) -> Value | None:
        if value.form in ("state", "prev"):
            return value
        if value.form in ("primed", "begun", "seen"):
            name = value.data[0] if value.form == "seen" else value.data
            if isinstance(name, Value):
                return name
            return self.values.state(StateId(name), "state", value.origin)
        return None

    def _state(self, base: Value) -> Moving | None:
        values = self.values
        state = values.equations.states[StateId(base.data)]
        period = values.state_period(state.id)
        reset = None if state.reset is None else values.period(state.reset.clock)
        if period is None or not (period < 1 or (reset is not None and reset <= 1)):
            return None
        if not values.learning and (reset is None or reset > 1):
            return None
        if values.given(state.id) is not None:
            return None
        update = values.update(state.id)
        assert update is not None, "what has a period has an update"
        to = None if state.reset is None else state.reset.to
        keeps = isinstance(to, StateRead) and to.state == state.id
        start: Value | None = None
        if state.reset is not None and reset is not None and reset <= 1 and not keeps:
            if to is None:
                start = values.make("initial", (), base.data, base.type, base.origin)
            else:
                start = self._begun(values.of(to, state.component, at=reset))
        return Moving(
            of=base,
            after=values.state(state.id, "primed", base.origin),
            update=self._rewrite(update),
            period=period,
            reset=reset,
            keeps=keeps,
            start=start,
            copies=values.of_state(base.data),
            type=base.type,
        )

    def _prev(self, base: Value) -> Moving | None:
        values = self.values
        name, period = base.data
        if period >= 1:
            return None
        clock = values.clocked.timings[values.prevs[name].value].clock
        if self._goes_on(base):
            values.report.add(errors.lasting_prev(base.origin))
        last = self._rewrite(values.last(name))
        reset = values.anew(clock)
        return Moving(
            of=base,
            after=last,
            update=last,
            period=period,
            reset=reset,
            keeps=False,
            start=None if reset is None else base.parts[0],
            copies=values.prev_reads[name].hidden,
            type=base.type,
        )

    def _goes_on(self, prev: Value) -> bool:
        """Whether a `prev` stands in a component that is reset to its own name."""
        equations = self.values.equations
        states = () if prev.component is None else equations.components[prev.component].states
        resets = ((state, equations.states[state].reset) for state in states)
        return any(
            reset is not None and isinstance(reset.to, StateRead) and reset.to.state == state
            for state, reset in resets
        )

    def _begun(self, root: Value) -> Value | None:
        """A reset's target as a frame starts with it; None where it reads a stream."""
        new: dict[Value, Value] = {}
        for value in parts_first([root], lambda v: v.parts):
            if value.form in ("input", "draw", "gather", "slice", "prev", "count", "number_of"):
                return None
            if value.form in ("state", "primed", "seen"):
                name = value.data[0] if value.form == "seen" else value.data
                new[value] = self.values.make(
                    "begun", (), name, value.type, value.origin, component=value.component
                )
            else:
                new[value] = self.values.rebuild(value, tuple(new[part] for part in value.parts))
        return self._rewrite(new[root])


def always(moving: Moving) -> bool:
    """Let everything move."""
    del moving
    return True
