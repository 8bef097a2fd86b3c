"""Definition 2: which component is faster, and the levels that follow (Behrouz et al. 2025).

A is faster than B if it updates more often, or as often and B's state at time t needs A's state at
time t. Inside one frequency the level of a component is the longest chain of such needs that ends
in it, and its range reaches to the slowest level that would still be in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from nlgraph.clocks.causality import needs_of
from nlgraph.clocks.graphs import knots
from nlgraph.clocks.model import Clocked
from nlgraph.clocks.reads import Node, Reads, find_reads
from nlgraph.levels.edges import find_nets
from nlgraph.levels.model import Level, LevelGraph
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.system.model import Expr


def derive_levels(clocked: Clocked, reads: Reads | None = None) -> LevelGraph:
    """The levels, from the fastest, the range of each component, and the edges between them.

    The system has no faults. Equal rank is not transitive, so a component may fit several levels;
    it is put in the lowest-numbered one. Linear in the system for each frequency. `reads` are those
    of the system, where they are known already.
    """
    reads = reads or find_reads(clocked)
    levels: list[Level] = []
    level_of: dict[ComponentId, int] = {}
    ranges: dict[ComponentId, tuple[int, int]] = {}
    for frequency, members in _by_frequency(clocked):
        ranks = _ranks(reads, members) if frequency else dict.fromkeys(members, (1, 1))
        done = len(levels)
        by_rank: dict[int, list[ComponentId]] = {}
        for name in members:
            low, high = ranks[name]
            by_rank.setdefault(low, []).append(name)
            level_of[name] = done + low
            ranges[name] = (done + low, done + high)
        levels.extend(
            Level(done + rank, frequency, tuple(by_rank[rank])) for rank in sorted(by_rank)
        )
    return LevelGraph(tuple(levels), level_of, ranges, find_nets(reads))


def _by_frequency(clocked: Clocked) -> list[tuple[Fraction | None, list[ComponentId]]]:
    """The components of each frequency: non-parametric ones (None) first, then the fastest."""
    found: dict[Fraction | None, list[ComponentId]] = {}
    for name in clocked.equations.components:
        found.setdefault(clocked.frequency(name), []).append(name)

    def slowness(item: tuple[Fraction | None, list[ComponentId]]) -> tuple[bool, Fraction]:
        return item[0] is not None, -(item[0] or Fraction(0))

    return sorted(found.items(), key=slowness)


_Point = ComponentId | tuple[Node, int]
"""A component of the frequency under way, or anything on the way between two, with the longest
window of a gather on that way: the gather sees all states inside its window."""


def _ranks(reads: Reads, members: list[ComponentId]) -> dict[ComponentId, tuple[int, int]]:
    """The first and the last rank of each of some components of one frequency, from 1."""
    needs = _Needs(reads, frozenset(members))
    chains: dict[_Point, int] = {}
    starts: list[_Point] = [*members]
    order = list(knots(starts, needs.of))
    for knot in order:
        inside = set(knot)
        onward = [chains[to] for at in knot for to in needs.of(at) if to not in inside]
        own = any(isinstance(at, str) for at in knot)
        for at in knot:
            chains[at] = max(onward, default=0) + own
    below: dict[_Point, int] = {}
    for knot in reversed(order):
        inside = set(knot)
        longest = max(below.get(at, 0) for at in knot)
        own = any(isinstance(at, str) for at in knot)
        for at in knot:
            below[at] = longest
            for to in needs.of(at):
                if to not in inside:
                    below[to] = max(below.get(to, 0), longest + own)
    last = max(chains[name] for name in members)
    return {name: (chains[name], last - below[name]) for name in members}


@dataclass(slots=True, eq=False)
class _Needs:
    """What each point needs at the same time."""

    reads: Reads
    members: frozenset[ComponentId]
    known: dict[_Point, tuple[_Point, ...]] = field(default_factory=dict)

    def of(self, point: _Point) -> tuple[_Point, ...]:
        if point not in self.known:
            self.known[point] = tuple(dict.fromkeys(self._find(point)))
        return self.known[point]

    def _find(self, point: _Point) -> Iterator[_Point]:
        if not isinstance(point, str):
            yield from self._step(*point)
            return
        for state in self.reads.clocked.equations.components[point].states:
            for found in self._step(("update", state), 0):
                if found != point:
                    yield found

    def _step(self, node: Node, window: int) -> Iterator[_Point]:
        states = self.reads.clocked.equations.states
        for to, delay, read in needs_of(self.reads, node):
            seen = max(window, read.manner.window)
            if delay and delay >= seen:
                continue
            if isinstance(to, Expr) or to[0] != "update":
                yield to, seen
                continue
            component = states[StateId(to[1])].component
            if component in self.members:
                yield component
            if component not in self.members or seen:
                yield to, seen
