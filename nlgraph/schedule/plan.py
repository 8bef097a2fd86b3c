"""From shaped equations to a schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schedule import errors
from nlgraph.schedule.cells import CellKey, Cells, Replayed, collect_cells, remember
from nlgraph.schedule.firing import Group
from nlgraph.schedule.gradients import Gradients
from nlgraph.schedule.kept import check_kept
from nlgraph.schedule.model import Schedule, Unit
from nlgraph.schedule.moving import Motion
from nlgraph.schedule.naming import window_name
from nlgraph.schedule.replay import Replay, replay
from nlgraph.schedule.value import Period
from nlgraph.schedule.values import Values
from nlgraph.schedule.write import write_units
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import SignalId
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
    replays = _replays(shaped, values, cells)
    for gather in dict.fromkeys(gather for found in replays for gather in found.kept):
        remember(values, cells, gather)
    evaluators = write_units(values, motion, cells)
    units = [evaluator.draft.close() for evaluator in evaluators]
    units = _with_replays(units, [evaluator.group for evaluator in evaluators], replays)
    check_kept(((memory, of.origin) for of, memory in cells.by_name.values()), report)
    memories = tuple(memory for _, memory in cells.by_name.values())
    memories += tuple(memory for found in replays for memory in found.memories)
    names = {
        expr: window_name(values, gradients.rewrite(value))
        for expr, value in values.gathers.items()
    }
    return Schedule(tuple(units), memories, _bound_dims(shaped), names)


def _replays(shaped: Shaped, values: Values, cells: Cells) -> list[Replay]:
    """What runs windows again, the longest first: shorter ones may read what those give."""
    windows: dict[Period, dict[CellKey, Replayed]] = {}
    for key, found in cells.replayed.items():
        windows.setdefault(found.window, {})[key] = found
    if not values.learning:
        for found in cells.replayed.values():
            values.report.add(errors.replayed_in_call(found.gradient, found.why))
        return []
    return [
        replay(shaped, values, int(window), windows[window])
        for window in sorted(windows, reverse=True)
    ]


def _with_replays(
    units: Sequence[Unit], groups: Sequence[Group], replays: Sequence[Replay]
) -> list[Unit]:
    """All units in an order in which they can run.

    A window is run again behind all that ticks faster and keeps it, and before all that reads
    what it gives.
    """
    order: list[tuple[int, int]] = [(-1, index) for index in range(len(units))]
    for number, found in enumerate(replays):
        if found.units:
            window = found.units[0].period
            place = next(
                (
                    place
                    for place, (owner, index) in enumerate(order)
                    if owner < 0 and (groups[index].stratum or groups[index].period >= window)
                ),
                len(order),
            )
            order[place:place] = [(number, index) for index in range(len(found.units))]
    places = {unit: place for place, unit in enumerate(order)}
    numbered: list[Unit] = []
    for owner, index in order:
        unit = units[index] if owner < 0 else replays[owner].units[index]
        numbered.append(_renumbered(unit, {i: p for (of, i), p in places.items() if of == owner}))
    return numbered


def _renumbered(unit: Unit, places: Mapping[int, int]) -> Unit:
    """A unit that knows others by new numbers."""
    inputs = tuple(
        replace(source, unit=places[source.unit]) if source.kind == "value" else source
        for source in unit.inputs
    )
    return replace(unit, inputs=inputs)


def _bound_dims(shaped: Shaped) -> tuple[str, ...]:
    """The dimensions whose sizes a call binds."""
    dims = shaped.clocked.equations.dims
    return tuple(name for name, size in dims.items() if size is None)
