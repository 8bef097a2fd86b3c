"""Which cells run together: one unit for each clock, or several where a path switches clocks.

A unit runs whenever its clock ticks, with whatever else ticks then. So units must be free of
cycles on any tick: a cell that needs one of a slower clock, or of a clock beside its own, stands in
a later stratum than that one. Strata run in order, and in each the faster clocks first.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.schedule.cells import Cell, CellKey, Cells
from nlgraph.schedule.value import Value


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """The cells of one unit."""

    period: int
    stratum: int
    cells: tuple[Cell, ...]


def group_cells(cells: Cells) -> tuple[Group, ...]:
    """The cells by unit, in an order in which the units can run."""
    strata = _strata(cells)
    members: dict[tuple[int, int], list[Cell]] = {}
    for key, cell in cells.of.items():
        members.setdefault((strata[key], cell.period), []).append(cell)
    return tuple(
        Group(period, stratum, tuple(members[stratum, period]))
        for stratum, period in sorted(members)
    )


def _strata(cells: Cells) -> dict[CellKey, int]:
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
            needs = [cells.of[key] for key in _needed(cells, value) if key in cells.of]
            parts = [(part, period) for part in _parts(value)]
            if not ready:
                stack.append((node, True))
                stack.extend(((need.value, need.period), False) for need in needs)
                stack.extend((part, False) for part in parts)
                continue
            switches = [found[n.value, n.period] + (period % n.period != 0) for n in needs]
            found[node] = max([*switches, *(found[part] for part in parts)], default=0)
        strata[root.key] = found[root.value, root.period]
    return strata


_Node = tuple[Value, int]
"""A value, as it is read by the cells of a period."""


def _parts(value: Value) -> tuple[Value, ...]:
    """What a value is made of at this instant."""
    return () if _is_memory(value) else value.parts


def _is_memory(value: Value) -> bool:
    return value.form == "gather" and value.data[0] != "latest"


def _needed(cells: Cells, value: Value) -> tuple[CellKey, ...]:
    """The cells that a value is read from."""
    match value.form:
        case "primed":
            return (("updated", value.data),)
        case "started":
            return (("started", value.data), ("updated", value.data))
        case "gather" if _is_memory(value):
            return (("updated", cells.memories[value].name),)
        case _:
            return ()
