"""What is known only at the end of several root ticks, and who reads it sooner.

A call runs one root tick, so that a gather over 16 of them has a value at every sixteenth only.
By the language a faster reader sees the value of the whole window from its start; such a reader
cannot be run, and is found here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.module import errors
from nlgraph.reference.plan import Plan
from nlgraph.system.ids import SignalId
from nlgraph.system.model import Expr, Gather, Prev, SignalRead, StateRead
from nlgraph.system.walk import children, postorder

_Late = Mapping[Fraction, Expr]
"""The ticks at whose end parts of a value are known, each with such a part."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What is read at once with a value: what is late of it, and an updated state, if any."""

    late: _Late
    primed: Expr | None


_NOTHING = _Read({}, None)


def late_reads(plan: Plan) -> Iterator[Diagnostic]:
    """A diagnostic for each value that is read before its window has ended."""
    signals = _signals(plan)
    found: dict[Expr, _Read] = {}
    for value, period in _readers(plan):
        for late, part in _read(plan, value, signals, found).late.items():
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


def _signals(plan: Plan) -> Mapping[SignalId, _Read]:
    """What is read at once with each signal."""
    signals: dict[SignalId, _Read] = {}
    found: dict[Expr, _Read] = {}
    for signal in plan.signals_in_order():
        read = _read(plan, plan.equations.signals[signal].value, signals, found)
        timing = plan.clocked.signals[signal]
        if timing.stream and timing.clock is not None and read.primed is not None:
            # A stream has one value in all of its tick, and a state is updated at its end.
            late = {plan.clocked.durations[timing.clock]: read.primed, **read.late}
            read = _Read(late, read.primed)
        signals[signal] = read
    return signals


def _read(
    plan: Plan, value: Expr, signals: Mapping[SignalId, _Read], found: dict[Expr, _Read]
) -> _Read:
    """What is read at once with a value; `found` keeps that of all its parts."""
    stack = [value]
    while stack:
        expr = stack[-1]
        if expr in found:
            stack.pop()
            continue
        parts = _at_once(plan, expr)
        missing = [part for part in parts if part not in found]
        if missing:
            stack.extend(missing)
            continue
        found[expr] = _together([_own(plan, expr, signals), *(found[part] for part in parts)])
        stack.pop()
    return found[value]


def _own(plan: Plan, expr: Expr, signals: Mapping[SignalId, _Read]) -> _Read:
    """What an expression reads itself."""
    match expr:
        case Gather() if plan.gathers(expr):
            return _Read({plan.clocked.durations[plan.clocked.windows[expr]]: expr}, None)
        case StateRead(primed=True):
            return _Read({}, expr)
        case SignalRead(signal=signal):
            of = signals.get(signal, _NOTHING)
            primed = None if plan.clocked.signals[signal].stream else of.primed
            return _Read(dict.fromkeys(of.late, expr), primed) if of.late or primed else _NOTHING
        case _:
            return _NOTHING


def _together(reads: Iterable[_Read]) -> _Read:
    """All of these; the first of those of one length of time."""
    some = [read for read in reads if read.late or read.primed is not None]
    if len(some) <= 1:
        return some[0] if some else _NOTHING
    late: dict[Fraction, Expr] = {}
    for read in some:
        for period, expr in read.late.items():
            late.setdefault(period, expr)
    return _Read(late, next((read.primed for read in some if read.primed is not None), None))


def _at_once(plan: Plan, expr: Expr) -> tuple[Expr, ...]:
    """The parts that are read when an expression is: not those inside gathers and delays."""
    if isinstance(expr, Gather) and plan.gathers(expr):
        return ()
    return (expr.init,) if isinstance(expr, Prev) else children(expr)
