"""Which part of an objective its derivative by one target is about.

The objective of a bundle is most often a full inner product, `dot(m, g)`: one term for each leaf.
Of its derivative by one leaf only that leaf's terms are left, as in the equation that it stands
for; so what another leaf's terms read is no read of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from nlgraph.clocks.reads import Reads
from nlgraph.clocks.scopes import Scope, target_of
from nlgraph.system.model import (
    Call,
    DimSize,
    Expr,
    Gather,
    Grad,
    InputRead,
    Item,
    Number,
    SignalRead,
)


@dataclass(slots=True, eq=False)
class Terms:
    """The terms of objectives; each objective is taken apart once."""

    reads: Reads
    known: dict[Grad, list[dict[Expr, None]] | None] = field(default_factory=dict)

    def of(self, item: Item) -> Sequence[Expr] | None:
        """The factors of the terms that the derivative is about; None where it is the whole."""
        grad = item.grad
        if grad not in self.known:
            self.known[grad] = self._by_target(grad)
        found = self.known[grad]
        return None if found is None else tuple(found[item.index])

    def _by_target(self, grad: Grad) -> list[dict[Expr, None]] | None:
        """The factors by target, in whole passes over the objective's terms."""
        if len(grad.targets) == 1 or grad.at:
            return None
        terms = self._products(grad.value)
        if terms is None:
            return None
        clocked = self.reads.clocked
        clock = clocked.timings[grad.value].clock
        tick = self.reads.root if clock is None else self.reads.length[clock]
        bits = {target_of(target): 1 << at for at, target in enumerate(grad.targets)}
        scope = Scope(self.reads, tick, bits)
        found: list[dict[Expr, None]] = [{} for _ in grad.targets]
        every = (1 << len(grad.targets)) - 1
        for term in terms:
            reached = 0
            for factor in term:
                if not isinstance(factor, InputRead):
                    reached |= scope.reached(factor)
            if reached == every:
                return None
            for at in _places(reached):
                found[at].update(dict.fromkeys(term))
        return found

    def _products(self, root: Expr) -> list[tuple[Expr, Expr]] | None:
        """The pairs of factors of a sum of inner products of bundles; None for all else."""
        found: list[tuple[Expr, Expr]] = []
        stack = [root]
        seen: set[Expr] = set()
        while stack:
            expr = stack.pop()
            if expr in seen:
                continue
            seen.add(expr)
            match expr:
                case Call(op="global_dot", args=args):
                    half = len(args) // 2
                    found += zip(args[:half], args[half:], strict=True)
                case Call(op="add" | "sub" | "neg", args=args):
                    stack += args
                case Call(op="mul", args=(Number() | DimSize(), other)):
                    stack.append(other)
                case Call(op="mul" | "div", args=(other, Number() | DimSize())):
                    stack.append(other)
                case Gather(value=value):
                    stack.append(value)
                case SignalRead(signal=name):
                    stack.append(self.reads.clocked.equations.signals[name].value)
                case _:
                    return None
        return found


def _places(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
