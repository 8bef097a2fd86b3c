"""Clocks inside a tick of which neither is faster."""

from __future__ import annotations

from collections.abc import Iterator

from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId
from nlgraph.system.model import ClockDef


def find_beside(shaped: Shaped) -> Iterator[tuple[ClockDef, ClockDef]]:
    """Pairs of clocks that a system uses inside its unit of time, and that tick beside each other.

    Neither of them is made of whole ticks of the other.
    """
    clocked = shaped.clocked
    equations = clocked.equations
    used: dict[ClockId | None, None] = dict.fromkeys(t.clock for t in clocked.timings.values())
    used |= dict.fromkeys(clocked.components.values())
    used |= dict.fromkeys(clocked.windows.values())
    used |= dict.fromkeys(i.clock for i in equations.inputs.values())
    used |= dict.fromkeys(s.reset.clock for s in equations.states.values() if s.reset)
    inside = [c for c in used if c is not None and clocked.durations[c] < 1]
    for index, clock in enumerate(inside):
        length = clocked.durations[clock]
        for other in inside[:index]:
            ratio = max(length, clocked.durations[other]) / min(length, clocked.durations[other])
            if ratio.denominator != 1:
                yield equations.clocks[other], equations.clocks[clock]
