"""`minimize … by …` to equations: a rule's components are built for each host, then its updates.

It happens in two steps, since anything may read a rule's components: `plan_rules` builds them,
and what it returns, run when every name has its meaning, gives the states their updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.apply import map_leaves
from nlgraph.system.arguments import bind
from nlgraph.system.body import declare, define
from nlgraph.system.builder import Builder, Place, Plan, exprs_of
from nlgraph.system.components import Site, build
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
from nlgraph.system.expressions import read_lazy, resolve, resolve_single
from nlgraph.system.forms import gradient
from nlgraph.system.ids import ComponentId
from nlgraph.system.lookup import describe, entity_of
from nlgraph.system.model import SignalRead, StateRead, Stop, Unknown
from nlgraph.system.unroll import unroll
from nlgraph.system.values import Bundle, Key, Value, collapse
from nlgraph.text.span import Origin

ClockOfHost = Mapping[ComponentId, Fraction | None]
"""The length of a tick of each component, where it is known already."""


@dataclass(slots=True, eq=False)
class _Instance:
    """A rule or transform of a chain, made for one bundle or, `for each`, for one tensor."""

    template: Template
    call: nodes.RuleCall
    scope: Scope
    leaves: Mapping[Key, StateRecord]
    place: Place
    statements: list[tuple[nodes.Statement, Scope]]
    bound: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Chain:
    """What all rules of a chain share: the plan, and the objective."""

    plan: Plan
    place: Place
    objective: LazyValue


def plan_rules(builder: Builder, clock_of_host: ClockOfHost | None) -> bool:
    """Build what the rules add; True where hosts were taken one by one for want of their clocks."""
    ungrouped = False
    done = 0
    while done < len(builder.plans):
        plan = builder.plans[done]
        done += 1
        if len(plan.hosts) > 1 and not plan.place.readers:
            ungrouped = ungrouped or clock_of_host is None
            for group in _groups(plan, clock_of_host):
                _plan_group(builder, group)
        else:
            _plan_group(builder, plan)
        if len(builder.plans) > _MOST_PLANS:
            builder.report.add(errors.too_deep(plan.place.origin(plan.node)))
            return ungrouped
    return ungrouped


_MOST_PLANS = 50_000


def _groups(plan: Plan, clock_of_host: ClockOfHost | None) -> list[Plan]:
    """The hosts that share a clock form one bundle."""
    by_clock: dict[object, list[str]] = {}
    for key, comp in plan.hosts.items():
        clock = comp.id if clock_of_host is None else clock_of_host.get(comp.id)
        by_clock.setdefault(clock, []).append(key)
    groups = []
    for keys in by_clock.values():
        hosts = {key: plan.hosts[key] for key in keys}
        leaves = {key: record for key, record in plan.leaves.items() if key[0] in hosts}
        if len(keys) == 1:
            hosts = {"": plan.hosts[keys[0]]}
            leaves = {("", key[1]): record for key, record in leaves.items()}
        groups.append(replace(plan, hosts=hosts, leaves=leaves))
    return groups


def _plan_group(builder: Builder, plan: Plan) -> None:
    """Build the components of a chain of rules over one bundle."""
    place = replace(plan.place, readers=plan.hosts, tickers=plan.hosts)
    if place.host is None and len(plan.hosts) == 1:
        place = replace(place, host=next(iter(plan.hosts.values())))
    origin = place.origin(plan.node)
    chain = _chain(builder, plan.node, place)
    if chain is None:
        builder.equations.append(lambda: define(builder, plan.leaves, Unknown(origin), origin))
        return
    first = next(iter(plan.leaves.values()), None)
    named = place if first is None else replace(place, name=str(first.id))
    objective = LazyValue(
        lambda: resolve_single(builder, plan.node.objective, named, "`minimize`"), origin
    )
    shared = _Chain(plan, place, objective)
    g = LazyValue(lambda: _gradient(builder, shared), origin)
    names = _names(chain, plan.hosts)
    last: list[_Instance] = []
    for position, (template, call) in enumerate(chain):
        rule = template.node
        each = isinstance(rule, nodes.Rule) and rule.each
        parts: list[tuple[Mapping[Key, StateRecord], StateRecord | None]] = (
            [({("", key[1]): record}, record) for key, record in plan.leaves.items()]
            if each
            else [(plan.leaves, None)]
        )
        last = [
            _instance(builder, template, call, part, record, shared, g, names[position])
            for part, record in parts
        ]
        if isinstance(rule, nodes.Transform):
            g = _transformed_by(builder, last[0], origin)

    def run() -> None:
        for comp in plan.hosts.values():
            value = read_lazy(builder, objective, origin)
            comp.objective = value if not isinstance(value, Bundle) else None
            comp.rules.extend(template.node.name for template, _ in chain)
        for instance in last:
            if instance.bound:
                _updates(builder, instance)
            else:
                define(builder, instance.leaves, Unknown(origin), origin)

    builder.equations.append(run)


def _gradient(builder: Builder, chain: _Chain) -> Value:
    """The gradient of the objective by leaf, a constant to every gradient that a rule writes."""
    origin = chain.place.origin(chain.plan.node)
    objective = read_lazy(builder, chain.objective, origin)
    if isinstance(objective, Unknown | Bundle) or not chain.plan.leaves:
        return Unknown(origin)
    targets: dict[Key, StateRead | SignalRead] = {
        key: StateRead(origin, record.id, primed=False) for key, record in chain.plan.leaves.items()
    }
    g = gradient(builder, objective, targets, None, chain.plan.node, chain.place)
    return map_leaves((g,), lambda parts: Stop(origin, parts[0]), origin, builder)


def _transformed_by(builder: Builder, instance: _Instance, origin: Origin) -> LazyValue:
    return LazyValue(lambda: _transformed(builder, instance), origin)


def _chain(
    builder: Builder, node: nodes.Minimize, place: Place
) -> list[tuple[Template, nodes.RuleCall]] | None:
    chain: list[tuple[Template, nodes.RuleCall]] = []
    for position, call in enumerate(node.rules):
        last = position == len(node.rules) - 1
        entity = entity_of(builder, call.rule, place)
        if entity is None:
            return None
        origin = place.origin(call.rule)
        text = call.rule.span.text
        kind = nodes.Rule if last else nodes.Transform
        if not isinstance(entity, Template) or not isinstance(entity.node, kind):
            wanted = "a rule" if last else "a transform"
            advice = (
                "a chain ends in a rule: clip_norm(1) then adamw()"
                if last
                else "only the last of a chain is a rule; those before it transform the gradient"
            )
            builder.report.add(errors.not_a(wanted, text, describe(entity), origin, advice))
            return None
        chain.append((entity, call))
    return chain


def _body_of(template: Template) -> tuple[nodes.Statement, ...]:
    node = template.node
    assert isinstance(node, nodes.Rule | nodes.Transform)
    return node.body or ()


def _names(
    chain: list[tuple[Template, nodes.RuleCall]], hosts: Mapping[str, Comp]
) -> list[dict[str, str]]:
    """The name, below its host, of each component that a rule of the chain adds."""
    added = [
        [s.member.name for s in _walk(_body_of(template)) if isinstance(s, nodes.Component)]
        for template, _ in chain
    ]
    all_names = [name for names in added for name in names]
    result: list[dict[str, str]] = []
    for (template, _), names in zip(chain, added, strict=True):
        node = template.node
        chosen: dict[str, str] = {}
        for name in names:
            taken = any(
                name in comp.states or name in comp.scope.names or name in comp.added
                for comp in hosts.values()
            )
            clash = all_names.count(name) > 1 or taken
            chosen[name] = f"{node.name}.{name}" if clash else name
        result.append(chosen)
    return result


def _walk(statements: tuple[nodes.Statement, ...]) -> list[nodes.Statement]:
    found: list[nodes.Statement] = []
    for statement in statements:
        found.extend(_walk(statement.body) if isinstance(statement, nodes.For) else [statement])
    return found


def _instance(
    builder: Builder,
    template: Template,
    call: nodes.RuleCall,
    leaves: Mapping[Key, StateRecord],
    record: StateRecord | None,
    chain: _Chain,
    g: LazyValue,
    names: Mapping[str, str],
) -> _Instance:
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
    statements = unroll(builder, _body_of(template), scope)
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
    instance = _Instance(template, call, scope, leaves, inside, statements)
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


def _bind(builder: Builder, instance: _Instance, chain: _Chain) -> None:
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


def _transformed(builder: Builder, instance: _Instance) -> Value:
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


def _updates(builder: Builder, instance: _Instance) -> None:
    """The equations of a rule for its host's states."""
    found = False
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
            text = statement.target.span.text
            builder.report.add(
                errors.no_state(
                    text, origin, "a rule updates its host; its components update themselves"
                )
            )
            continue
        name = str(next(iter(records.values())).id)
        value = resolve(builder, statement.value, replace(place, name=name))
        define(builder, records, value, origin)
        found = True
    if not found:
        origin = instance.place.origin(node)
        first = node.names[0].name if isinstance(node, nodes.Rule) else "W"
        builder.report.add(errors.argument(node.name, f"gives no `{first}'`", origin))
        define(builder, instance.leaves, Unknown(origin), origin)
