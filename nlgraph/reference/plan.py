"""What the oracle looks up in a system again and again: periods, resets, who reads what."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from math import ceil

from nlgraph.ops.types import TensorType
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId, ComponentId, SignalId, StateId
from nlgraph.system.model import Draw, Expr, Gather, Prev, SignalRead, StateRead, Tick, With
from nlgraph.system.walk import postorder

Atom = tuple[str, str]
"""A named value: `before`, `after` or `started` and a state, or `signal` and a signal."""


class Plan:
    """A system, with what its clocks and names imply."""

    def __init__(self, shaped: Shaped) -> None:
        """Look nothing up yet."""
        self.shaped = shaped
        self.clocked = shaped.clocked
        self.equations = shaped.clocked.equations
        self._affected: dict[frozenset[Atom], frozenset[SignalId]] = {}

    # ------------------------------------------------------------------------- clocks

    def period(self, state: StateId) -> Fraction | None:
        """The time between two updates of a state; None where it has none."""
        found = self.equations.states[state]
        if found.update is None:
            return None
        return self.clocked.duration(self.clocked.components[found.component])

    def reset_period(self, state: StateId) -> Fraction | None:
        """The time between two resets of a state; None where it has none."""
        reset = self.equations.states[state].reset
        return None if reset is None else self.clocked.durations[reset.clock]

    def keeps(self, state: StateId) -> bool:
        """Whether a state is reset to itself: its value goes on and only the gradient is cut."""
        reset = self.equations.states[state].reset
        return reset is not None and isinstance(reset.to, StateRead) and reset.to.state == state

    def changes(self, state: StateId, time: Fraction) -> bool:
        """Whether a state is updated or reset at a time."""
        periods = (self.period(state), self.reset_period(state))
        return any(period is not None and time % period == 0 for period in periods)

    def last_event(self, state: StateId, time: Fraction) -> Fraction:
        """When a state was updated or reset last before a time; 0 where it never was."""
        periods = (self.period(state), self.reset_period(state))
        return max(
            (p * (ceil(time / p) - 1) for p in periods if p is not None), default=Fraction(0)
        )

    def span(self, expr: Expr) -> Fraction | None:
        """The length of one tick of an expression's clock; None for what never changes."""
        return self.clocked.duration(self.clocked.timings[expr].clock)

    def tick_before(self, prev: Prev, time: Fraction) -> tuple[Fraction, Fraction]:
        """The end of the tick before that of a `prev`, and when its clock started anew.

        In a component that is reset to its own name time goes on.
        """
        clock = self.clocked.timings[prev.value].clock or self.equations.root
        period = self.clocked.durations[clock]
        restart = None if prev.name in self._ongoing else self.anew(clock)
        last = period * (ceil(time / period) - 1)
        start = Fraction(0) if restart is None else restart * (ceil(time / restart) - 1)
        return last, start

    def goes_on(self, prev: Prev) -> bool:
        """Whether a `prev` sees the root tick before."""
        return self.tick_before(prev, Fraction(2))[1] < 1

    def position(self, draw: Draw, time: Fraction) -> int | None:
        """The number, from 0, of a draw among those of a root tick; None if it is the only one."""
        timing = self.clocked.timings.get(draw)
        period = None if timing is None else self.clocked.duration(timing.clock)
        if period is None or period >= 1:
            return None
        return ceil((time - (ceil(time) - 1)) / period) - 1

    def gathers(self, gather: Gather) -> bool:
        """Whether a gather runs over several ticks; one on its value's own clock does not."""
        window = self.clocked.durations[self.clocked.windows[gather]]
        period = self.span(gather.value)
        return period is not None and period < window

    def anew(self, clock: ClockId | None) -> Fraction | None:
        """The length of the tick with which a clock starts anew; None for one that never does."""
        at = clock
        while at is not None:
            definition = self.equations.clocks[at]
            if definition.kind in ("along", "divided"):
                return self.clocked.duration(definition.parent)
            if definition.parent_component is not None:
                at = self.clocked.components[definition.parent_component]
            else:
                at = definition.parent
        return None

    def count(self, tick: Tick, time: Fraction) -> int:
        """The number of the tick or update under way at a time, from 1."""
        if tick.clock is not None:
            period, restart = self.clocked.durations[tick.clock], self.anew(tick.clock)
        else:
            assert tick.of is not None, "a tick is that of a clock or of a component"
            found = self.clocked.duration(self.clocked.components[tick.of])
            if found is None:
                return 1
            period, restart = found, self.component_reset(tick.of)
        start = Fraction(0) if restart is None else restart * (ceil(time / restart) - 1)
        return ceil((time - start) / period)

    def component_reset(self, component: ComponentId) -> Fraction | None:
        """The time between two resets of a whole component; None where it has none."""
        states = self.equations.components[component].states
        periods = {None if self.keeps(state) else self.reset_period(state) for state in states}
        return periods.pop() if len(periods) == 1 else None

    def moment(self, signal: SignalId, time: Fraction, now: Fraction) -> Fraction:
        """When the value that a reader sees at a time is that of a signal.

        A stream has one value in each of its ticks, that at its end. A tick that ends after the
        root tick under way is read now: such streams read nothing that its end brings.
        """
        timing = self.clocked.signals[signal]
        if not timing.stream or timing.clock is None:
            return time
        period = self.clocked.durations[timing.clock]
        return max(time, min(period * ceil(time / period), now))

    # ------------------------------------------------------------------------- reads

    def per(self, atom: Atom) -> tuple[str, ...]:
        """The dims for each index of which a named value has a copy."""
        kind, name = atom
        if kind == "signal":
            host = self.equations.signals[SignalId(name)].host
        else:
            host = self.equations.states[StateId(name)].component
        return () if host is None else self.equations.components[host].per

    def type_of(self, atom: Atom) -> TensorType:
        """A named value's type, as seen from inside a copy."""
        kind, name = atom
        if kind == "signal":
            found = self.shaped.signals[SignalId(name)]
        else:
            found = self.shaped.states[StateId(name)]
        assert found is not None, "a system with faults is never compiled"
        return found

    def statements(self) -> Iterator[Expr]:
        """Every expression that stands by itself."""
        for signal in self.equations.signals.values():
            yield signal.value
        for state in self.equations.states.values():
            if state.update is not None:
                yield state.update
            if state.reset is not None and state.reset.to is not None:
                yield state.reset.to
        for result in self.equations.results:
            yield result.value

    def living(self, span: Fraction | None) -> frozenset[StateId]:
        """The states that live inside one tick of a length, since they are reset with it."""
        if span is None:
            return frozenset()
        return frozenset(state for state, period in self._reset_periods.items() if period <= span)

    def signals_in_order(self) -> Iterator[SignalId]:
        """All signals, each after those that it reads; a cycle is broken anywhere."""
        seen: set[SignalId] = set()
        for root in self.equations.signals:
            stack = [(root, False)]
            while stack:
                signal, ready = stack.pop()
                if ready:
                    yield signal
                elif signal not in seen:
                    seen.add(signal)
                    stack.append((signal, True))
                    value = self.equations.signals[signal].value
                    reads = (e.signal for e in postorder([value]) if isinstance(e, SignalRead))
                    stack.extend((read, False) for read in reads if read not in seen)

    @cached_property
    def _reset_periods(self) -> dict[StateId, Fraction]:
        found = {state: self.reset_period(state) for state in self.equations.states}
        return {state: period for state, period in found.items() if period is not None}

    def affected(self, atoms: frozenset[Atom]) -> frozenset[SignalId]:
        """The signals that read any of some named values, over any number of others."""
        if atoms not in self._affected:
            found: set[SignalId] = set()
            queue = deque(atoms)
            while queue:
                for signal in self._readers.get(queue.popleft(), ()):
                    if signal not in found:
                        found.add(signal)
                        queue.append(("signal", signal))
            self._affected[atoms] = frozenset(found)
        return self._affected[atoms]

    @cached_property
    def _ongoing(self) -> frozenset[str]:
        """The `prev`s of components that are reset to their own names."""
        keeping = {s.component for s in self.equations.states.values() if self.keeps(s.id)}
        values = [
            s.update
            for s in self.equations.states.values()
            if s.component in keeping and s.update is not None
        ]
        values += [s.value for s in self.equations.signals.values() if s.host in keeping]
        return frozenset(expr.name for expr in postorder(values) if isinstance(expr, Prev))

    @cached_property
    def after_all(self) -> frozenset[Atom]:
        """The updated values of all states."""
        return frozenset(("after", state) for state in self.equations.states)

    @cached_property
    def _readers(self) -> dict[Atom, list[SignalId]]:
        readers: defaultdict[Atom, list[SignalId]] = defaultdict(list)
        for signal in self.equations.signals.values():
            for atom in {*_atoms(signal.value), *self._unfolded(signal.value)}:
                readers[atom].append(signal.id)
        return dict(readers)

    def _unfolded(self, root: Expr) -> set[Atom]:
        """What the updates read for which primed states stand in the replacements of a `with`."""
        replacements = [r for e in postorder([root]) if isinstance(e, With) for r in e.replacements]
        found: set[Atom] = set()
        queue = deque(atom for replacement in replacements for atom in _atoms(replacement))
        while queue:
            atom = queue.popleft()
            if atom in found:
                continue
            found.add(atom)
            kind, name = atom
            if kind == "signal":
                queue.extend(_atoms(self.equations.signals[SignalId(name)].value))
            update = self.equations.states[StateId(name)].update if kind == "after" else None
            if update is not None:
                queue.extend(_atoms(update))
        return found


def _atoms(root: Expr) -> set[Atom]:
    """The named values that an expression reads."""
    return {atom for expr in postorder([root]) if (atom := _atom(expr)) is not None}


def _atom(expr: Expr) -> Atom | None:
    match expr:
        case StateRead(state=state, primed=primed):
            return ("after" if primed else "before", state)
        case SignalRead(signal=signal):
            return ("signal", signal)
        case _:
            return None
