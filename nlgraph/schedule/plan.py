"""From shaped equations to a schedule."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schedule.cells import collect_cells
from nlgraph.schedule.evaluate import Evaluator
from nlgraph.schedule.firing import group_cells
from nlgraph.schedule.gradients import Gradients
from nlgraph.schedule.model import Schedule
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.naming import window_name
from nlgraph.schedule.value import Period
from nlgraph.schedule.values import Values
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId, SignalId
from nlgraph.system.model import Gather


def make_schedule(
    shaped: Shaped,
    report: Report,
    *,
    watch: tuple[str, ...] = (),
    learning: bool = True,
    steps: Schedule | None = None,
) -> Schedule:
    """The schedule of a step or, where `learning` is false, of a call that updates nothing.

    Such a call reads the memories of the schedule `steps`; without it, those of the plain one.
    The root tick must be the shortest of all. What cannot be scheduled is reported; the result is
    then of no use.
    """
    windows: Mapping[Gather, str] | None = None
    if not learning:
        windows = (steps or make_schedule(shaped, report)).windows
    values = Values(shaped, report, windows)
    gradients = Gradients(values)
    motion = Motion(values, gradients.rewrite)
    cells = collect_cells(values, motion, gradients, tuple(SignalId(name) for name in watch))
    evaluators: list[Evaluator] = []
    for group in group_cells(cells, motion):
        clock = _clock(values, group.period)
        evaluators.append(Evaluator(values, motion, cells, group, clock, tuple(evaluators)))
        evaluators[-1].write()
    units = tuple(evaluator.draft.close() for evaluator in evaluators)
    memories = tuple(memory for _, memory in cells.by_name.values())
    names = {
        expr: window_name(values, gradients.rewrite(value))
        for expr, value in values.gathers.items()
    }
    return Schedule(units, memories, _bound_dims(shaped), names)


def _clock(values: Values, period: Period) -> ClockId:
    """The clock of a period: the first that the file has."""
    for clock in values.clocked.durations:
        if values.period(clock) == period:
            return clock
    return values.equations.root


def _bound_dims(shaped: Shaped) -> tuple[str, ...]:
    """The dimensions whose sizes a call binds."""
    dims = shaped.clocked.equations.dims
    return tuple(name for name, size in dims.items() if size is None)
