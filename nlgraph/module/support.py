"""Whether a system can be executed: the first place of the file that cannot, if any."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from fractions import Fraction

from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.module import errors
from nlgraph.module.backends import WHOLE_LANGUAGE
from nlgraph.module.lateness import late_reads
from nlgraph.ops.op import registry
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId, SignalId, StateId
from nlgraph.system.model import (
    Call,
    Draw,
    Expr,
    Grad,
    SignalRead,
    StateRead,
    With,
)
from nlgraph.system.walk import postorder


def find_unsupported(shaped: Shaped, backend: str) -> Diagnostic | None:
    """What a backend cannot execute yet, at the first place of the file; None where it can all.

    But for a backend of `WHOLE_LANGUAGE`, of two clocks inside a root tick one must be faster, and
    no gradient may flow through updates between two resets that are several root ticks apart; what
    else it refuses is known when it schedules. For all, a value that a window of several root ticks
    brings is there at its end, and read no sooner; and every extern component has its module.
    """
    plan = Plan(shaped)
    report = Report()
    found = [*_unbound(shaped), *late_reads(plan), *_draws(plan)]
    if backend not in WHOLE_LANGUAGE:
        found += [*_inner_clocks(shaped), *_resets_in_gradients(plan)]
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


def _inner_clocks(shaped: Shaped) -> Iterator[Diagnostic]:
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
                yield errors.beside(equations.clocks[other], equations.clocks[clock])


def _resets_in_gradients(plan: Plan) -> Iterator[Diagnostic]:
    for expr in postorder(plan.statements()):
        if not isinstance(expr, Grad | With):
            continue
        living = plan.living(plan.span(expr.value)) - plan.living(Fraction(1))
        state = _first_read(plan, expr.value, living)
        if state is not None:
            reset = plan.equations.states[state].reset
            assert reset is not None, "what lives inside a tick is reset"
            yield errors.reset_in_gradient(state, reset, expr.origin)


def _first_read(plan: Plan, value: Expr, states: frozenset[StateId]) -> StateId | None:
    """A state among these that is read, over signals and what lives within root ticks."""
    if not states:
        return None
    queue = deque([value])
    seen: set[int] = set()
    signals: set[SignalId] = set()
    passed: set[StateId] = set()
    within = plan.living(Fraction(1))
    while queue:
        for expr in postorder([queue.popleft()], seen):
            match expr:
                case StateRead(state=state) if state in states:
                    return state
                case SignalRead(signal=signal) if signal not in signals:
                    signals.add(signal)
                    queue.append(plan.equations.signals[signal].value)
                case StateRead(state=state) if state in within and state not in passed:
                    passed.add(state)
                    found = plan.equations.states[state]
                    to = None if found.reset is None else found.reset.to
                    queue.extend(part for part in (found.update, to) if part is not None)
    return None


def _draws(plan: Plan) -> Iterator[Diagnostic]:
    for (expr, _), type_ in plan.shaped.types.items():
        dims = () if type_ is None else type_.dims
        if isinstance(expr, Draw) and any(d.name is None and d.size is None for d in dims):
            yield errors.unknown_length(expr.origin)
