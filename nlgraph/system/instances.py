"""One rule or transform made for one bundle: its components, its arguments, its equations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.arguments import bind
from nlgraph.system.body import declare, define
from nlgraph.system.builder import Builder, Place, Plan, exprs_of, has_fault
from nlgraph.system.components import build
from nlgraph.system.entities import (
    Comp,
    Entity,
    Holder,
    LazyValue,
    Scope,
    StateRecord,
    Template,
    ValueEntity,
)
from nlgraph.system.expressions import read_lazy, resolve
from nlgraph.system.lookup import entity_of
from nlgraph.system.model import Unknown
from nlgraph.system.states import Site
from nlgraph.system.unroll import unroll
from nlgraph.system.values import Bundle, Key, Value, collapse


@dataclass(slots=True, eq=False)
class Instance:
    """A rule or transform of a chain, made for one bundle or, `for each`, for one tensor."""

    template: Template
    call: nodes.RuleCall
    scope: Scope
    leaves: Mapping[Key, StateRecord]
    place: Place
    statements: list[tuple[nodes.Statement, Scope]]
    bound: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Chain:
    """What all rules of a chain share: the plan, and the objective."""

    plan: Plan
    place: Place
    objective: LazyValue


def body_of(template: Template) -> tuple[nodes.Statement, ...]:
    """The statements of a rule or a transform; none where it is one expression."""
    node = template.node
    assert isinstance(node, nodes.Rule | nodes.Transform)
    return node.body or ()


def make_instance(
    builder: Builder,
    template: Template,
    call: nodes.RuleCall,
    leaves: Mapping[Key, StateRecord],
    record: StateRecord | None,
    chain: Chain,
    g: LazyValue,
    names: Mapping[str, str],
) -> Instance:
    """Build what a rule adds to its hosts; its arguments and equations are read later."""
    node = template.node
    assert isinstance(node, nodes.Rule | nodes.Transform)
    hosts = chain.plan.hosts if record is None else {"": record.component}
    scope = Scope(Scope(template.scope))
    inside = replace(
        chain.place.inside(scope, call),
        readers=hosts,
        tickers=hosts,
        host=next(iter(hosts.values()), None),
    )
    holder = Holder(leaves, hosts)
    own_g = LazyValue(
        lambda: _part(read_lazy(builder, g, g.origin), leaves, record), g.origin, like=holder
    )
    meanings: tuple[Entity, ...] = (holder, own_g, chain.objective)
    if len(node.names) > len(meanings):
        at = inside.origin(node.names[len(meanings)])
        builder.report.add(errors.argument(node.name, "names at most W, g and L", at))
    params = scope.parent
    assert params is not None
    for identifier, meaning in zip(node.names, meanings, strict=False):
        params.names[identifier.name] = meaning
    statements = unroll(builder, body_of(template), scope)
    for statement, statement_scope in statements:
        here = replace(inside, scope=statement_scope)
        match statement:
            case nodes.Component():
                _component(builder, statement, here, hosts, record, names, scope)
            case nodes.Equation(primed=False, target=nodes.Name(name=name)):
                lazy = LazyValue(
                    lambda statement=statement, here=here: resolve(builder, statement.value, here),  # type: ignore[misc]
                    here.origin(statement),
                )
                declare(builder, scope, name, lazy, here, statement.target)
            case nodes.Fn():
                declare(builder, scope, statement.name, Template(statement, scope), here, statement)
            case nodes.Equation() | nodes.Minimize():
                pass
            case _:
                builder.report.add(
                    errors.misplaced("this statement", "in a rule", here.origin(statement))
                )
    for statement, statement_scope in statements:
        if isinstance(statement, nodes.Minimize):
            builder.plans.append(
                Plan(statement, hosts, leaves, replace(inside, scope=statement_scope))
            )
    instance = Instance(template, call, scope, leaves, inside, statements)
    builder.bindings.append(lambda: _bind(builder, instance, chain))
    return instance


def _component(
    builder: Builder,
    node: nodes.Component,
    place: Place,
    hosts: Mapping[str, Comp],
    record: StateRecord | None,
    names: Mapping[str, str],
    scope: Scope,
) -> None:
    name = names[node.member.name]
    full = {key: f"{comp.id}.{name}" for key, comp in hosts.items()}
    site = Site(place.scope, dict(hosts), full, place.via, record, rule=True, tickers=hosts)
    holder = build(builder, node, site)
    declare(builder, scope, node.member.name, holder, place, node.member)
    for key, comp in holder.comps.items():
        host = hosts[key]
        host.added[name] = Holder(
            {("", rec.short): rec for rec in comp.states.values()}, {"": comp}
        )


def _part(g: Value, leaves: Mapping[Key, StateRecord], record: StateRecord | None) -> Value:
    """The gradient of a bundle, or of the one tensor that an instance `for each` has."""
    if record is None or not isinstance(g, Bundle):
        return g
    (short,) = (key[1] for key in leaves)
    for key in ((str(record.component.id), short), ("", short)):
        if key in g.leaves:
            return g.leaves[key]
    return next(iter(g.leaves.values()))


def _bind(builder: Builder, instance: Instance, chain: Chain) -> None:
    """Give a rule's parameters their arguments, which are read where the rule is called."""
    node = instance.template.node
    assert isinstance(node, nodes.Rule | nodes.Transform)
    names = instance.scope.parent
    assert names is not None
    place = replace(
        instance.place,
        scope=chain.plan.place.scope,
        via=chain.plan.place.via,
        primed=chain.plan.place.primed,
    )
    call = instance.call
    params = bind(
        builder,
        node.name,
        node.params,
        call.args,
        call.keywords,
        call,
        place,
        instance.template.scope,
    )
    if params is None:
        unknown = ValueEntity(Unknown(instance.place.origin(call)))
        for param in node.params:
            names.names.setdefault(param.name, unknown)
        return
    instance.bound = True
    for name, entity in params.names.items():
        names.names.setdefault(name, entity)
        if isinstance(entity, ValueEntity):
            for comp in instance.place.readers.values():
                comp.coefficients.extend(exprs_of(entity.value))


def transformed(builder: Builder, instance: Instance) -> Value:
    """The gradient that a transform passes on."""
    node = instance.template.node
    assert isinstance(node, nodes.Transform)
    if not instance.bound:
        return Unknown(instance.place.origin(node))
    if node.value is not None:
        return collapse(resolve(builder, node.value, instance.place))
    g_name = node.names[1].name if len(node.names) > 1 else "g"
    for statement, scope in instance.statements:
        match statement:
            case nodes.Equation(primed=True, target=nodes.Name(name=name)) if name == g_name:
                return resolve(builder, statement.value, replace(instance.place, scope=scope))
            case _:
                continue
    origin = instance.place.origin(node)
    return builder.fault(
        errors.argument(
            node.name, f"gives no `{g_name}'`", origin, f"a transform ends in {g_name}' = …"
        ),
        origin,
    )


def updates(builder: Builder, instance: Instance) -> None:
    """The equations of a rule for its host's states."""
    found = is_faulty = False
    node = instance.template.node
    for statement, scope in instance.statements:
        if isinstance(statement, nodes.Minimize):
            found = True
        if not isinstance(statement, nodes.Equation) or not statement.primed:
            continue
        place = replace(instance.place, scope=scope)
        origin = place.origin(statement)
        entity = entity_of(builder, statement.target, place)
        own = {id(record) for record in instance.leaves.values()}
        records: Mapping[Key, StateRecord] = (
            entity.leaves
            if isinstance(entity, Holder)
            else {("", None): entity}
            if isinstance(entity, StateRecord)
            else {}
        )
        if not records or any(id(record) not in own for record in records.values()):
            is_faulty = True
            if entity is not None:
                text = statement.target.span.text
                builder.report.add(errors.not_of_rule(text, origin))
            continue
        name = str(next(iter(records.values())).id)
        value = resolve(builder, statement.value, replace(place, name=name))
        define(builder, records, value, origin)
        found = True
    if not found:
        origin = instance.place.origin(node)
        if is_faulty or has_fault(builder, node):
            define(builder, instance.leaves, Unknown(origin), origin)
            return
        first = node.names[0].name if isinstance(node, nodes.Rule) else "W"
        builder.report.add(errors.argument(node.name, f"gives no `{first}'`", origin))
        define(builder, instance.leaves, Unknown(origin), origin)
