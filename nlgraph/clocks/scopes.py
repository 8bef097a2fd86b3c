"""What a gradient reaches.

`grad(E, W)` differentiates the value of E at one tick of E's clock. Inside that tick gradient flows
through every signal, and through the updates and resets of the states that live inside it. Every
other primed state is a constant; so is what stands in `stop(…)` and, for the nearest gradient, in
`hold(…)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from nlgraph.clocks.graphs import knots
from nlgraph.clocks.reads import PLAIN, Node, Read, Reads, node_of
from nlgraph.system.ids import StateId
from nlgraph.system.model import Expr, InputRead, SignalRead, StateRead

Target = tuple[str, str]
"""("state", its id), ("signal", its id), or ("inside", its id): a state inside the tick."""


def target_of(expr: StateRead | SignalRead) -> Target:
    """What a gradient is taken by."""
    if isinstance(expr, SignalRead):
        return ("signal", expr.signal)
    return ("state", expr.state)


@dataclass(frozen=True, slots=True)
class _At:
    """A node as it is reached.

    `near`: no other gradient lies between, so a `hold` cuts. `expands`: inside the replacement of
    a `with`, where primed states stand for their updates. `without`: states that are replaced.
    """

    node: Node
    near: bool
    expands: bool = False
    without: tuple[StateId, ...] = ()


@dataclass(slots=True, eq=False)
class Scope:
    """The scope of objectives with ticks of one length; each way is looked at once.

    What is reached is a mask of the bits that `targets` gives, so that thousands of gradients by
    thousands of states take no more than some machine words each.
    """

    reads: Reads
    tick: int
    targets: Mapping[Target, int]
    found: dict[_At, int] = field(default_factory=dict)

    def reached_by(self, state: StateId) -> int:
        """The targets on which a state inside the tick depends, by its updates and resets."""
        return self._mask(_At(("update", state), near=True)) | self._mask(
            _At(("reset", state), near=True)
        )

    def reached(self, value: Expr) -> int:
        """The targets on which an objective depends."""
        start = self._lead(Read(value, PLAIN), _At(value, near=True))
        mask = self._own(Read(value, PLAIN))
        for at in start:
            mask |= self._mask(at)
        return mask

    def _mask(self, start: _At) -> int:
        if start not in self.found:
            for knot in knots([start], self._onward):
                if knot[0] in self.found:
                    continue
                mask = 0
                for at in knot:
                    for read in self._flowing(at):
                        mask |= self._own(read) if not _is_replaced(read) else 0
                    for other in self._onward(at):
                        mask |= self.found.get(other, 0)
                dropped = 0
                for state in knot[0].without if len(knot) == 1 else ():
                    dropped |= self.targets.get(("state", state), 0)
                for at in knot:
                    self.found[at] = mask & ~dropped
        return self.found[start]

    def _own(self, read: Read) -> int:
        match read.expr:
            case SignalRead(signal=signal):
                return self.targets.get(("signal", signal), 0)
            case StateRead(state=state, primed=primed):
                read_there = 0 if primed else self.targets.get(("state", state), 0)
                if self.reads.lives_inside(state, self.tick):
                    return read_there | self.targets.get(("inside", state), 0)
                return read_there
            case _:
                return 0

    def _onward(self, at: _At) -> Iterator[_At]:
        if at in self.found:
            return
        if at.without:
            yield replace(at, without=())
            return
        for read in self._flowing(at):
            yield from self._lead(read, at)

    def _flowing(self, at: _At) -> Iterator[Read]:
        """The reads of a node through which gradient flows."""
        if at.without:
            return
        for read in self.reads.of.get(at.node, ()):
            cut = read.manner.stop or (read.manner.hold and at.near)
            if not cut and not _keeps(at.node, read.expr):
                yield read

    def _lead(self, read: Read, at: _At) -> Iterator[_At]:
        """Where a read leads on to."""
        near = at.near and read.gradient is None
        expands = at.expands or read.manner.expands
        match read.expr:
            case InputRead():
                return
            case StateRead(state=state, primed=primed):
                if self.reads.lives_inside(state, self.tick):
                    yield _At(("update", state), near, expands)
                    yield _At(("reset", state), near, expands)
                elif primed and expands:
                    yield _At(("update", state), near, expands)
            case expr:
                yield _At(node_of(expr), near, expands, read.manner.without)


def _is_replaced(read: Read) -> bool:
    expr = read.expr
    return isinstance(expr, StateRead) and not expr.primed and expr.state in read.manner.without


def _keeps(node: Node, expr: Expr) -> bool:
    """Whether a state is reset to itself, which keeps its value and cuts its gradient."""
    return isinstance(expr, StateRead) and node == ("reset", expr.state)
