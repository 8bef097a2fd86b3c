"""What is legal and most often a mistake; all of these are warnings."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.clocks import errors_of_oversights as errors
from nlgraph.clocks.reads import Node, Reads, node_of
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import SignalId
from nlgraph.system.model import (
    Call,
    Component,
    Draw,
    Expr,
    InputRead,
    Signal,
    SignalRead,
    StateRead,
)
from nlgraph.system.walk import postorder
from nlgraph.text.span import Span


def find_oversights(reads: Reads, report: Report) -> None:
    """Warn of what is never read, updated or minimized, and of outputs without an input."""
    equations = reads.clocked.equations
    used = _used(reads)
    for name, input_ in equations.inputs.items():
        if name not in used:
            report.add(errors.unread("input", name, input_.origin))
    minimized = _minimized(reads)
    shown = {result.origin.span for result in equations.results}
    for signals in _written_once(equations.signals.values()):
        first = signals[0]
        is_metric = first.origin.span in shown
        if _is_loss(first) and not is_metric and not any(s.id in minimized for s in signals):
            report.add(errors.not_minimized(first))
        elif not any(s.id in used for s in signals):
            report.add(errors.unread("signal", first.id, first.origin))
    for component in equations.components.values():
        if _is_never_updated(component, reads):
            report.add(errors.never_updated(component))
    fed = _fed(reads)
    for result in equations.results:
        if result.kind == "output" and result.value not in fed:
            report.add(errors.without_input(result))


def _used(reads: Reads) -> set[str]:
    """The inputs and signals that anything reads, or differentiates by."""
    used: set[str] = set()
    for found in reads.of.values():
        for read in found:
            if isinstance(read.expr, InputRead):
                used.add(read.expr.input)
            elif isinstance(read.expr, SignalRead):
                used.add(read.expr.signal)
            if read.gradient is not None:
                used.update(t.signal for t in read.gradient.targets if isinstance(t, SignalRead))
    return used


def _minimized(reads: Reads) -> set[SignalId]:
    """The signals that an objective reads, itself or through others."""
    starts = [node_of(r.expr) for found in reads.of.values() for r in found if r.gradient]
    seen: set[Node] = set(starts)
    stack: list[Node] = list(seen)
    while stack:
        for read in reads.of.get(stack.pop(), ()):
            node = node_of(read.expr)
            if node not in seen:
                seen.add(node)
                stack.append(node)
    return {SignalId(node[1]) for node in seen if isinstance(node, tuple) and node[0] == "signal"}


def _fed(reads: Reads) -> set[Node]:
    """The nodes that depend on an input, also by way of what states have learned."""
    readers: dict[Node, list[Node]] = {}
    fed: set[Node] = set()
    for node, found in reads.of.items():
        for read in found:
            match read.expr:
                case InputRead():
                    fed.add(node)
                case StateRead(state=state):
                    readers.setdefault(("update", state), []).append(node)
                    readers.setdefault(("reset", state), []).append(node)
                case expr:
                    readers.setdefault(node_of(expr), []).append(node)
    stack = list(fed)
    while stack:
        for node in readers.get(stack.pop(), ()):
            if node not in fed:
                fed.add(node)
                stack.append(node)
    return fed


def _written_once(signals: Iterable[Signal]) -> Iterable[list[Signal]]:
    """Signals by the place where they are written: a `for` or a block makes several of one."""
    places: dict[Span, list[Signal]] = {}
    for signal in signals:
        places.setdefault(signal.origin.span, []).append(signal)
    return places.values()


_LOSSES = frozenset({"cross_entropy", "mse", "l1", "huber", "bce", "kl"})


def _is_loss(signal: Signal) -> bool:
    name = signal.id.rpartition(".")[2].partition("[")[0]
    named = name == "loss" or name.endswith("_loss")
    return named or (isinstance(signal.value, Call) and signal.value.op in _LOSSES)


def _is_never_updated(component: Component, reads: Reads) -> bool:
    states = [reads.clocked.equations.states[name] for name in component.states]
    inits: list[Expr] = [state.init for state in states]
    return all(state.update is None and state.reset is None for state in states) and any(
        isinstance(expr, Draw) and expr.kind not in ("eye", "given") for expr in postorder(inits)
    )
