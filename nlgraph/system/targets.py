"""What `grad`, `with` and `train` may name: states, bundles of them, signals."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place, is_unknown
from nlgraph.system.entities import (
    Family,
    Holder,
    InputEntity,
    LazyComponent,
    LazyValue,
    SignalEntity,
    StateRecord,
    ValueEntity,
)
from nlgraph.system.lookup import describe, entity_of, holder_of, signal_value
from nlgraph.system.model import SignalRead, StateRead
from nlgraph.system.values import Bundle, Key, Value, collapse

Target = StateRead | SignalRead


def targets_of(
    builder: Builder, node: nodes.Expr, place: Place, what: str
) -> Mapping[Key, Target] | None:
    """The states or signals that a name stands for, by leaf; None where a fault was reported."""
    origin = place.origin(node)
    if not isinstance(node, nodes.Name | nodes.Dotted | nodes.Index):
        builder.report.add(errors.not_a_target(what, origin, "an expression"))
        return None
    entity = entity_of(builder, node, place)
    value: Value | None = None
    match entity:
        case None:
            return None
        case StateRecord():
            value = StateRead(origin, entity.id, primed=False)
        case Holder() | LazyComponent():
            holder = holder_of(builder, entity, origin)
            if holder is None or (not holder.leaves and holder.is_lost):
                return None
            value = Bundle(
                {key: StateRead(origin, rec.id, primed=False) for key, rec in holder.leaves.items()}
            )
        case Family(members=members):
            leaves: dict[Key, StateRead] = {}
            for member in members.values():
                if isinstance(member, Holder | LazyComponent):
                    part = holder_of(builder, member, origin)
                    for (_, short), record in (part.leaves if part else {}).items():
                        key = (record.component.id, short)
                        leaves[key] = StateRead(origin, record.id, primed=False)
            value = Bundle(leaves) if leaves else None
        case SignalEntity():
            value = signal_value(builder, entity, origin)
        case ValueEntity(value=bound):
            value = bound
        case LazyValue():
            from nlgraph.system.expressions import read

            value = read(builder, entity, place, node, primed=False)
        case _:
            value = None
    if value is not None and is_unknown(value):
        return None
    targets = _targets(value)
    if targets is None:
        advice = None
        if isinstance(entity, InputEntity) and what != "`train`":
            advice = f"make a signal of the input, and compute from that: u = 1 * {node.span.text}"
        found = describe(entity) if entity is not None else "nothing"
        builder.report.add(errors.not_a_target(what, origin, found, advice))
    return targets


def _targets(value: Value | None) -> Mapping[Key, Target] | None:
    if value is None:
        return None
    value = collapse(value)
    if isinstance(value, StateRead | SignalRead):
        return {("", None): value}
    if isinstance(value, Bundle):
        found = {
            key: leaf
            for key, leaf in value.leaves.items()
            if isinstance(leaf, StateRead | SignalRead)
        }
        return found if found and len(found) == len(value.leaves) else None
    return None
