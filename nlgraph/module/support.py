"""Whether a system can be executed: the first place of the file that cannot, if any."""

from __future__ import annotations

from collections.abc import Iterator

from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.module import errors
from nlgraph.module.backends import WHOLE_LANGUAGE
from nlgraph.module.lateness import late_reads
from nlgraph.ops.op import registry
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId
from nlgraph.system.model import (
    Call,
    ClockDef,
    Draw,
)
from nlgraph.system.walk import postorder


def find_unsupported(shaped: Shaped, backend: str) -> Diagnostic | None:
    """What a backend cannot execute yet, at the first place of the file; None where it can all.

    But for a backend of `WHOLE_LANGUAGE`, of two clocks inside a root tick one must be faster; what
    else it refuses is known when it schedules. For all, a value that a window of several root ticks
    brings is there at its end, and read no sooner; and every extern component has its module.
    """
    plan = Plan(shaped)
    report = Report()
    found = [*_unbound(shaped), *late_reads(plan), *_draws(plan)]
    if backend not in WHOLE_LANGUAGE:
        found += [errors.beside(one, other) for one, other in _beside(shaped)]
    for diagnostic in found:
        report.add(diagnostic)
    return next(iter(report.errors), None)


def find_own_code(shaped: Shaped) -> Diagnostic | None:
    """The first place of the file that runs code of the user's: a module or a function; or None.

    Such a system runs where that code is, and nowhere else.
    """
    report = Report()
    for component in shaped.clocked.equations.components.values():
        if component.extern is not None:
            report.add(errors.own_code(component.id, "a module", component.origin))
    for expr in postorder(Plan(shaped).statements()):
        if isinstance(expr, Call) and not isinstance(registry()[expr.op].target, str):
            report.add(errors.own_code(expr.op, "a function", expr.origin))
    return next(iter(report.errors), None)


def _unbound(shaped: Shaped) -> Iterator[Diagnostic]:
    for component in shaped.clocked.equations.components.values():
        if component.extern is not None and component.extern.module is None:
            yield errors.unbound_module(component.id, component.origin)


def _beside(shaped: Shaped) -> Iterator[tuple[ClockDef, ClockDef]]:
    """Pairs of clocks that a system uses inside its unit of time, and that tick beside each other.

    Neither of them is made of whole ticks of the other.
    """
    clocked = shaped.clocked
    equations = clocked.equations
    used: dict[ClockId | None, None] = dict.fromkeys(t.clock for t in clocked.timings.values())
    used |= dict.fromkeys(clocked.components.values())
    used |= dict.fromkeys(clocked.windows.values())
    used |= dict.fromkeys(i.clock for i in equations.inputs.values())
    used |= dict.fromkeys(s.reset.clock for s in equations.states.values() if s.reset)
    inside = [c for c in used if c is not None and clocked.durations[c] < 1]
    for index, clock in enumerate(inside):
        length = clocked.durations[clock]
        for other in inside[:index]:
            ratio = max(length, clocked.durations[other]) / min(length, clocked.durations[other])
            if ratio.denominator != 1:
                yield equations.clocks[other], equations.clocks[clock]


def _draws(plan: Plan) -> Iterator[Diagnostic]:
    for (expr, _), type_ in plan.shaped.types.items():
        dims = () if type_ is None else type_.dims
        if isinstance(expr, Draw) and any(d.name is None and d.size is None for d in dims):
            yield errors.unknown_length(expr.origin)
