"""Which cells run together: one unit for each clock, or several where a path switches clocks.

A unit runs whenever its clock ticks, with whatever else ticks then. So units must be free of cycles
on any tick: a cell that needs one of a slower clock, or of a clock beside its own, stands in a later
stratum than that one. Strata run in order, and in each the faster clocks first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nlgraph.schedule.cells import Cell, CellKey, Cells
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.values import Period, parts_first


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
    needs = {key: tuple(_needs(cells, motion, cell)) for key, cell in cells.of.items()}
    strata: dict[CellKey, int] = {}
    for root in cells.of:
        stack = [root]
        while stack:
            key = stack[-1]
            if key in strata:
                stack.pop()
                continue
            missing = [need for need in needs[key] if need not in strata]
            if missing:
                assert len(stack) <= len(needs), f"{key} needs itself"
                stack.extend(missing)
                continue
            period = cells.of[key].period
            strata[key] = max(
                (strata[n] + (period % cells.of[n].period != 0) for n in needs[key]), default=0
            )
            stack.pop()
    return strata


def _needs(cells: Cells, motion: Motion, cell: Cell) -> Iterable[CellKey]:
    """The cells that a cell needs at the same instant."""
    keys: dict[CellKey, None] = {}
    for value in parts_first(cell.value, lambda v: motion.needs(v, active=lambda _: True)):
        match value.form:
            case "primed":
                keys[("updated", value.data)] = None
            case "started":
                keys[("started", value.data)] = keys[("updated", value.data)] = None
            case "gather" if value in cells.memories:
                keys[("updated", cells.memories[value].name)] = None
            case _:
                pass
    return [key for key in keys if key in cells.of and key != cell.key]
