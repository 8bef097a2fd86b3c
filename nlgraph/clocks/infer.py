"""A clock for everything: language.md, section "Time", as the judgement that follows.

an input, a slice, `tick(clock)`   has the clock that is named
a state, primed or not             that of its component
a signal                           that of its expression
a gather                           that to which it gathers
a draw                             that of its statement
anything else                      the fastest clock of its parts
an unstated component              the slowest that is no slower than what its updates read
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from nlgraph.clocks import errors
from nlgraph.clocks.model import Clocked
from nlgraph.clocks.periods import Periods, enclosing, find_periods, innermost
from nlgraph.clocks.solve import Solution, solve
from nlgraph.clocks.timings import Timer, time_expressions
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, ComponentId
from nlgraph.system.model import Equations


def infer_clocks(equations: Equations, report: Report) -> Clocked:
    """Find the clock of every component, signal, gather and expression.

    Reports clocks that are defined by themselves, periods that do not divide the tick in which
    they lie, and expressions that have no clock, since their parts are beside each other.
    """
    periods = find_periods(equations, report)
    _check_counts(equations, periods, report)
    solution = solve(equations, periods)
    for group in solution.faults:
        component = equations.components[group]
        report.add(errors.clock_cycle(((group, component.origin),)))
    components = _components(equations, periods, solution)
    durations = _durations(periods, solution)
    _check_divisions(equations, components, durations, periods, report)
    timed = Timer(equations, periods, solution, components, durations, report)
    time_expressions(timed)
    return Clocked(
        equations=equations,
        durations=durations,
        components=components,
        signals=timed.signals,
        timings=timed.timings,
        windows=timed.windows,
    )


def _components(
    equations: Equations, periods: Periods, solution: Solution
) -> dict[ComponentId, ClockId | None]:
    clocks: dict[ComponentId, ClockId | None] = {}
    for name in equations.components:
        period = periods.components[name]
        if name not in periods.updated or name in periods.lost:
            clocks[name] = None
        elif period.clock is not None:
            clocks[name] = period.clock
        else:
            assert period.group is not None, "a period is that of a clock or of a group"
            clocks[name] = solution.groups[period.group][1]
    return clocks


def _durations(periods: Periods, solution: Solution) -> dict[ClockId, Fraction]:
    durations: dict[ClockId, Fraction] = {}
    for clock, period in periods.clocks.items():
        found = None if period.group is None else solution.groups.get(period.group)
        durations[clock] = period.factor if found is None else period.factor * found[0]
    return durations


def _check_counts(equations: Equations, periods: Periods, report: Report) -> None:
    for definition in equations.clocks.values():
        counted = definition.parent_component
        if counted is None or counted in periods.updated:
            continue
        component = equations.components[counted]
        # One without any state may be so because of a fault in it.
        if component.states or not report.errors:
            report.add(errors.counts_frozen(definition, component))


def _check_divisions(
    equations: Equations,
    components: Mapping[ComponentId, ClockId | None],
    durations: Mapping[ClockId, Fraction],
    periods: Periods,
    report: Report,
) -> None:
    """A clock made of a clock inside a tick starts anew with that tick, so it must divide it."""
    for clock, definition in equations.clocks.items():
        around = enclosing(clock, equations, components)
        if definition.kind != "multiple" or around is None or clock in periods.lost:
            continue
        unit = innermost(clock, equations, components)
        ticks = durations[around] / durations[unit.id]
        period = durations[clock] / durations[unit.id]
        if (ticks / period).denominator != 1:
            report.add(errors.not_dividing(definition, period, unit, ticks))
