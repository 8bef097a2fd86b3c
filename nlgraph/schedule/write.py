"""Write the units of a schedule, in an order in which they can run."""

from __future__ import annotations

from dataclasses import replace

from nlgraph.schedule.cells import Cells
from nlgraph.schedule.evaluate import Evaluator
from nlgraph.schedule.firing import group_cells
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.values import Values


def write_units(values: Values, motion: Motion, cells: Cells) -> tuple[Evaluator, ...]:
    """What wrote each unit; cells that a window gives which is run again stand in none."""
    evaluators: tuple[Evaluator, ...] = ()
    for group in group_cells(cells, motion):
        members = tuple(cell for cell in group.cells if cell.key not in cells.replayed)
        if members:
            group = replace(group, cells=members)
            clock = values.clock_of(group.period)
            evaluators = (*evaluators, Evaluator(values, motion, cells, group, clock, evaluators))
            evaluators[-1].write()
    return evaluators
