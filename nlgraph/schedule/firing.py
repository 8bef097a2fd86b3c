"""Which cells run together: one unit for each clock, or several where a path switches clocks.

A unit runs whenever its clock ticks, with whatever else ticks then. So units must be free of cycles
on any tick: a cell that needs one of a slower clock, or of a clock beside its own, stands in a later
stratum than that one. Strata run in order, and in each the faster clocks first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlgraph.schedule.cells import Cell, CellKey, Cells
from nlgraph.schedule.values import parts_first


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
    needs = {key: tuple(_needs(cells, cell)) for key, cell in cells.of.items()}
    strata: dict[CellKey, int] = {}
    for root in cells.of:
        stack = [(root, False)]
        while stack:
            key, ready = stack.pop()
            if key in strata:
                continue
            if not ready:
                stack.append((key, True))
                stack.extend((need, False) for need in needs[key] if need not in strata)
                continue
            period = cells.of[key].period
            strata[key] = max(
                (strata[n] + (period % cells.of[n].period != 0) for n in needs[key]), default=0
            )
    return strata


def _needs(cells: Cells, cell: Cell) -> Iterable[CellKey]:
    """The cells that a cell needs at the same instant."""
    keys: dict[CellKey, None] = {}
    for value in parts_first(cell.value, lambda v: v.parts):
        match value.form:
            case "primed":
                keys[("updated", value.data)] = None
            case "started":
                keys[("started", value.data)] = keys[("updated", value.data)] = None
            case "gather" if value.data[0] != "latest":
                keys[("updated", cells.memories[value].name)] = None
            case _:
                pass
    return [key for key in keys if key in cells.of and key != cell.key]
