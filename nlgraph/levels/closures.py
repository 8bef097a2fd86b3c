"""Which components are read on the way from a statement, as masks of bits.

A mask has one bit for each component, so that what thousands of statements read in common is one
number. Reads inside a gradient also follow the states that live inside its objective's tick, whose
updates and resets are part of the function that is differentiated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from nlgraph.clocks.graphs import knots
from nlgraph.clocks.reads import PLAIN, Node, Read, Reads, node_of
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.system.model import Expr, Grad, InputRead, StateRead

At = tuple[Node, int, bool]
"""A node as it is read: inside an objective whose tick has this length, or outside of any (0); and
whether it is read by what lives inside that tick."""


@dataclass(slots=True)
class Closure:
    """The components whose states are read before, and after, their update."""

    before: int = 0
    after: int = 0

    def add(self, other: Closure) -> None:
        """Take in all that another has."""
        self.before |= other.before
        self.after |= other.after


@dataclass(slots=True, eq=False)
class Closures:
    """Closures of nodes; each node is looked at once for each length of tick.

    Objectives inside others are left to their own closures, but for those of what lives inside.
    """

    reads: Reads
    bits: Mapping[ComponentId, int]
    known: dict[At, Closure] = field(default_factory=dict)

    def of(self, node: Node, tick: int) -> Closure:
        """What is read from a node on."""
        return self._of((node, tick, False))

    def of_read(self, expr: Expr, tick: int) -> Closure:
        """What is read where an expression is read: a node, or a state."""
        if not isinstance(expr, StateRead):
            return self.of(node_of(expr), tick)
        read = Read(expr, PLAIN)
        total = Closure()
        self.add_read(read, total)
        for at in self._lead(read, tick, lives=False):
            total.add(self._of(at))
        return total

    def _of(self, start: At) -> Closure:
        if start not in self.known:
            for knot in knots([start], self._onward):
                if knot[0] in self.known:
                    continue
                total = Closure()
                for at in knot:
                    self._add_own(at, total)
                    for other in self._onward(at):
                        if other in self.known:
                            total.add(self.known[other])
                for at in knot:
                    self.known[at] = total
        return self.known[start]

    def tick_of(self, grad: Grad) -> int:
        """The length of a tick of an objective."""
        clock = self.reads.clocked.timings[grad.value].clock
        return self.reads.root if clock is None else self.reads.length[clock]

    def add_read(self, read: Read, total: Closure) -> None:
        """Add what a read of a state is by itself."""
        if isinstance(read.expr, StateRead):
            bit = self.bits[self.component(read.expr.state)]
            if read.expr.primed:
                total.after |= bit
            else:
                total.before |= bit

    def component(self, state: StateId) -> ComponentId:
        """The component of a state."""
        return self.reads.clocked.equations.states[state].component

    def _add_own(self, at: At, total: Closure) -> None:
        node, _, lives = at
        own = None
        if lives and isinstance(node, tuple) and node[0] != "signal":
            own = self.component(StateId(node[1]))
        for read in self.reads.of.get(node, ()):
            # What the update of a state inside the tick reads of itself is no read of another.
            expr = read.expr
            if not isinstance(expr, StateRead) or self.component(expr.state) != own:
                self.add_read(read, total)

    def _onward(self, at: At) -> Iterator[At]:
        if at in self.known:
            return
        node, tick, lives = at
        for read in self.reads.of.get(node, ()):
            yield from self._lead(read, tick, lives=lives)

    def _lead(self, read: Read, tick: int, *, lives: bool) -> Iterator[At]:
        """Where a read leads on to."""
        expr = read.expr
        if isinstance(expr, InputRead):
            return
        if isinstance(expr, StateRead):
            if tick and self.reads.lives_inside(expr.state, tick):
                yield ("update", expr.state), tick, True
                yield ("reset", expr.state), tick, True
        elif read.gradient is None:
            yield node_of(expr), tick, lives
        elif lives:
            yield node_of(expr), max(tick, self.tick_of(read.gradient)), True
