"""What clock inference finds: a table beside the equations, never inside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.system.ids import ClockId, ComponentId, SignalId
from nlgraph.system.model import Equations, Expr, Gather


@dataclass(frozen=True, slots=True)
class Timing:
    """When a value changes.

    `clock` is None for what never changes (numbers, frozen states). A `stream` has one value in
    each of its clock's ticks; what is no stream is read like a state.
    """

    clock: ClockId | None
    stream: bool


@dataclass(frozen=True, slots=True, eq=False)
class Clocked:
    """The equations with a clock for everything.

    `durations`: the length of one tick of each clock, in root ticks (so a frequency is its
    inverse). Clocks of equal duration tick together. `components`: the clock on which each
    component updates; None for a frozen or a non-parametric one. `windows`: the clock over which
    each gather gathers; a gather on the same clock as its value changes nothing.
    """

    equations: Equations
    durations: Mapping[ClockId, Fraction]
    components: Mapping[ComponentId, ClockId | None]
    signals: Mapping[SignalId, Timing]
    timings: Mapping[Expr, Timing]
    windows: Mapping[Gather, ClockId]

    def duration(self, clock: ClockId | None) -> Fraction | None:
        """The length of one tick in root ticks; None for no clock."""
        return None if clock is None else self.durations[clock]

    def frequency(self, component: ComponentId) -> Fraction | None:
        """Updates per unit of time: 0 for a frozen component, None (infinite) without states."""
        clock = self.components[component]
        if clock is not None:
            return 1 / self.durations[clock]
        return Fraction(0) if self.equations.components[component].states else None
