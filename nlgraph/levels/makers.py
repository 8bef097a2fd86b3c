"""Who makes a coefficient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from nlgraph.levels.products import Products
from nlgraph.system.ids import ComponentId
from nlgraph.system.model import Expr, Grad, Item, SignalRead, StateRead
from nlgraph.system.walk import children


@dataclass(slots=True, eq=False)
class Makers:
    """The components of which a coefficient is the output.

    A signal in a component's body is that component's output, and so is what an expression makes of
    its state; what these read in turn is their input. A file's signal that reads no state passes
    on what it reads. Memories of gradients (the moments of an optimizer) make nothing.
    """

    products: Products
    bits: Mapping[ComponentId, int]
    known: dict[Expr, tuple[int, frozenset[ComponentId]]] = field(default_factory=dict)

    def of(self, coefficients: Iterable[Expr], component: ComponentId) -> int:
        """The makers, as a mask, of the coefficients of a component's update."""
        mask = 0
        for coefficient in coefficients:
            known = self.known.get(coefficient)
            if known is None or component in known[1]:
                known = self._look(coefficient, component)
                self.known[coefficient] = known
            mask |= known[0]
        return mask

    def _look(
        self, coefficient: Expr, component: ComponentId
    ) -> tuple[int, frozenset[ComponentId]]:
        """The makers of a coefficient, and the components for which the answer may differ."""
        equations = self.products.clocked.equations
        hosts: set[ComponentId] = set()
        seen: set[Expr] = set()
        front = [coefficient]
        while front:
            mask, is_made = 0, False
            passed: list[Expr] = []
            stack = list(front)
            while stack:
                expr = stack.pop()
                if expr in seen or isinstance(expr, Grad | Item):
                    continue
                seen.add(expr)
                match expr:
                    case StateRead(state=state):
                        is_made = True
                        mask |= self._bit(equations.states[state].component)
                    case SignalRead(signal=name):
                        signal = equations.signals[name]
                        if signal.host is not None:
                            hosts.add(signal.host)
                        if signal.host is None or signal.host == component:
                            passed.append(signal.value)
                        else:
                            is_made = True
                            mask |= self.bits[signal.host]
                    case _:
                        stack.extend(children(expr))
            if is_made:
                return mask, frozenset(hosts)
            front = passed
        return 0, frozenset(hosts)

    def _bit(self, maker: ComponentId) -> int:
        return 0 if self.products.is_memory(maker) else self.bits[maker]
