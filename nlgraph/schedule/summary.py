"""A schedule at a glance: what runs when, what is shared, lifted and looped, gradients, windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import lcm, prod

from nlgraph.schedule.kept import bytes_of
from nlgraph.schedule.model import (
    TICKS,
    Binding,
    Grad,
    Loop,
    Name,
    Op,
    Region,
    Schedule,
    Unit,
)
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
    lines += _section("lifted", _lifted(schedule))
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


def _lifted(schedule: Schedule) -> Iterator[str]:
    """How many operators run for several ticks at once, outside of loops."""
    for index, unit in enumerate(schedule.units):
        counts = Counter(
            ticks
            for binding, place in _bindings(unit)
            if isinstance(binding.node, Op) and binding.node.mapped and not place.in_loop
            for ticks in [_ticks(unit, binding.names[0])]
            if ticks > 1
        )
        if counts:
            parts = (f"{count} over {ticks} ticks" for ticks, count in sorted(counts.items()))
            yield f"unit {index}: operators at once, {', '.join(parts)}"


def _loops(schedule: Schedule) -> Iterator[str]:
    """What runs turn by turn, and the cycles that keep it from being anything else.

    A loop that a gradient goes through and that something else reads, too, runs once for both.
    """
    for index, unit in enumerate(schedule.units):
        found: dict[str, None] = {}
        for binding, place in _bindings(unit):
            loop = binding.node
            if isinstance(loop, Loop):
                inner = Region((), loop.region.bindings, ())
                ticks = max((_ticks(unit, name) for name in _names(inner)), default=1)
                at_once = f" of {ticks} ticks" if ticks > 1 else ""
                nested = " in each turn of a loop" if place.in_loop else ""
                cycle = ", ".join(loop.why)
                found[f"unit {index}: {loop.turns} turns{at_once}{nested}; a cycle of {cycle}"] = (
                    None
                )
        yield from found


def _gradients(schedule: Schedule) -> Iterator[str]:
    """What is differentiated, and by what: one line for each gradient."""
    for index, unit in enumerate(schedule.units):
        for binding, place in _bindings(unit):
            node = binding.node
            if isinstance(node, Grad):
                by = ", ".join(node.args)
                where = " inside another gradient" if place.in_gradient else ""
                yield f"unit {index}: {node.region.outputs[0]} by {by}{where}"


@dataclass(frozen=True, slots=True)
class _Place:
    """Whether something stands inside a gradient, and whether inside a loop."""

    in_gradient: bool
    in_loop: bool


def _bindings(unit: Unit) -> Iterator[tuple[Binding, _Place]]:
    """Every binding of a unit, and where it stands."""
    stack = [(unit.region, _Place(in_gradient=False, in_loop=False))]
    while stack:
        region, place = stack.pop()
        inside: list[tuple[Region, _Place]] = []
        for binding in region.bindings:
            yield binding, place
            node = binding.node
            if isinstance(node, Grad):
                inside.append((node.region, _Place(in_gradient=True, in_loop=place.in_loop)))
            elif isinstance(node, Loop):
                inside.append((node.region, _Place(place.in_gradient, in_loop=True)))
        stack.extend(reversed(inside))


def _names(region: Region) -> Iterator[Name]:
    """What is bound in a region, outside of loops inside it."""
    stack = [region]
    while stack:
        for binding in stack.pop().bindings:
            if isinstance(binding.node, Grad):
                stack.append(binding.node.region)
            elif isinstance(binding.node, Op):
                yield from binding.names


def _ticks(unit: Unit, name: Name) -> int:
    """The number of ticks that a value has one by one."""
    axes = zip(unit.leads.get(name, ()), unit.types[name].dims, strict=False)
    return prod(dim.size or 1 for axis, dim in axes if axis.startswith(TICKS))


def _kept(schedule: Schedule) -> Iterator[str]:
    for memory in schedule.memories:
        count = "" if memory.length is None else f", {memory.length} values"
        yield f"{memory.name} : {memory.type}{count}, {bytes_of(memory):,} bytes"
