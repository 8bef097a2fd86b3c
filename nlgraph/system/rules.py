"""`minimize … by …` to equations: a rule's components are built for each host, then its updates.

It happens in two steps, since anything may read a rule's components: `plan_rules` builds them,
and what it returns, run when every name has its meaning, gives the states their updates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.body import define
from nlgraph.system.builder import Builder, Place, Plan, exprs_of
from nlgraph.system.entities import (
    Comp,
    LazyValue,
    StateRecord,
    Template,
)
from nlgraph.system.expressions import read_lazy, resolve_single
from nlgraph.system.forms import gradient
from nlgraph.system.ids import ComponentId
from nlgraph.system.instances import Chain, Instance, body_of, make_instance, transformed, updates
from nlgraph.system.lookup import describe, entity_of
from nlgraph.system.model import Expr, SignalRead, StateRead, Unknown
from nlgraph.system.values import Bundle, Key, Value
from nlgraph.text.span import Origin

ClockOfHost = Mapping[ComponentId, Fraction | None]
"""The length of a tick of each component, where it is known already."""


def plan_rules(builder: Builder, clock_of_host: ClockOfHost | None) -> bool:
    """Build what the rules add; True where hosts were taken one by one for want of their clocks."""
    ungrouped = False
    done = 0
    while done < len(builder.plans):
        plan = builder.plans[done]
        done += 1
        if _expansions(plan.place) > _MOST_EXPANSIONS:
            if not builder.past_limit:
                builder.past_limit = True
                builder.report.add(errors.too_deep(plan.place.origin(plan.node)))
            continue
        if len(plan.hosts) > 1 and not plan.place.readers:
            ungrouped = ungrouped or clock_of_host is None
            for group in _groups(plan, clock_of_host):
                _plan_group(builder, group)
        else:
            _plan_group(builder, plan)
    return ungrouped


_MOST_EXPANSIONS = 20
"""Rules whose components minimize by rules, and so on: four are many."""


def _expansions(place: Place) -> int:
    """How many expansions led to a place."""
    count, origin = 0, place.via
    while origin is not None:
        count, origin = count + 1, origin.via
    return count


def _groups(plan: Plan, clock_of_host: ClockOfHost | None) -> list[Plan]:
    """The hosts that share a clock form one bundle."""
    by_clock: dict[object, list[str]] = {}
    for key, comp in plan.hosts.items():
        clock = comp.id if clock_of_host is None else clock_of_host.get(comp.id)
        by_clock.setdefault(clock, []).append(key)
    by_host: dict[str, dict[Key, StateRecord]] = {}
    for leaf, record in plan.leaves.items():
        by_host.setdefault(leaf[0], {})[leaf] = record
    groups = []
    for keys in by_clock.values():
        hosts = {key: plan.hosts[key] for key in keys}
        leaves = {leaf: of for key in keys for leaf, of in by_host.get(key, {}).items()}
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
    if not plan.leaves:
        if not any(comp.lost for comp in plan.hosts.values()):
            builder.report.add(errors.no_state_to_train(origin))
        return
    chain = _chain(builder, plan.node, place)
    if chain is None:
        builder.equations.append(lambda: define(builder, plan.leaves, Unknown(origin), origin))
        return
    first = next(iter(plan.leaves.values()), None)
    named = place if first is None else replace(place, name=str(first.id))
    objective = LazyValue(
        lambda: resolve_single(builder, plan.node.objective, named, "`minimize`"), origin
    )
    shared = Chain(plan, place, objective)
    g = LazyValue(lambda: _gradient(builder, shared), origin)
    names = _names(chain, plan.hosts)
    last: list[Instance] = []
    for position, (template, call) in enumerate(chain):
        rule = template.node
        assert isinstance(rule, nodes.Rule | nodes.Transform)
        parts: list[tuple[Mapping[Key, StateRecord], StateRecord | None]] = (
            [({("", key[1]): record}, record) for key, record in plan.leaves.items()]
            if rule.each
            else [(plan.leaves, None)]
        )
        last = [
            make_instance(builder, template, call, part, record, shared, g, names[position])
            for part, record in parts
        ]
        if isinstance(rule, nodes.Transform):
            g = _transformed_by(builder, last, tuple(plan.leaves), origin)

    def run() -> None:
        for comp in plan.hosts.values():
            value = read_lazy(builder, objective, origin)
            comp.objective = value if not isinstance(value, Bundle) else None
            comp.rules.extend(template.node.name for template, _ in chain)
        for instance in last:
            if instance.bound:
                updates(builder, instance)
            else:
                define(builder, instance.leaves, Unknown(origin), origin)

    builder.equations.append(run)


def _gradient(builder: Builder, chain: Chain) -> Value:
    """The gradient of the objective by leaf.

    It is a constant to every gradient that a rule writes, but to no other: where a state lives
    inside the tick of an outer objective, that one's gradient flows through it.
    """
    origin = chain.place.origin(chain.plan.node)
    objective = read_lazy(builder, chain.objective, origin)
    if isinstance(objective, Unknown | Bundle) or not chain.plan.leaves:
        return Unknown(origin)
    targets: dict[Key, StateRead | SignalRead] = {
        key: StateRead(origin, record.id, primed=False) for key, record in chain.plan.leaves.items()
    }
    g = gradient(builder, objective, targets, None, chain.plan.node, chain.place)
    builder.given.update(exprs_of(g))
    return g


def _transformed_by(
    builder: Builder, instances: list[Instance], keys: tuple[Key, ...], origin: Origin
) -> LazyValue:
    """What a transform passes on: of the bundle, or of each of its leaves."""

    def value() -> Value:
        found = [transformed(builder, instance) for instance in instances]
        if len(found) == 1:
            return found[0]
        leaves = {key: of for key, of in zip(keys, found, strict=True) if isinstance(of, Expr)}
        return Bundle(leaves)

    return LazyValue(value, origin)


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


def _names(
    chain: list[tuple[Template, nodes.RuleCall]], hosts: Mapping[str, Comp]
) -> list[dict[str, str]]:
    """The name, below its host, of each component that a rule of the chain adds."""
    added = [
        [s.member.name for s in _walk(body_of(template)) if isinstance(s, nodes.Component)]
        for template, _ in chain
    ]
    all_names = [name for names in added for name in names]
    result: list[dict[str, str]] = []
    for (template, _), names in zip(chain, added, strict=True):
        node = template.node
        chosen: dict[str, str] = {}
        for name in names:
            taken = any(
                name in comp.scope.names
                or name in comp.added
                # A module's parameters have dots: `m.weight` beside a rule's `m`.
                or any(state.partition(".")[0] == name for state in comp.states)
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
