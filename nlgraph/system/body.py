"""A component's body: states, map, local signals, equations, inner components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place, Plan, is_unknown
from nlgraph.system.entities import (
    ClockEntity,
    Comp,
    DimEntity,
    Entity,
    Family,
    Holder,
    InputEntity,
    LazyComponent,
    LazyValue,
    MapRecord,
    NumberEntity,
    Scope,
    SignalEntity,
    StateRecord,
    Template,
)
from nlgraph.system.expressions import constant, resolve
from nlgraph.system.ids import ComponentId, SignalId
from nlgraph.system.initial import initial_value
from nlgraph.system.lookup import entity_of, holder_of, plain_index
from nlgraph.system.model import Expr, Unknown
from nlgraph.system.types import type_of
from nlgraph.system.unroll import unroll
from nlgraph.system.values import Key, Value, collapse, leaf
from nlgraph.text.span import Origin

if TYPE_CHECKING:
    from nlgraph.system.states import Site, StateMaker


def read_body(
    builder: Builder,
    statements: tuple[nodes.Statement, ...],
    holder: Holder,
    maker: StateMaker,
    place: Place,
    site: Site,
) -> None:
    """Declare what a body has; its equations and its `minimize` are read later."""
    tickers = site.tickers if site.tickers is not None else holder.comps
    first = next(iter(holder.comps.values()))
    place = replace(place, name=str(first.id), host=first, readers=holder.comps, tickers=tickers)
    placed = unroll(builder, statements, place.scope)
    for statement, scope in placed:
        if isinstance(statement, nodes.State):
            _states(builder, statement, maker, replace(place, scope=scope))
    for statement, _ in placed:
        if isinstance(statement, nodes.Equation) and statement.primed:
            _claim(statement.target, holder)
    minimized = False
    for statement, scope in placed:
        inside = replace(place, scope=scope)
        match statement:
            case nodes.State():
                pass
            case nodes.Map():
                for comp in holder.comps.values():
                    comp.map = MapRecord(statement, scope, comp)
            case nodes.Fn():
                declare(
                    builder,
                    place.scope,
                    statement.name,
                    Template(statement, scope),
                    inside,
                    statement,
                )
            case nodes.Component():
                _inner(builder, statement, holder, inside, site)
            case nodes.Equation(primed=True):
                _update(builder, statement, holder, inside)
            case nodes.Equation():
                _local(builder, statement, inside, site)
            case nodes.Minimize():
                if minimized:
                    builder.report.add(
                        errors.misplaced(
                            "a second `minimize`", "in one body", inside.origin(statement)
                        )
                    )
                minimized = True
                free = {
                    key: rec for key, rec in holder.leaves.items() if not (rec.claimed or rec.fixed)
                }
                for record in free.values():
                    record.claimed = True
                builder.plans.append(Plan(statement, holder.comps, free, inside))
            case _:
                builder.report.add(
                    errors.misplaced(
                        "this statement", "in a component's body", inside.origin(statement)
                    )
                )


def declare(
    builder: Builder, scope: Scope, name: str, entity: Entity, place: Place, node: nodes.Node
) -> None:
    """Give a name its meaning in a body; it may hide nothing of the file."""
    origin = place.origin(node)
    if name in scope.names:
        builder.report.add(
            errors.declared_twice(name, origin, _origin_of(scope.names[name], origin))
        )
        return
    outer = scope.parent.lookup(name) if scope.parent is not None else None
    hidden = (
        NumberEntity,
        DimEntity,
        ClockEntity,
        InputEntity,
        Holder,
        LazyComponent,
        Family,
        SignalEntity,
    )
    if isinstance(outer, hidden) and not _is_own(outer, place):
        builder.report.add(errors.hides(name, origin, _origin_of(outer, None)))
    scope.names[name] = entity


def define(
    builder: Builder, leaves: Mapping[Key, StateRecord], value: Value, origin: Origin
) -> None:
    """Give states their updates, leaf by leaf."""
    value = collapse(value)
    is_lost = is_unknown(value)
    for key, record in leaves.items():
        if record.update_origin is not None:
            builder.report.add(errors.defined_twice(record.id, origin, record.update_origin))
            continue
        record.update_origin = origin
        if is_lost:
            record.update = Unknown(origin)
            continue
        expr = leaf(value, key)
        if expr is None:
            builder.report.add(errors.bundles_differ(origin))
            expr = Unknown(origin)
        record.update = expr


def _claim(target: nodes.Expr, holder: Holder) -> None:
    """Mark the states for which an equation stands in the body."""
    base = target.value if isinstance(target, nodes.Index) else target
    name = base.name if isinstance(base, nodes.Name) else ""
    for key, record in holder.leaves.items():
        own = record.component.id.rpartition(".")[2].partition("[")[0]
        if name in (record.short, own) or (key[1] == name):
            record.claimed = True


def _states(builder: Builder, node: nodes.State, maker: StateMaker, place: Place) -> None:
    value = initial_value(builder, node.init, place)
    for name in node.names:
        origin = place.origin(name)
        made = maker.named(name.name, origin)
        if len(made) == 1:
            entity: Entity = made[0][1]
        else:
            entity = Holder({(key[0], None): record for key, record in made}, maker.comps)
        declare(builder, place.scope, name.name, entity, place, name)
        for key, record in made:
            record.init = value(record, key)
            if isinstance(node.type, nodes.Type):
                record.type = type_of(builder, node.type, place)
            else:
                record.like = _like(builder, node.type.value, place, key)


def _like(builder: Builder, node: nodes.Expr, place: Place, key: Key) -> Callable[[], Expr]:
    return lambda: _single(builder, node, place, key)


def _single(builder: Builder, node: nodes.Expr, place: Place, key: Key) -> Expr:
    found = leaf(collapse(resolve(builder, node, place)), key)
    return Unknown(place.origin(node)) if found is None else found


def _inner(
    builder: Builder, node: nodes.Component, holder: Holder, place: Place, site: Site
) -> None:
    from nlgraph.system.components import build
    from nlgraph.system.states import Site

    suffix = member_name(builder, node.member, place)
    if suffix is None:
        return
    names = {key: f"{comp.id}.{suffix}" for key, comp in holder.comps.items()}
    inner_site = Site(
        place.scope, dict(holder.comps), names, place.via, site.leaf, site.rule, site.tickers
    )
    origin = place.origin(node.member)
    lazy = LazyComponent(
        ComponentId(next(iter(names.values()))), lambda: build(builder, node, inner_site), origin
    )
    if node.member.index is None:
        declare(builder, place.scope, node.member.name, lazy, place, node.member)
    else:
        assert place.host is not None
        enter_member(builder, place.host.scope, node.member, suffix, lazy, place)
    builder.lazies.append(lazy)


def member_name(builder: Builder, member: nodes.Member, place: Place) -> str | None:
    """`layer[2]` for a member whose index is 2."""
    if member.index is None:
        return member.name
    index: int | float | bool | None = plain_index(member.index, place.scope)
    if index is None:
        index = constant(builder, member.index, place, "the index of a member")
    if index is None:
        return None
    if isinstance(index, bool) or index != int(index):
        builder.report.add(errors.not_whole("an index", index, place.origin(member.index)))
        return None
    return f"{member.name}[{int(index)}]"


def enter_member(
    builder: Builder,
    scope: Scope,
    member: nodes.Member,
    full: str,
    entity: Entity,
    place: Place,
) -> None:
    """Enter a member into its family, which is made with its first member."""
    index = int(full[len(member.name) + 1 : -1])
    origin = place.origin(member)
    family = scope.names.get(member.name)
    if family is None:
        family = Family(member.name, {}, origin)
        declare(builder, scope, member.name, family, place, member)
    if not isinstance(family, Family):
        builder.report.add(errors.declared_twice(member.name, origin, _origin_of(family, origin)))
        return
    if index in family.members:
        first = _origin_of(family.members[index], origin)
        builder.report.add(errors.declared_twice(full, origin, first))
        return
    family.members[index] = entity


def _update(builder: Builder, node: nodes.Equation, holder: Holder, place: Place) -> None:
    def run() -> None:
        origin = place.origin(node)
        leaves = _target(builder, node.target, holder, place)
        if leaves is None:
            return
        name = next(iter(leaves.values())).id
        value = resolve(builder, node.value, replace(place, name=name))
        define(builder, leaves, value, origin)

    builder.equations.append(run)


def _target(
    builder: Builder, node: nodes.Expr, holder: Holder, place: Place
) -> Mapping[Key, StateRecord] | None:
    origin = place.origin(node)
    text = node.span.text
    entity = entity_of(builder, node, place, quiet=True)
    leaves: Mapping[Key, StateRecord] = {}
    if isinstance(entity, StateRecord):
        leaves = {("", None): entity}
    elif isinstance(entity, Holder | LazyComponent):
        found = holder_of(builder, entity, origin)
        leaves = {} if found is None else found.leaves
    own = set(map(id, holder.comps.values()))
    if not leaves or any(id(record.component) not in own for record in leaves.values()):
        if text in builder.unread or holder.is_lost:
            return None
        states = sorted({r.short for comp in holder.comps.values() for r in comp.states.values()})
        builder.report.add(errors.no_state(text, origin, states, is_known=entity is not None))
        builder.unread.add(text)
        return None
    return leaves


def _local(builder: Builder, node: nodes.Equation, place: Place, site: Site) -> None:
    origin = place.origin(node.target)
    if isinstance(node.target, nodes.Name):
        name, index = node.target.name, None
    elif (
        isinstance(node.target, nodes.Index)
        and isinstance(node.target.value, nodes.Name)
        and len(node.target.items) == 1
        and not isinstance(node.target.items[0], nodes.Slice | nodes.Ellipsis)
    ):
        name, index = node.target.value.name, node.target.items[0]
    else:
        builder.report.add(errors.misplaced("this equation", "in a component's body", origin))
        return
    if site.rule:
        lazy = LazyValue(lambda: resolve(builder, node.value, place), origin)
        declare(builder, place.scope, name, lazy, place, node.target)
        return
    if index is None:
        entity = signal(builder, f"{place.name}.{name}", node, place)
        declare(builder, place.scope, name, entity, place, node.target)
        return
    member = nodes.Member(node.target.span, name, index)
    full = member_name(builder, member, place)
    if full is not None:
        entity = signal(builder, f"{place.name}.{full}", node, place)
        scope = place.host.scope if place.host is not None else place.scope
        enter_member(builder, scope, member, full, entity, place)


def signal(builder: Builder, name: str, node: nodes.Equation, place: Place) -> SignalEntity:
    """A signal that is resolved with all others."""
    entity = SignalEntity(
        SignalId(name), node.value, place.scope, place.host, place.origin(node), via=place.via
    )
    builder.pending.append(entity)
    return entity


def _is_own(entity: Entity, place: Place) -> bool:
    """Whether a name is that of the component whose body this is."""
    host: Comp | None = place.host
    while host is not None:
        if isinstance(entity, LazyComponent) and (entity.busy and entity.holder is None):
            return True
        host = host.host
    return False


def _origin_of(entity: Entity, default: Origin | None) -> Origin:
    origin = getattr(entity, "origin", None)
    if origin is None and isinstance(entity, Template):
        origin = Origin(entity.node.span)
    if origin is None:
        origin = default
    assert origin is not None or default is None
    return origin  # type: ignore[return-value]
