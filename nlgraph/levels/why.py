"""Why one component is above, below or beside another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.clocks.causality import needs_of
from nlgraph.clocks.model import Clocked
from nlgraph.clocks.reads import Node, Read, Reads, find_reads
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.system.model import Expr
from nlgraph.text.span import Origin


@dataclass(frozen=True, slots=True)
class Step:
    """One read on the way from an update to another: who reads what, and where it is written."""

    reader: str
    read: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class Why:
    """How two components stand to each other by Definition 2 (Behrouz et al. 2025).

    `faster` and `slower` are None for equal rank. `steps` is the chain of reads by which the
    slower one's update needs the faster one's; empty where the frequencies decide.
    """

    faster: ComponentId | None
    slower: ComponentId | None
    steps: tuple[Step, ...]


def find_why(clocked: Clocked, a: ComponentId, b: ComponentId) -> Why:
    """Compare two components of a system without faults: by frequency, then by need."""
    pace = {name: _pace(clocked.frequency(name)) for name in (a, b)}
    if pace[a] != pace[b]:
        faster, slower = (a, b) if pace[a] > pace[b] else (b, a)
        return Why(faster, slower, ())
    if a != b and 0 < pace[a] < _INFINITE:
        reads = find_reads(clocked)
        for faster, slower in ((a, b), (b, a)):
            steps = _chain(reads, slower, faster)
            if steps:
                return Why(faster, slower, steps)
    return Why(None, None, ())


_INFINITE = Fraction(10**18)
"""More than any frequency: that of a component which answers at once."""


def _pace(frequency: Fraction | None) -> Fraction:
    return _INFINITE if frequency is None else frequency


_At = tuple[Node, int]
"""A node, and the longest window of a gather on the way to it: it sees all inside its window."""


def _chain(reads: Reads, start: ComponentId, goal: ComponentId) -> tuple[Step, ...]:
    """A shortest way by which an update of `start` needs one of `goal`; empty where none does."""
    states = reads.clocked.equations.states
    before: dict[_At, tuple[_At, Read] | None] = {
        (("update", name), 0): None
        for name in reads.clocked.equations.components[start].states
        if states[name].update is not None
    }
    front = list(before)
    while front:
        following: list[_At] = []
        for at in front:
            for found, read in _needs(reads, at):
                if found in before:
                    continue
                before[found] = (at, read)
                following.append(found)
                node = found[0]
                if not isinstance(node, Expr) and node[0] == "update":
                    component = states[StateId(node[1])].component
                    if component == goal:
                        return _steps(before, found)
        front = following
    return ()


def _needs(reads: Reads, at: _At) -> Iterator[tuple[_At, Read]]:
    node, window = at
    for to, delay, read in needs_of(reads, node):
        seen = max(window, read.manner.window)
        if not delay or delay < seen:
            yield (to, seen), read


def _steps(before: dict[_At, tuple[_At, Read] | None], end: _At) -> tuple[Step, ...]:
    """The way to a node from where it began; what stands in an expression counts with it."""
    steps: list[Step] = []
    at = end
    name = _name(end[0])
    while (came := before[at]) is not None:
        at, read = came
        reader = _name(at[0])
        if reader is not None:
            assert name is not None, "a way ends in an update"
            steps.append(Step(reader, name, read.expr.origin))
            name = reader
    return tuple(reversed(steps))


def _name(node: Node) -> str | None:
    if isinstance(node, Expr):
        return None
    return f"{node[1]}'" if node[0] == "update" else node[1]
