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
from nlgraph.levels.products import Product, Products
from nlgraph.system.ids import ComponentId
from nlgraph.system.model import Expr, Grad, InputRead, Item, SignalRead, StateRead
from nlgraph.system.walk import postorder


def find_nets(reads: Reads) -> tuple[Net, ...]:
    """All edges, as nets that together take some `n log n` names for n components."""
    equations = reads.clocked.equations
    bits = {name: 1 << place for place, name in enumerate(equations.components)}
    products = Products(reads.clocked)
    finder = _Finder(reads, bits, Closures(reads, bits), products, Makers(products, bits))
    for name in equations.components:
        finder.add(name)
    finder.add_flows()
    return tuple(finder.nets())


_Targets = dict[Grad, dict[ComponentId | None, None]]
_Group = tuple[EdgeKind, int | Names, str | None]
"""Edges of a kind from the components of a mask (a few have their names), through a signal."""


@dataclass(slots=True, eq=False)
class _Finder:
    reads: Reads
    bits: dict[ComponentId, int]
    closures: Closures
    products: Products
    makers: Makers
    groups: dict[_Group, dict[ComponentId | None, list[ComponentId]]] = field(default_factory=dict)
    flows: dict[tuple[int, str | None], dict[ComponentId, None]] = field(default_factory=dict)
    objectives: dict[tuple[Node, int], tuple[Expr, dict[ComponentId, None]]] = field(
        default_factory=dict
    )
    clips: dict[Expr, _Targets] = field(default_factory=dict)
    ordered: tuple[ComponentId, ...] = ()

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
        by_gradient = self._by_gradient(product.items)
        for clip in product.clips:
            if clip not in self.clips:
                self.clips[clip] = self._by_gradient(self.products.items_of(clip))
            for grad, targets in self.clips[clip].items():
                by_gradient.setdefault(grad, targets)
        for grad, targets in by_gradient.items():
            via = self._via(grad.value)
            tick = self.closures.tick_of(grad)
            node = node_of(grad.value)
            only = next(iter(targets)) if len(targets) == 1 else None
            self._put_closure(self.closures.of(node, tick), name, via, only)
            _, trained = self.objectives.setdefault((node, tick), (grad.value, {}))
            for target in targets:
                if target is not None:
                    trained[target] = None
                    self._put("context", (target,), name, via)

    def _by_gradient(self, items: Iterable[Item]) -> _Targets:
        """The components by which each gradient is taken, None for a signal."""
        found: _Targets = {}
        for item in items:
            found.setdefault(item.grad, {})[self._target(item)] = None
        return found

    def _target(self, item: Item) -> ComponentId | None:
        target = item.grad.targets[item.index]
        return self.closures.component(target.state) if isinstance(target, StateRead) else None

    def _via(self, expr: Expr) -> str | None:
        """The signal through which a read runs: the one that is read, or the first inside it."""
        if isinstance(expr, SignalRead):
            return expr.signal
        inner = (read.expr for read in self.reads.of.get(node_of(expr), ()))
        return next((str(e.signal) for e in inner if isinstance(e, SignalRead)), None)

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
        targets: dict[Target, int] = {}
        for _, trained in self.objectives.values():
            for name in trained:
                for state in equations.components[name].states:
                    targets["state", state] = self.bits[name]
        inside = {state: 1 << (len(self.bits) + i) for i, state in enumerate(resetting)}
        targets.update({("inside", state): bit for state, bit in inside.items()})
        scopes: dict[int, Scope] = {}
        for (_, tick), (value, trained) in self.objectives.items():
            scope = scopes.setdefault(tick, Scope(self.reads, tick, targets))
            reached = scope.reached(value)
            wanted = self._mask(trained)
            for state in resetting:
                source = self.closures.component(state)
                mask = scope.reached_by(state) & wanted if reached & inside[state] else 0
                if mask & ~self.bits[source]:
                    self.flows.setdefault((mask, self._via(value)), {})[source] = None

    def _mask(self, names: Iterable[ComponentId]) -> int:
        mask = 0
        for name in names:
            mask |= self.bits[name]
        return mask

    # ------------------------------------------------------------------------- nets

    def nets(self) -> Iterator[Net]:
        """All that was found."""
        names: dict[int, Names] = {}
        for (kind, sources, via), targets in self.groups.items():
            found = sources if isinstance(sources, tuple) else self._names(sources, names)
            yield from nets_but_own(found, targets, kind, via)
        for (mask, via), through in self.flows.items():
            yield Net(tuple(through), self._names(mask, names), "backprop", via)

    def _names(self, mask: int, names: dict[int, Names]) -> Names:
        if mask not in names:
            found: list[ComponentId] = []
            rest = mask
            while rest:
                lowest = rest & -rest
                found.append(self.ordered[lowest.bit_length() - 1])
                rest ^= lowest
            names[mask] = tuple(found)
        return names[mask]
