"""A schedule at a glance: what runs when, what is shared, gradients, and windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lcm

from nlgraph.schedule.model import Grad, Loop, Region, Schedule, Unit
from nlgraph.schedule.text import schedule_text

_MOST = 100
"""Sets that are listed; k clocks that share no factor have 2^k."""


@dataclass(frozen=True, slots=True)
class FiringSet:
    """Units that run together: at `first`, and again at every tick like it."""

    first: int
    units: tuple[int, ...]


def firing_sets(schedule: Schedule) -> tuple[FiringSet, ...]:
    """The sets of units that run together, each with its first tick; the first hundred of them."""
    firsts = {1}
    for period in schedule.periods:
        firsts |= {lcm(first, period) for first in sorted(firsts)[:_MOST]}
    found: dict[tuple[int, ...], int] = {}
    for first in sorted(firsts):
        units = tuple(i for i, unit in enumerate(schedule.units) if first % unit.period == 0)
        if units:
            found.setdefault(units, first)
    return tuple(FiringSet(first, units) for units, first in found.items())[:_MOST]


def summary_text(schedule: Schedule) -> str:
    """The summary, then every unit in full."""
    lines = ["units"]
    for index, unit in enumerate(schedule.units):
        ticks = "every tick" if unit.period == 1 else f"every {unit.period} ticks"
        lines.append(f"  {index}: {unit.clock}, {ticks}, {len(unit.outputs)} outputs")
    lines.append("run together")
    for found in firing_sets(schedule):
        units = ", ".join(map(str, found.units))
        lines.append(f"  first at tick {found.first}: {units}")
    lines += _section("shared", _shared(schedule))
    lines += _section("loops", _loops(schedule))
    lines += _section("gradients", _gradients(schedule))
    lines += _section("kept between ticks", _kept(schedule))
    return "\n".join(lines) + "\n\n" + schedule_text(schedule)


def _section(title: str, lines: Iterator[str]) -> list[str]:
    found = [f"  {line}" for line in lines]
    return [title, *(found or ["  nothing"])]


def _shared(schedule: Schedule) -> Iterator[str]:
    """What units read of one another."""
    for index, unit in enumerate(schedule.units):
        for source in unit.inputs:
            if source.kind == "value":
                yield f"{source.key} of unit {source.unit}, read by unit {index}"
            elif source.kind in ("updated", "started"):
                yield f"{source.key}, {source.kind}, read by unit {index}"


def _loops(schedule: Schedule) -> Iterator[str]:
    """What runs turn by turn, and the cycles that keep it from being anything else."""
    for index, unit in enumerate(schedule.units):
        for node, _ in _nodes(unit):
            if isinstance(node, Loop):
                yield f"unit {index}: {node.turns} turns; {'; '.join(node.why)}"


def _gradients(schedule: Schedule) -> Iterator[str]:
    """What is differentiated, and by what: one line for each gradient."""
    for index, unit in enumerate(schedule.units):
        for node, inside in _nodes(unit):
            if isinstance(node, Grad):
                by = ", ".join(node.args)
                where = " inside another gradient" if inside else ""
                yield f"unit {index}: {node.region.outputs[0]} by {by}{where}"


def _nodes(unit: Unit) -> Iterator[tuple[Grad | Loop, bool]]:
    """Every gradient and loop of a unit, and whether it stands inside a gradient."""
    stack: list[tuple[Region, bool]] = [(unit.region, False)]
    while stack:
        region, inside = stack.pop()
        nodes = [b.node for b in region.bindings if isinstance(b.node, Grad | Loop)]
        yield from ((node, inside) for node in nodes)
        stack.extend((node.region, inside or isinstance(node, Grad)) for node in reversed(nodes))


def _kept(schedule: Schedule) -> Iterator[str]:
    for memory in schedule.memories:
        count = "" if memory.length is None else f", {memory.length} values"
        yield f"{memory.name} : {memory.type}{count}"
