"""Which cells run together: one unit for each clock, or several where a path switches clocks.

A unit runs whenever its clock ticks, with whatever else ticks then. So units must be free of
cycles on any tick: a cell that needs one of a slower clock, or of a clock beside its own, stands in
a later stratum than that one. Strata run in order, and in each the faster clocks first.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.schedule.cells import Cell, CellKey, Cells
from nlgraph.schedule.moving import Motion, always
from nlgraph.schedule.value import Period, Value, parts_first


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The cells of one unit."""

    period: Period
    stratum: int
    cells: tuple[Cell, ...]


def group_cells(cells: Cells, motion: Motion) -> tuple[Group, ...]:
    """The cells by unit, in an order in which the units can run."""
    strata = _strata(cells, motion)
    members: dict[tuple[int, Period], list[Cell]] = {}
    for key, cell in cells.of.items():
        members.setdefault((strata[key], cell.period), []).append(cell)
    return tuple(
        Group(period, stratum, tuple(members[stratum, period]))
        for stratum, period in sorted(members)
    )


def _strata(cells: Cells, motion: Motion) -> dict[CellKey, int]:
    """The stratum of each cell: one more than that of what it needs and does not tick with.

    What a value needs is the same for all cells of one period, and is found once for them.
    """
    strata: dict[CellKey, int] = {}
    found: dict[_Node, int] = {}
    for root in cells.of.values():
        stack: list[tuple[_Node, bool]] = [((root.value, root.period), False)]
        while stack:
            node, ready = stack.pop()
            if node in found:
                continue
            value, period = node
            needs = [cells.of[key] for key in _needed(cells, motion, value) if key in cells.of]
            parts = [(part, period) for part in _parts(cells, motion, value)]
            if not ready:
                stack.append((node, True))
                stack.extend(((need.value, need.period), False) for need in needs)
                stack.extend((part, False) for part in parts)
                continue
            switches = [found[n.value, n.period] + (period % n.period != 0) for n in needs]
            found[node] = max([*switches, *(found[part] for part in parts)], default=0)
        strata[root.key] = found[root.value, root.period]
    return strata


_Node = tuple[Value, Period]
"""A value, as it is read by the cells of a period."""


def _parts(cells: Cells, motion: Motion, value: Value) -> tuple[Value, ...]:
    """What a value is made of at this instant."""
    return () if value in cells.memories or motion.of(value) is not None else value.parts


def _needed(cells: Cells, motion: Motion, value: Value) -> tuple[CellKey, ...]:
    """The cells that a value is read from."""
    if motion.of(value) is None:
        return _read_from(cells, value)
    reached = parts_first([value], lambda v: motion.needs(v, active=always))
    return tuple(
        key for found in reached if motion.of(found) is None for key in _read_from(cells, found)
    )


def _read_from(cells: Cells, value: Value) -> tuple[CellKey, ...]:
    match value.form:
        case "primed":
            return (("updated", value.data),)
        case "started":
            return (("started", value.data), ("updated", value.data))
        case "gather" if value in cells.memories:
            return (("updated", cells.memories[value].name),)
        case _:
            return ()
