"""The edges of the level graph, of six kinds, each from the updates as they are computed.

same-time   A -> B   B's update reads A after its update, itself or through signals
state       A -> B   it reads A before its update, or B's map does; not only in a gradient by A
context     A -> B   it remembers a gradient by A
backprop    B -> A   a gradient by A flows through B's updates: B lives inside the objective's tick
init        A -> B   B is reset, or started, to A's state
generates   A -> B   A makes a coefficient of B's update

Nothing asks whether an update was written as an objective or as an equation. A gradient that only
scales another (the norm of a bundle by which it is clipped) is not remembered: no `context`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nlgraph.clocks.reads import Node, Reads, node_of
from nlgraph.clocks.scopes import Scope, Target
from nlgraph.levels.closures import Closure, Closures
from nlgraph.levels.makers import Makers
from nlgraph.levels.model import EdgeKind, Net
from nlgraph.levels.nets import Names, nets_but_own
from nlgraph.levels.products import Objective, Product, Products
from nlgraph.levels.terms import Terms
from nlgraph.system.ids import ComponentId
from nlgraph.system.model import Expr, Grad, InputRead, Item, SignalRead, StateRead
from nlgraph.system.walk import postorder


def find_nets(reads: Reads) -> tuple[Net, ...]:
    """All edges, as nets that together take some `n log n` names for n components."""
    equations = reads.clocked.equations
    bits = {name: 1 << place for place, name in enumerate(equations.components)}
    products = Products(reads, Terms(reads))
    finder = _Finder(reads, bits, Closures(reads, bits), products, Makers(products, bits))
    for name in equations.components:
        finder.add(name)
    finder.add_flows()
    return tuple(finder.nets())


_Group = tuple[EdgeKind, int | Names, str | None]
"""Edges of a kind from the components of a mask (a few have their names), through a signal."""


@dataclass(slots=True)
class _Taken:
    """By which components a gradient is taken (signals together have a bit), and what it reads."""

    by: int = 0
    closure: Closure = field(default_factory=Closure)

    def add(self, other: _Taken) -> None:
        self.by |= other.by
        self.closure.add(other.closure)


_Gradients = dict[Grad, _Taken]


@dataclass(slots=True, eq=False)
class _Finder:
    reads: Reads
    bits: dict[ComponentId, int]
    closures: Closures
    products: Products
    makers: Makers
    groups: dict[_Group, dict[ComponentId | None, list[ComponentId]]] = field(default_factory=dict)
    flows: dict[tuple[int, str | None], dict[ComponentId, None]] = field(default_factory=dict)
    objectives: dict[tuple[Node, int], tuple[Expr, int]] = field(default_factory=dict)
    insides: dict[Objective, tuple[_Gradients, _Gradients]] = field(default_factory=dict)
    ordered: tuple[ComponentId, ...] = ()
    names: dict[int, Names] = field(default_factory=dict)
    vias: dict[Expr, str | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Keep the names by their bits."""
        self.ordered = tuple(self.bits)

    # ------------------------------------------------------------------------- one component

    def add(self, name: ComponentId) -> None:
        """Add all edges that lead to a component but those of `backprop`."""
        product = self.products.of(name)
        self._add_reads(name)
        self._add_gradients(name, product)
        self._put("generates", self.makers.of(product.coefficients, name), name)
        component = self.reads.clocked.equations.components[name]
        if not component.states:
            # It answers from its inputs alone: from those whose output they are.
            self._put("state", self.makers.of(component.map_reads, name), name)
        self._add_starts(name)

    def _put(
        self,
        kind: EdgeKind,
        sources: int | Names,
        target: ComponentId,
        via: str | None = None,
        but: ComponentId | None = None,
    ) -> None:
        own = (target,) if isinstance(sources, tuple) else self.bits[target]
        if sources and sources != own:
            group = self.groups.setdefault((kind, sources, via), {})
            targets = group.setdefault(but, [])
            if target not in targets[-1:]:
                targets.append(target)

    def _put_closure(
        self,
        closure: Closure,
        target: ComponentId,
        via: str | None,
        but: ComponentId | None = None,
    ) -> None:
        self._put("same-time", closure.after, target, via)
        self._put("state", closure.before, target, via, but)

    def _add_reads(self, name: ComponentId) -> None:
        before: dict[ComponentId, None] = {}
        after: dict[ComponentId, None] = {}
        entered: set[Node] = set()
        for node in self._nodes(name):
            for read in self.reads.of.get(node, ()):
                if isinstance(read.expr, StateRead):
                    of = self.closures.component(read.expr.state)
                    (after if read.expr.primed else before).setdefault(of)
                elif read.gradient is None and not isinstance(read.expr, InputRead):
                    entry = node_of(read.expr)
                    if entry not in entered:
                        entered.add(entry)
                        via = self._via(read.expr)
                        self._put_closure(self.closures.of(entry, 0), name, via)
        self._put("same-time", tuple(n for n in after if n != name), name)
        self._put("state", tuple(n for n in before if n != name), name)

    def _nodes(self, name: ComponentId) -> Iterator[Node]:
        component = self.reads.clocked.equations.components[name]
        for state in component.states:
            yield "update", state
        if component.states:
            yield from component.map_reads

    def _add_gradients(self, name: ComponentId, product: Product) -> None:
        found = self._by_gradient(product.items)
        scaling: _Gradients = {}
        for objective in product.objectives:
            items, clips = self._inside(objective)
            _merge(found, items)
            _merge(scaling, clips)
        for clip in product.clips:
            for gradients in self._inside((clip,)):
                _merge(scaling, gradients)
        for grad, taken in (scaling | found).items():
            self._add_gradient(name, grad, taken)

    def _add_gradient(self, name: ComponentId, grad: Grad, taken: _Taken) -> None:
        via = self._via(grad.value)
        one = taken.by & (taken.by - 1) == 0 and taken.by != self._signal
        only = self.ordered[taken.by.bit_length() - 1] if one else None
        self._put_closure(taken.closure, name, via, only)
        node, tick = node_of(grad.value), self.closures.tick_of(grad)
        by = taken.by & ~self._signal
        _, trained = self.objectives.get((node, tick), (grad.value, 0))
        self.objectives[node, tick] = grad.value, trained | by
        self._put("context", by if only is None else (only,), name, via)

    def _inside(self, objective: Objective) -> tuple[_Gradients, _Gradients]:
        """The gradients in an objective or a clip, and those that scale them."""
        if objective not in self.insides:
            product = self.products.inside(objective)
            items = self._by_gradient(product.items)
            scaling: _Gradients = {}
            for clip in product.clips:
                for gradients in self._inside((clip,)):
                    _merge(scaling, gradients)
            self.insides[objective] = items, scaling
        return self.insides[objective]

    def _by_gradient(self, items: Iterable[Item]) -> _Gradients:
        found: _Gradients = {}
        for item in items:
            found.setdefault(item.grad, _Taken()).add(self._taken(item))
        return found

    def _taken(self, item: Item) -> _Taken:
        target = item.grad.targets[item.index]
        by = (
            self.bits[self.closures.component(target.state)]
            if isinstance(target, StateRead)
            else self._signal
        )
        tick = self.closures.tick_of(item.grad)
        terms = self.products.terms.of(item)
        total = Closure()
        for part in (item.grad.value,) if terms is None else terms:
            total.add(self.closures.of_read(part, tick))
        return _Taken(by, total)

    @property
    def _signal(self) -> int:
        """The bit of all signals by which gradients are taken."""
        return 1 << len(self.bits)

    def _via(self, expr: Expr) -> str | None:
        """The signal through which a read runs: the one that is read, or the first inside it."""
        if isinstance(expr, SignalRead):
            return expr.signal
        if expr not in self.vias:
            inner = (read.expr for read in self.reads.of.get(node_of(expr), ()))
            first = next((str(e.signal) for e in inner if isinstance(e, SignalRead)), None)
            self.vias[expr] = first
        return self.vias[expr]

    def _add_starts(self, name: ComponentId) -> None:
        equations = self.reads.clocked.equations
        direct: dict[ComponentId, None] = {}
        for state_name in equations.components[name].states:
            state = equations.states[state_name]
            starts = [state.init]
            if state.reset is not None and state.reset.to is not None:
                starts.append(state.reset.to)
            for expr in postorder(starts):
                if isinstance(expr, StateRead):
                    direct.setdefault(self.closures.component(expr.state))
                elif isinstance(expr, SignalRead):
                    closure = self.closures.of(node_of(expr), 0)
                    self._put("init", closure.before | closure.after, name, str(expr.signal))
        self._put("init", tuple(n for n in direct if n != name), name)

    # ------------------------------------------------------------------------- backprop

    def add_flows(self) -> None:
        """Add `backprop`: through whose updates the gradients of each objective flow."""
        equations = self.reads.clocked.equations
        resetting = [state.id for state in equations.states.values() if state.reset is not None]
        if not resetting:
            return
        by = 0
        for _, trained in self.objectives.values():
            by |= trained
        targets: dict[Target, int] = {
            ("state", state): self.bits[name]
            for name in self._names(by)
            for state in equations.components[name].states
        }
        inside = {state: 1 << (len(self.bits) + i) for i, state in enumerate(resetting)}
        targets.update({("inside", state): bit for state, bit in inside.items()})
        scopes: dict[int, Scope] = {}
        for (_, tick), (value, trained) in self.objectives.items():
            scope = scopes.setdefault(tick, Scope(self.reads, tick, targets))
            reached = scope.reached(value)
            for state in resetting:
                source = self.closures.component(state)
                mask = scope.reached_by(state) & trained if reached & inside[state] else 0
                if mask & ~self.bits[source]:
                    self.flows.setdefault((mask, self._via(value)), {})[source] = None

    # ------------------------------------------------------------------------- nets

    def nets(self) -> Iterator[Net]:
        """All that was found."""
        for (kind, sources, via), targets in self.groups.items():
            found = sources if isinstance(sources, tuple) else self._names(sources)
            yield from nets_but_own(found, targets, kind, via)
        for (mask, via), through in self.flows.items():
            yield Net(tuple(through), self._names(mask), "backprop", via)

    def _names(self, mask: int) -> Names:
        if mask not in self.names:
            found: list[ComponentId] = []
            rest = mask
            while rest:
                lowest = rest & -rest
                found.append(self.ordered[lowest.bit_length() - 1])
                rest ^= lowest
            self.names[mask] = tuple(found)
        return self.names[mask]


def _merge(gradients: _Gradients, more: _Gradients) -> None:
    for grad, taken in more.items():
        gradients.setdefault(grad, _Taken()).add(taken)
