"""What is known only at the end of several root ticks, and who reads it sooner.

A call runs one root tick, so that a gather over 16 of them has a value at every sixteenth only.
By the language a faster reader sees the value of the whole window from its start; such a reader
cannot be run, and is found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.module import errors
from nlgraph.reference.plan import Plan
from nlgraph.system.ids import SignalId
from nlgraph.system.model import Expr, Gather, Prev, SignalRead, StateRead
from nlgraph.system.walk import children, postorder

_Late = Mapping[Fraction, Expr]
"""The ticks at whose end parts of a value are known, each with such a part."""


def late_reads(plan: Plan) -> Iterator[Diagnostic]:
    """A diagnostic for each value that is read before its window has ended."""
    signals = _late_signals(plan)
    for value, period in _readers(plan):
        for late, part in _late(plan, value, signals).items():
            if late > 1 and period % late:
                yield errors.not_there_yet(late, period, plan.equations.root, part.origin)


def _readers(plan: Plan) -> Iterator[tuple[Expr, Fraction]]:
    """What is computed by itself, each with the time between two computations."""
    for state in plan.equations.states.values():
        period, reset = plan.period(state.id), plan.reset_period(state.id)
        if state.update is not None and period is not None:
            yield state.update, period
        if state.reset is not None and state.reset.to is not None and reset is not None:
            yield state.reset.to, reset
    for result in plan.equations.results:
        yield result.value, plan.span(result.value) or Fraction(1)
    for expr in postorder(plan.statements()):
        if isinstance(expr, Prev) or (isinstance(expr, Gather) and plan.gathers(expr)):
            yield expr.value, plan.span(expr.value) or Fraction(1)


def _late_signals(plan: Plan) -> dict[SignalId, _Late]:
    """What is late of each signal."""
    found: dict[SignalId, _Late] = {}
    primed: dict[SignalId, Expr | None] = {}
    for signal in plan.signals_in_order():
        value = plan.equations.signals[signal].value
        timing = plan.clocked.signals[signal]
        late = dict(_late(plan, value, found))
        prime = _primed_read(plan, value, primed)
        primed[signal] = prime
        if timing.stream and timing.clock is not None and prime is not None:
            # A stream has one value in all of its tick, and a state is updated at its end.
            late.setdefault(plan.clocked.durations[timing.clock], prime)
        found[signal] = late
    return found


def _late(plan: Plan, value: Expr, signals: Mapping[SignalId, _Late]) -> _Late:
    late: dict[Fraction, Expr] = {}
    for expr in _at_once(plan, value):
        if isinstance(expr, Gather) and plan.gathers(expr):
            late.setdefault(plan.clocked.durations[plan.clocked.windows[expr]], expr)
        elif isinstance(expr, SignalRead):
            for period in signals.get(expr.signal, {}):
                late.setdefault(period, expr)
    return late


def _primed_read(plan: Plan, value: Expr, signals: Mapping[SignalId, Expr | None]) -> Expr | None:
    for expr in _at_once(plan, value):
        if isinstance(expr, StateRead) and expr.primed:
            return expr
        if isinstance(expr, SignalRead) and not plan.clocked.signals[expr.signal].stream:
            inner = signals.get(expr.signal)
            if inner is not None:
                return inner
    return None


def _at_once(plan: Plan, value: Expr) -> Iterator[Expr]:
    """The parts of an expression that are read when it is: not those inside gathers and delays."""
    stack, seen = [value], {id(value)}
    while stack:
        expr = stack.pop()
        yield expr
        if isinstance(expr, Gather) and plan.gathers(expr):
            continue
        parts = (expr.init,) if isinstance(expr, Prev) else children(expr)
        for part in parts:
            if id(part) not in seen:
                seen.add(id(part))
                stack.append(part)
