"""Every read across clocks says which value it means; every window is whole ticks.

A reader may read what is as slow as itself, or slower: it is held. A faster stream must be
gathered, a faster state gathered or primed; what is beside the reader has no value for it, but for
a primed state.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from nlgraph.clocks import errors
from nlgraph.clocks.model import Clocked, Timing
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.system.ids import ClockId
from nlgraph.system.model import (
    Component,
    Expr,
    Gather,
    Grad,
    InputRead,
    Item,
    Prev,
    SignalRead,
    Slice,
    State,
    StateRead,
    Tick,
)
from nlgraph.system.walk import children


def check_gathers(clocked: Clocked, report: Report) -> None:
    """Report reads across clocks without a gather or a prime, and windows of broken ticks."""
    for expr in clocked.timings:
        if isinstance(expr, Gather):
            _check_window(clocked, expr, report)
        elif isinstance(expr, Slice):
            _check_slice(clocked, expr, report)
    readers: dict[Fraction, _Reader] = {}
    for state in clocked.equations.states.values():
        _check_state(clocked, state, readers, report)
    _check_results(clocked, report)


def _is_whole(clocked: Clocked, slow: ClockId, fast: ClockId) -> bool:
    """Whether a tick of one clock is whole ticks of another."""
    return slow == fast or (clocked.durations[slow] / clocked.durations[fast]).denominator == 1


def _check_window(clocked: Clocked, gather: Gather, report: Report) -> None:
    own, window = clocked.timings[gather.value].clock, clocked.windows.get(gather)
    if own is None or window is None:
        return
    if _is_whole(clocked, window, own) or _is_whole(clocked, own, window):
        return
    report.add(errors.odd_window(gather, own, window, clocked.equations))


def _check_slice(clocked: Clocked, slice_: Slice, report: Report) -> None:
    definition = clocked.equations.clocks.get(slice_.clock)
    if definition is None or clocked.timings[slice_].clock is None:
        return
    if definition.kind != "along" or definition.parent is None:
        return  # the value has no such dimension, which is a fault of its shape
    own = clocked.timings[slice_.value]
    fits = own.clock is None or not own.stream or _is_whole(clocked, own.clock, definition.parent)
    if own.clock is not None and not fits:
        report.add(errors.fast_slice(slice_, own.clock, clocked.equations))


def _check_state(
    clocked: Clocked, state: State, readers: dict[Fraction, _Reader], report: Report
) -> None:
    component = clocked.equations.components[state.component]
    clock = clocked.components[state.component]
    if clock is None or state.update is None:
        return
    if clocked.timings[state.update].clock is not None:
        reader = readers.setdefault(clocked.durations[clock], _Reader(clocked, clock))
        for read in reader.faults(state.update):
            report.add(_fault(clocked, read, component, clock))
    reset = state.reset
    if reset is None or reset.clock not in clocked.durations:
        return
    if not _is_whole(clocked, reset.clock, clock):
        report.add(errors.odd_reset(state, reset, clock, clocked.equations))
    if reset.to is not None:
        # Which of a state's values is meant needs no prime here: that with which it goes on.
        reader = _Reader(clocked, reset.clock)
        for read in reader.faults(reset.to):
            if clocked.timings[read].stream:
                report.add(_fault(clocked, read, component, reset.clock))


def _fault(clocked: Clocked, read: Expr, component: Component, clock: ClockId) -> Diagnostic:
    own = clocked.timings[read]
    assert own.clock is not None, "what never changes is read by all"
    equations = clocked.equations
    is_beside = not _is_whole(clocked, clock, own.clock)
    if not _has_ticks(own, read):
        return errors.unprimed((read, own.clock), component, clock, equations, is_beside=is_beside)
    if is_beside:
        return errors.beside_reader((read, own.clock), component, clock, equations)
    count = clocked.durations[clock] / clocked.durations[own.clock]
    return errors.ungathered((read, own.clock), component, clock, count, equations)


def _check_results(clocked: Clocked, report: Report) -> None:
    root = clocked.equations.root
    for result in clocked.equations.results:
        for read in _Reader(clocked, root).faults(result.value):
            own = clocked.timings[read]
            assert own.clock is not None, "what never changes is read by all"
            found = (read, own.clock)
            report.add(
                errors.fast_result(
                    result.name, found, root, clocked.equations, is_stream=_has_ticks(own, read)
                )
            )


@dataclass(slots=True)
class _Reader:
    """All that reads at one clock; each expression is looked at once."""

    clocked: Clocked
    clock: ClockId
    seen: set[Expr] = field(default_factory=set)

    def faults(self, root: Expr) -> Iterator[Expr]:
        """The reads under an expression that this clock cannot make as they stand."""
        stack = [root]
        while stack:
            expr = stack.pop()
            if expr in self.seen:
                continue
            self.seen.add(expr)
            if not isinstance(expr, _READS):
                stack.extend(children(expr))
                continue
            own = self.clocked.timings[expr]
            if own.clock is None or _is_whole(self.clocked, own.clock, self.clock):
                continue
            if _has_ticks(own, expr) or (isinstance(expr, StateRead) and not expr.primed):
                yield expr
            elif isinstance(expr, SignalRead):
                # What reads states only is read like a state.
                stack.append(self.clocked.equations.signals[expr.signal].value)
            else:
                stack.extend(children(expr))


def _has_ticks(timing: Timing, read: Expr) -> bool:
    """Whether a read has one value in each tick: a stream, or what any value was a tick before."""
    return timing.stream or isinstance(read, Prev)


_READS = (InputRead, SignalRead, StateRead, Tick, Slice, Gather, Grad, Item, Prev)
