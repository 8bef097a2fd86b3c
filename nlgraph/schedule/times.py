"""Lengths of time in root ticks, and dims of copies: what values are told apart by."""

from __future__ import annotations

from fractions import Fraction
from functools import cached_property

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import Dim
from nlgraph.schedule.value import Period
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.system.ids import ClockId, ComponentId, SignalId, StateId
from nlgraph.system.model import StateRead


class Times:
    """Periods of clocks, states and signals of a system, and the copies that states have."""

    def __init__(self, shaped: Shaped) -> None:
        """Look things up in a system."""
        self.shaped = shaped
        self.clocked: Clocked = shaped.clocked
        self.equations = shaped.clocked.equations

    def per(self, component: ComponentId | None) -> Hidden:
        """The dims for each index of which a component has a copy."""
        return () if component is None else self.equations.components[component].per

    def of_state(self, name: str) -> Hidden:
        """The dims for each index of which a state has a copy."""
        return self.per(self.equations.states[StateId(name)].component)

    def dim(self, name: str) -> Dim:
        """A dimension that has a name."""
        return Dim(name, self.equations.dims[name])

    def clock_of(self, length: Period) -> ClockId:
        """The clock of a length of time: the first that the file has."""
        found = (clock for clock in self.clocked.durations if self.period(clock) == length)
        return next(found, self.equations.root)

    def state_period(self, state: StateId) -> Period | None:
        """The time between two updates of a state, in root ticks; None where it has none."""
        found = self.equations.states[state]
        if found.update is None:
            return None
        return self.period(self.clocked.components[found.component])

    @cached_property
    def lasting(self) -> bool:
        """Whether anything is reset, and not with every root tick."""
        clocks = (state.reset.clock for state in self.equations.states.values() if state.reset)
        return any(self.clocked.durations[clock] > 1 for clock in clocks)

    def reset_period(self, state: StateId) -> Period | None:
        """The time between two resets of a state to another value; None where it has none."""
        reset = self.equations.states[state].reset
        if reset is None or (isinstance(reset.to, StateRead) and reset.to.state == state):
            return None
        return self.period(reset.clock)

    def period(self, clock: ClockId | None) -> Period | None:
        """The length of a clock's tick in root ticks; None for no clock."""
        found = self.clocked.duration(clock)
        return None if found is None else whole(found)

    def signal_at(self, signal: SignalId, at: Period) -> Period:
        """The time between two values of a signal that is read every so often."""
        timing = self.clocked.signals[signal]
        period = self.period(timing.clock) if timing.stream else None
        return at if period is None else min(period, 1)

    def anew(self, clock: ClockId | None) -> Period | None:
        """The length of the tick with which a clock starts anew; None for one that never does."""
        at = clock
        while at is not None:
            definition = self.equations.clocks[at]
            if definition.kind in ("along", "divided"):
                return self.period(definition.parent)
            if definition.parent_component is not None:
                at = self.clocked.components[definition.parent_component]
            else:
                at = definition.parent
        return None


def whole(length: Fraction) -> Period:
    """A length of time as a number of root ticks: whole, if it is."""
    return int(length) if length.denominator == 1 else length
