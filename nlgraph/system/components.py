"""Components: their states, clocks, resets, maps, local signals and inner components.

A component is built once for each host: once in a file or a body, and in a rule once for each
component of the bundle. What needs the meaning of other names (initial values, equations) is kept
as a closure or a statement and resolved when everything is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.arguments import bind
from nlgraph.system.body import read_body
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import (
    Comp,
    DimEntity,
    Holder,
    LazyComponent,
    LazyValue,
    MapRecord,
    ResetPlan,
    Scope,
    StateRecord,
    Template,
)
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.system.initial import initial_value
from nlgraph.system.lookup import describe, entity_of, holder_of, only_comp
from nlgraph.system.model import Expr, Reset, StateRead
from nlgraph.system.periods import clock_of
from nlgraph.system.types import type_of
from nlgraph.system.values import Bundle, Key, Value, leaf
from nlgraph.text.span import Origin


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where a component is declared.

    `tickers` are the components whose updates `tick` counts in a rule.

    `hosts` are its hosts by key (None: it has none), `names` the full names that it gets, `leaf`
    the state for which a `for each` rule makes it. `rule` says that it stands in a rule's body.
    """

    scope: Scope
    hosts: Mapping[str, Comp | None]
    names: Mapping[str, str]
    via: Origin | None = None
    leaf: StateRecord | None = None
    rule: bool = False
    tickers: Mapping[str, Comp] | None = None


def build(builder: Builder, node: nodes.Component, site: Site) -> Holder:
    """Build a component for each host; the states' updates come later."""
    origin = Origin(node.span, site.via)
    comps = {key: _comp(builder, site, key, origin) for key in site.hosts}
    place = Place(site.scope, node.member.name, via=site.via)
    block, type_node, init = _header(builder, node, place)
    scope = Scope(site.scope)
    leaves: dict[Key, StateRecord] = {}
    maker = StateMaker(builder, site, comps, leaves)
    for comp in comps.values():
        comp.scope = scope
    if type_node is not None:
        _typed(builder, node, type_node, init, place, maker)
    holder = Holder(leaves, comps)
    if block is not None:
        _instantiate(builder, node, block, holder, maker, place)
    read_body(builder, node.body or (), holder, maker, replace(place, scope=scope), site)
    _clauses(builder, node, site, holder, place)
    return holder


def _instantiate(
    builder: Builder,
    node: nodes.Component,
    block: Template,
    holder: Holder,
    maker: StateMaker,
    place: Place,
) -> None:
    """A block's body: it sees its parameters and its own file, the component's body sees it."""
    call = node.init.value if node.init is not None else None
    assert isinstance(call, nodes.Call)
    assert isinstance(block.node, nodes.Block)
    bound = bind(
        builder,
        block.node.name,
        block.node.params,
        call.args,
        call.keywords,
        call,
        place,
        block.scope,
    )
    if bound is None:
        return
    comp = next(iter(holder.comps.values()))
    scope = Scope(bound, comp.scope.names)
    inside = replace(place, scope=scope, via=place.origin(node))
    read_body(builder, block.node.body, holder, maker, inside, replace(maker.site, via=inside.via))


def _comp(builder: Builder, site: Site, key: str, origin: Origin) -> Comp:
    host = site.hosts[key]
    name = ComponentId(site.names[key])
    if site.leaf is not None and host is not None:
        for known in builder.comps:
            if known.id == name and known.host is host:
                return known
    comp = Comp(name, host, origin, Scope(site.scope))
    builder.comps.append(comp)
    return comp


def _header(
    builder: Builder, node: nodes.Component, place: Place
) -> tuple[Template | None, nodes.Type | nodes.Like | None, nodes.Init | None]:
    init = node.init
    if (
        node.type is None
        and init is not None
        and not init.drawn
        and isinstance(init.value, nodes.Call)
    ):
        entity = entity_of(builder, init.value.function, place)
        if isinstance(entity, Template) and isinstance(entity.node, nodes.Block):
            return entity, None, None
        if entity is not None:
            origin = place.origin(init.value.function)
            text = init.value.function.span.text
            builder.report.add(errors.not_a("a block", text, describe(entity), origin))
        return None, None, None
    if node.type is None and init is not None:
        builder.report.add(
            errors.misplaced(
                "an initial value",
                "without a type",
                place.origin(init),
                f"say its shape: component {node.member.name} : [d, d] = …, or : like …",
            )
        )
    return None, node.type, init


@dataclass(slots=True, eq=False)
class StateMaker:
    """Makes one state for each host of a component."""

    builder: Builder
    site: Site
    comps: Mapping[str, Comp]
    leaves: dict[Key, StateRecord]

    def own(self, origin: Origin) -> list[tuple[Key, StateRecord]]:
        """A state of the component's own name, for each host."""
        made: list[tuple[Key, StateRecord]] = []
        for host_key, comp in self.comps.items():
            outer = self.site.leaf
            short, name = comp.id.rpartition(".")[2], str(comp.id)
            if outer is not None and not outer.own:
                short, name = outer.short, f"{comp.id}.{outer.short}"
            record = self._add(comp, short, name, origin)
            made.append(((host_key, short if len(self.comps) == 1 else None), record))
        return self._entered(made)

    def copies(self, of: Holder, origin: Origin) -> list[tuple[Key, StateRecord, StateRecord]]:
        """A state like each of another component's, for each host, with what it is like."""
        made: list[tuple[Key, StateRecord, StateRecord]] = []
        for host_key, comp in self.comps.items():
            for (other_key, _), record in of.leaves.items():
                if other_key not in ("", host_key):
                    continue
                own = record.own
                if own and len([k for k in of.leaves if k[0] == other_key]) == 1:
                    name, short = str(comp.id), record.short
                else:
                    name, short = f"{comp.id}.{record.short}", record.short
                if self.site.leaf is not None:
                    outer = self.site.leaf
                    if not outer.own:
                        name, short = f"{comp.id}.{outer.short}", outer.short
                new = self._add(comp, short, name, origin)
                made.append(((host_key, short), new, record))
        self._entered([(key, new) for key, new, _ in made])
        return made

    def show(self, of: Holder) -> None:
        """Let the body see the states that were copied by their names."""
        scope = next(iter(self.comps.values())).scope
        for short in {record.short for record in of.leaves.values() if not record.own}:
            records: dict[Key, StateRecord] = {
                (key[0], None): record for key, record in self.leaves.items() if key[1] == short
            }
            single = len(self.comps) == 1
            scope.names[short] = (
                next(iter(records.values())) if single else Holder(records, self.comps)
            )

    def named(self, name: str, origin: Origin) -> list[tuple[Key, StateRecord]]:
        """A state of a `state` statement, for each host."""
        made: list[tuple[Key, StateRecord]] = []
        for host_key, comp in self.comps.items():
            short = name
            if self.site.leaf is not None and not self.site.leaf.own:
                short = f"{self.site.leaf.short}.{name}"
            record = self._add(comp, short, f"{comp.id}.{short}", origin)
            made.append(((host_key, name), record))
        return self._entered(made)

    def _add(self, comp: Comp, short: str, name: str, origin: Origin) -> StateRecord:
        record = StateRecord(StateId(name), short, comp, origin)
        if short in comp.states:
            self.builder.report.add(errors.declared_twice(short, origin, comp.states[short].origin))
        comp.states[short] = record
        return record

    def _entered(self, made: list[tuple[Key, StateRecord]]) -> list[tuple[Key, StateRecord]]:
        self.leaves.update(made)
        return made


def _typed(
    builder: Builder,
    node: nodes.Component,
    type_node: nodes.Type | nodes.Like,
    init: nodes.Init | None,
    place: Place,
    maker: StateMaker,
) -> None:
    origin = place.origin(node.member)
    value = initial_value(builder, init, place)
    if isinstance(type_node, nodes.Type):
        stated = type_of(builder, type_node, place)
        for key, record in maker.own(origin):
            record.type = stated
            record.init = value(record, key)
        return
    other = _like_component(builder, type_node, place)
    if other is None:
        like = _once(lambda: _resolved(builder, type_node.value, place))
        for key, record in maker.own(origin):
            record.like = _picked(like, key)
            record.init = value(record, key)
        return
    for key, record, source in maker.copies(other, origin):
        source_id, at = source.id, origin
        record.like = _constant(StateRead(at, source_id, primed=False))
        record.init = value(record, key)
    maker.show(other)
    owner = only_comp(other)
    if owner is not None and owner.map is not None and not maker.site.rule:
        comp = next(iter(maker.comps.values()))
        names = {
            owner.id.rpartition(".")[2] if record.own else short: record
            for short, record in comp.states.items()
        }
        inner = Scope(owner.map.scope)
        inner.names.update(names)
        comp.map = MapRecord(owner.map.node, inner, comp)


def _like_component(builder: Builder, node: nodes.Like, place: Place) -> Holder | None:
    """The component whose states are copied, where `like` names one."""
    value = node.value
    if not isinstance(value, nodes.Name | nodes.Dotted | nodes.Index):
        return None
    entity = entity_of(builder, value, place, quiet=True)
    if isinstance(entity, LazyValue) and isinstance(entity.like, Holder):
        return entity.like
    if isinstance(entity, Holder | LazyComponent):
        holder = holder_of(builder, entity, place.origin(value))
        return holder if holder is not None and holder.leaves else None
    return None


def _clauses(
    builder: Builder, node: nodes.Component, site: Site, holder: Holder, place: Place
) -> None:
    """`per`, `every` and `reset`: of its own, else those of its host."""

    def settle() -> None:
        clock = clock_of(builder, node.every, place) if node.every is not None else None
        for comp in holder.comps.values():
            if node.per:
                comp.per = _per(builder, node.per, place)
            elif comp.host is not None:
                comp.per = comp.host.per
            if node.every is not None:
                comp.clock = clock
                comp.clock_origin = place.origin(node.every)
            if node.resets:
                for reset in node.resets:
                    _reset(builder, reset, comp, holder, place)
            elif comp.host is not None and comp.host.reset is not None:
                _inherit_reset(comp, comp.host.reset)

    if site.rule:
        builder.deferred.append(settle)
    else:
        settle()


def _per(builder: Builder, names: tuple[nodes.Identifier, ...], place: Place) -> tuple[str, ...]:
    dims: list[str] = []
    for name in names:
        entity = place.scope.lookup(name.name)
        origin = place.origin(name)
        builder.used.add(name.name)
        if isinstance(entity, DimEntity) and entity.dim.name is not None:
            dims.append(entity.dim.name)
        elif entity is None:
            builder.report.add(errors.unknown_name(name.name, origin, None, None))
        else:
            builder.report.add(errors.not_a("a dimension", name.name, describe(entity), origin))
    return tuple(dims)


def _reset(builder: Builder, node: nodes.Reset, comp: Comp, holder: Holder, place: Place) -> None:
    clock = clock_of(builder, node.period, place)
    if clock is None:
        return
    origin = place.origin(node)
    keeps = _is_self(builder, node.to, holder, place)
    if not node.only:
        comp.reset = ResetPlan(clock, keeps, origin)
        chosen = list(comp.states.values())
    else:
        inside = replace(place, scope=comp.scope)
        chosen = []
        for only in node.only:
            entity = entity_of(builder, only, inside)
            if isinstance(entity, StateRecord):
                chosen.append(entity)
            elif isinstance(entity, Holder | LazyComponent):
                found = holder_of(builder, entity, place.origin(only))
                chosen.extend(found.leaves.values() if found else ())
            elif entity is not None:
                text = only.span.text
                builder.report.add(
                    errors.not_a("a state", text, describe(entity), place.origin(only))
                )
    to = node.to
    value = None if to is None else _once(lambda: _resolved(builder, to, place))
    for record in chosen:
        picked = None if value is None else _picked(value, ("", record.short))
        record.reset = _reset_of(clock, picked, origin)


def _reset_of(clock: str, to: Callable[[], Expr] | None, origin: Origin) -> Callable[[], Reset]:
    from nlgraph.system.ids import ClockId

    return lambda: Reset(ClockId(clock), None if to is None else to(), origin)


def _is_self(builder: Builder, node: nodes.Expr | None, holder: Holder, place: Place) -> bool:
    if node is None:
        return False
    entity = entity_of(builder, node, place, quiet=True)
    if isinstance(entity, LazyComponent):
        return entity.holder is holder or entity.busy
    return entity is holder


def _inherit_reset(comp: Comp, plan: ResetPlan) -> None:
    comp.reset = plan
    for record in comp.states.values():
        kept = StateRead(plan.origin, record.id, primed=False) if plan.keeps else None
        record.reset = _reset_of(plan.clock, None if kept is None else _constant(kept), plan.origin)


def _constant(expr: Expr) -> Callable[[], Expr]:
    return lambda: expr


def _once(resolve_value: Callable[[], Value]) -> Callable[[], Value]:
    found: list[Value] = []

    def get() -> Value:
        if not found:
            found.append(resolve_value())
        return found[0]

    return get


def _picked(value: Callable[[], Value], key: Key) -> Callable[[], Expr]:
    def pick() -> Expr:
        whole = value()
        if isinstance(whole, Bundle) and key not in whole.leaves and len(whole.leaves) == 1:
            return next(iter(whole.leaves.values()))
        found = leaf(whole, key)
        if found is None:
            from nlgraph.system.model import Unknown

            return (
                Unknown(next(iter(whole.leaves.values())).origin)
                if isinstance(whole, Bundle)
                else whole
            )
        return found

    return pick


def _resolved(builder: Builder, node: nodes.Expr, place: Place) -> Value:
    from nlgraph.system.expressions import resolve

    return resolve(builder, node, place)
