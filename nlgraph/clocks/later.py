"""Values that only a later call could decide.

A gather over a window longer than a call is known when its window ends. Whoever reads it at a
faster clock, other than by `prev`, would need the inputs of calls to come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.clocks import errors
from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, SignalId
from nlgraph.system.model import Expr, Gather, Grad, Prev, SignalRead, Slice
from nlgraph.system.walk import children


def check_later(clocked: Clocked, report: Report) -> None:
    """Report each read of a window that ends after the call under way."""
    if not any(_is_long(clocked, gather) for gather in clocked.windows):
        return
    late = _late_signals(clocked)
    for statement, clock in _statements(clocked):
        for found in _reads(clocked, statement, clock, seen=set()):
            window = found.window if found.window is not None else late.get(found.signal)
            if window is None:
                continue
            if clocked.durations[found.at] < clocked.durations[window]:
                reader = (statement, found.at)
                report.add(errors.later(found.expr, window, reader, clocked.equations))


@dataclass(frozen=True, slots=True)
class _Found:
    """A read at a clock: of a gather over a long window, or of a signal."""

    expr: Expr
    at: ClockId
    window: ClockId | None
    signal: SignalId | None


def _is_long(clocked: Clocked, gather: Gather) -> bool:
    value = clocked.duration(clocked.timings[gather.value].clock)
    window = clocked.durations[clocked.windows[gather]]
    return value is not None and window > max(value, Fraction(1))


def _statements(clocked: Clocked) -> Iterator[tuple[Expr, ClockId]]:
    equations = clocked.equations
    for signal in equations.signals.values():
        clock = clocked.signals[signal.id].clock
        if clock is not None:
            yield signal.value, clock
    for state in equations.states.values():
        clock = clocked.components[state.component]
        if state.update is not None and clock is not None:
            yield state.update, clock
    for result in equations.results:
        yield result.value, clocked.timings[result.value].clock or equations.root


def _late_signals(clocked: Clocked) -> Mapping[SignalId | None, ClockId]:
    """The longest window that each signal waits for."""
    late: dict[SignalId | None, ClockId] = {}
    readers: dict[SignalId, list[SignalId]] = {}
    for signal in clocked.equations.signals.values():
        clock = clocked.signals[signal.id].clock
        if clock is None:
            continue
        for found in _reads(clocked, signal.value, clock, seen=set()):
            if found.signal is not None:
                readers.setdefault(found.signal, []).append(signal.id)
            elif found.window is not None:
                _raise(clocked, late, signal.id, found.window)
    queue = [name for name in late if name is not None]
    while queue:
        name = queue.pop()
        queue.extend(r for r in readers.get(name, ()) if _raise(clocked, late, r, late[name]))
    return late


def _raise(
    clocked: Clocked, late: dict[SignalId | None, ClockId], name: SignalId, window: ClockId
) -> bool:
    known = late.get(name)
    if known is not None and clocked.durations[known] >= clocked.durations[window]:
        return False
    late[name] = window
    return True


def _reads(
    clocked: Clocked, root: Expr, clock: ClockId, seen: set[tuple[Expr, ClockId]]
) -> Iterator[_Found]:
    """What a statement reads, each at the clock at which it is asked for."""
    stack = [(root, clock)]
    while stack:
        expr, at = stack.pop()
        if (expr, at) in seen:
            continue
        seen.add((expr, at))
        match expr:
            case SignalRead(signal=signal):
                yield _Found(expr, at, None, signal)
            case Gather(value=value):
                if _is_long(clocked, expr):
                    yield _Found(expr, at, clocked.windows[expr], None)
                stack.append((value, clocked.timings[value].clock or at))
            case Grad(value=value, at=points):
                inner = clocked.timings[expr].clock or at
                stack.extend((part, inner) for part in (value, *points))
            case Slice(value=value):
                stack.append((value, expr.clock))
            case Prev(init=init):
                stack.append((init, at))
            case _:
                stack.extend((part, at) for part in children(expr))
