"""No value may need itself at once.

A value needs at once whatever it reads without a delay. An unprimed state and `prev` are delays of
one tick of their clock, but not for a gather to a clock slower than that, which sees all of its
window. So a cycle is a fault if some window on it is longer than every delay on it, or if it has
no delay at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from nlgraph.clocks import errors
from nlgraph.clocks.graphs import knots, way
from nlgraph.clocks.model import Clocked
from nlgraph.clocks.reads import Node, Read, Reads, find_reads, node_of
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, SignalId, StateId
from nlgraph.system.model import Equations, Expr, InputRead, StateRead
from nlgraph.system.walk import postorder
from nlgraph.text.span import Origin


def check_causality(clocked: Clocked, report: Report, reads: Reads | None = None) -> None:
    """Report each cycle without a delay, step by step."""
    _check_needs(reads or find_reads(clocked), report)
    _check_resets(clocked.equations, report)


def needs_of(reads: Reads, node: Node) -> Iterator[tuple[Node, int, Read]]:
    """What a node leads to: the other node, the delay (0 for none), and the read."""
    for read in reads.of.get(node, ()):
        expr = read.expr
        if isinstance(expr, InputRead):
            continue
        if not isinstance(expr, StateRead):
            yield node_of(expr), read.manner.delay, read
            continue
        period = reads.period(expr.state)
        if period is not None:
            delay = read.manner.delay if expr.primed else max(period, read.manner.delay)
            yield ("update", expr.state), delay, read


@dataclass(frozen=True, slots=True)
class _Need:
    to: Node
    window: int
    read: Read


def _check_needs(reads: Reads, report: Report) -> None:
    needs = {
        node: tuple(
            (delay, _Need(other, read.manner.window, read))
            for other, delay, read in needs_of(reads, node)
        )
        for node in reads.of
    }
    place = {node: index for index, node in enumerate(needs)}
    windows = sorted({need.window for found in needs.values() for _, need in found})
    reported: set[Node] = set()
    for window in windows if 0 in windows else [0, *windows]:
        # Within this window: longer ones do not count, and delays as long as it break cycles.
        inside = {
            node: tuple(
                need
                for delay, need in found
                if need.window <= window and (delay < window or not delay)
            )
            for node, found in needs.items()
        }
        for knot in knots(inside, partial(_onward, inside)):
            members = set(knot)
            if reported & members:
                continue
            ordered = sorted((n for n in knot if n in place), key=place.__getitem__)
            edge = _edge_in(ordered, members, inside, window)
            if edge is not None:
                reported |= members
                _report(edge, members, inside, window, reads, report)


def _onward(inside: Mapping[Node, tuple[_Need, ...]], node: Node) -> list[Node]:
    return [need.to for need in inside.get(node, ())]


def _edge_in(
    ordered: list[Node],
    members: set[Node],
    inside: Mapping[Node, tuple[_Need, ...]],
    window: int,
) -> tuple[Node, _Need] | None:
    """An edge of a cycle that makes it a fault: one with this window."""
    for node in ordered:
        for need in inside.get(node, ()):
            if need.to in members and need.window == window:
                return node, need
    return None


def _report(
    edge: tuple[Node, _Need],
    members: set[Node],
    inside: Mapping[Node, tuple[_Need, ...]],
    window: int,
    reads: Reads,
    report: Report,
) -> None:
    start, first = edge
    path: tuple[Node, ...] = (start,)
    if first.to != start:
        rest = way(first.to, start, lambda n: [m for m in _onward(inside, n) if m in members])
        path = (start, *rest[:-1])
    steps: list[tuple[str, Origin]] = []
    names = [node for node in path if not isinstance(node, Expr)]
    names.sort(key=lambda node: _place(node, reads.clocked.equations))
    begin = path.index(names[0]) if names else 0
    turned = (*path[begin:], *path[:begin])
    for node, following in zip(turned, (*turned[1:], turned[0]), strict=True):
        need = first if (node, following) == (start, first.to) else _need(inside, node, following)
        if isinstance(node, Expr):
            continue
        kind, name = node
        steps.append((name if kind == "signal" else f"{name}'", need.read.expr.origin))
    clock = _clock_of(window, reads) if window else None
    report.add(errors.cycle(tuple(steps), clock))


def _need(inside: Mapping[Node, tuple[_Need, ...]], node: Node, following: Node) -> _Need:
    return next(need for need in inside[node] if need.to == following)


def _place(node: Node, equations: Equations) -> tuple[str, int]:
    assert not isinstance(node, Expr), "parts of statements have no name"
    kind, name = node
    origin = (
        equations.signals[SignalId(name)].origin
        if kind == "signal"
        else equations.states[StateId(name)].origin
    )
    return origin.user.source.name, origin.user.start


def _clock_of(window: int, reads: Reads) -> ClockId:
    return next(clock for clock, length in reads.length.items() if length == window)


def _check_resets(equations: Equations, report: Report) -> None:
    """Resets of one instant happen in the order of their needs, so these have no cycle."""
    targets: dict[StateId, list[StateId]] = {}
    for state in equations.states.values():
        if state.reset is not None and state.reset.to is not None:
            targets[state.id] = [
                read.state
                for read in postorder([state.reset.to])
                if isinstance(read, StateRead) and read.state != state.id
            ]
    for knot in knots(targets, lambda name: targets.get(name, [])):
        if len(knot) > 1:
            start = min(knot, key=list(targets).index)
            path = way(start, start, lambda name: targets.get(name, []))
            report.add(errors.reset_cycle(path[:-1], equations))
