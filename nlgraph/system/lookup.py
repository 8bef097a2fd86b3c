"""What a name, `a.b` or `z[i]` stands for, and the components and signals behind it."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place, is_unknown
from nlgraph.system.entities import (
    ClockEntity,
    Comp,
    DimEntity,
    Entity,
    Family,
    Holder,
    InputEntity,
    LazyComponent,
    NumberEntity,
    Scope,
    SignalEntity,
    StateRecord,
    Template,
)
from nlgraph.system.ids import SignalId
from nlgraph.system.imports import module_of
from nlgraph.system.model import Number, Signal, SignalRead
from nlgraph.system.values import Bundle, Value, collapse
from nlgraph.text.span import Origin


def entity_of(
    builder: Builder, node: nodes.Expr, place: Place, *, quiet: bool = False
) -> Entity | None:
    """What a name, a dotted name or a family's member stands for.

    None where it stands for nothing; this is reported unless `quiet`.
    """
    match node:
        case nodes.Name(name=name):
            entity = place.scope.lookup(name)
            if entity is None and not quiet and name not in builder.unread:
                origin = place.origin(node)
                guess = nearest(name, place.scope.visible())
                builder.unknown_name(name, origin, guess, module_of(name))
            builder.used.add(name)
            return entity
        case nodes.Dotted(value=value, name=name):
            owner = entity_of(builder, value, place, quiet=quiet)
            return None if owner is None else _member(builder, owner, node, name, place, quiet)
        case nodes.Index(value=value, items=items):
            family = entity_of(builder, value, place, quiet=quiet)
            if isinstance(family, Family) and len(items) == 1:
                return _of_family(builder, family, node, place)
            return None
        case _:
            return None


def candidates(builder: Builder, place: Place) -> Iterable[str]:
    """Names that could have been meant at a place."""
    return (*place.scope.visible(), *builder.ops)


def dims_of(scope: Scope) -> Iterable[str]:
    """The dims that are seen from a scope."""
    return (name for name in scope.visible() if isinstance(scope.lookup(name), DimEntity))


def holder_of(builder: Builder, entity: Holder | LazyComponent, at: Origin) -> Holder | None:
    """A component's states and records, built when first asked for; None where that failed."""
    if isinstance(entity, Holder):
        return entity
    if entity.holder is None:
        if entity.busy:
            circle = builder.building[builder.building.index(entity) :]
            chain = tuple((str(member.id), member.origin) for member in circle)
            builder.fault(errors.definition_cycle("component", chain), at)
            return None
        entity.busy = True
        builder.building.append(entity)
        entity.holder = entity.build()
        builder.building.pop()
        entity.busy = False
    return entity.holder


def only_comp(holder: Holder) -> Comp | None:
    """The component behind a holder, where it is one."""
    return next(iter(holder.comps.values())) if len(holder.comps) == 1 else None


def signal_value(builder: Builder, entity: SignalEntity, origin: Origin) -> Value:
    """A read of a signal; of a bundle of signals where its equation is a bundle."""
    if entity.state == "new" and _may_be_bundle(builder, entity.node, entity.scope):
        resolve_signal(builder, entity)
    if isinstance(entity.value, Bundle):
        return Bundle(
            {
                key: SignalRead(origin, SignalId(f"{entity.id}.{_leaf_name(key)}"))
                for key in entity.value.leaves
            }
        )
    return SignalRead(origin, entity.id)


_MOST_UNRESOLVED = 200
"""Signals that are not resolved yet and are looked through for a bundle: equations are resolved
in the order of the file, so that only a file written backwards reads more of them."""


def _may_be_bundle(builder: Builder, node: nodes.Node, scope: Scope) -> bool:
    """Whether an expression's value can be a bundle, as far as its form tells."""
    stack = [(node, scope)]
    seen: set[SignalId] = set()
    while stack:
        node, scope = stack.pop()
        parts: Iterable[nodes.Node] = ()
        match node:
            case nodes.Name() | nodes.Dotted() | nodes.Index() | nodes.Primed():
                inner = node.value if isinstance(node, nodes.Primed) else node
                entity = entity_of(builder, inner, Place(scope, ""), quiet=True)
                if isinstance(entity, Holder | LazyComponent):
                    holder = holder_of(builder, entity, Origin(node.span))
                    if holder is not None and len(holder.leaves) > 1:
                        return True
                if not isinstance(entity, SignalEntity) or entity.id in seen:
                    continue
                if isinstance(entity.value, Bundle):
                    return True
                if entity.state == "new" and len(seen) < _MOST_UNRESOLVED:
                    seen.add(entity.id)
                    stack.append((entity.node, entity.scope))
            case nodes.Unary(value=value) | nodes.With(value=value):
                parts = (value,)
            case nodes.Binary(left=left, right=right):
                parts = (left, right)
            case nodes.If(yes=yes, no=no):
                parts = (yes, no)
            case nodes.Call(function=nodes.Name(name="grad"), args=(_, target, *_)):
                parts = (target,)
            case nodes.Call(function=nodes.Name(name=name), args=args) if name not in _WHOLE:
                parts = args
            case _:
                continue
        stack.extend((part, scope) for part in parts)
    return False


_WHOLE = frozenset({"dot", "norm"})
"""Functions that make one number of a bundle."""


def resolve_signal(builder: Builder, entity: SignalEntity) -> None:
    """Resolve a signal's equation, once, and enter it into the table of signals."""
    from nlgraph.system.expressions import resolve

    if entity.state != "new":
        return
    entity.state = "busy"
    value = resolve(
        builder, entity.node, Place(entity.scope, entity.id, host=entity.host, via=entity.via)
    )
    _add_signal(builder, entity, value)
    entity.state = "done"


def _add_signal(builder: Builder, entity: SignalEntity, value: Value) -> None:
    """Enter a signal's value into the table, a bundle's leaf by leaf."""
    value = collapse(value)
    entity.value = value
    leaves = (
        {f"{entity.id}.{_leaf_name(key)}": expr for key, expr in value.leaves.items()}
        if isinstance(value, Bundle)
        else {entity.id: value}
    )
    host = None if entity.host is None else entity.host.id
    for name, expr in leaves.items():
        builder.signals[SignalId(name)] = Signal(SignalId(name), expr, host, entity.origin)


def describe(entity: Entity) -> str:
    """What kind of thing a name stands for, in words."""
    match entity:
        case NumberEntity():
            return "a constant"
        case DimEntity():
            return "a dimension"
        case ClockEntity():
            return "a clock"
        case InputEntity():
            return "an input"
        case Holder() | LazyComponent():
            return "a component"
        case StateRecord():
            return "a state"
        case Family():
            return "a family"
        case Template(node=nodes.Rule()):
            return "a rule"
        case Template(node=nodes.Transform()):
            return "a transform"
        case Template(node=nodes.Block()):
            return "a block"
        case Template():
            return "a function"
        case _:
            return "a signal"


def _leaf_name(key: tuple[str, str | None]) -> str:
    return ".".join(part for part in key if part)


def _member(
    builder: Builder,
    owner: Entity,
    node: nodes.Dotted,
    name: str,
    place: Place,
    quiet: bool,  # noqa: FBT001
) -> Entity | None:
    origin = place.origin(node)
    text = node.value.span.text
    if not isinstance(owner, Holder | LazyComponent):
        if not quiet:
            builder.fault(
                errors.not_a("a component", text, describe(owner), place.origin(node.value)), origin
            )
        return None
    holder = holder_of(builder, owner, origin)
    comp = only_comp(holder) if holder is not None else None
    if comp is None:
        return None
    state = comp.states.get(name)
    found = comp.scope.names.get(name) or comp.added.get(name)
    if found is None and state is not None and not state.own:
        found = state
    if found is None and not (quiet or comp.lost or name in builder.unread):
        known = (*comp.scope.names, *comp.added, *comp.states)
        members = [member for member in known if member != text]
        builder.fault(errors.no_member(text, name, origin, members), origin)
    return found


def plain_index(node: nodes.Node, scope: Scope) -> int | None:
    """An index that is a whole number, a `for`'s name, or their sum, difference or product.

    None for anything else, which the resolver then reads in full; most indices of long families
    are of this form, and there are thousands of them.
    """
    match node:
        case nodes.Number(value=int(value)):
            return value
        case nodes.Name(name=name):
            entity = scope.lookup(name)
            number = entity.value if isinstance(entity, NumberEntity) else None
            return number if isinstance(number, int) and not isinstance(number, bool) else None
        case nodes.Binary(operator=operator, left=left, right=right) if operator in "+-*":
            a, b = plain_index(left, scope), plain_index(right, scope)
            if a is None or b is None:
                return None
            return a + b if operator == "+" else a - b if operator == "-" else a * b
        case _:
            return None


def _of_family(builder: Builder, family: Family, node: nodes.Index, place: Place) -> Entity | None:
    from nlgraph.system.expressions import resolve

    item = node.items[0]
    if isinstance(item, nodes.Slice | nodes.Ellipsis):
        return None
    index: int | float | None = plain_index(item, place.scope)
    origin = place.origin(item)
    if index is None:
        value = collapse(resolve(builder, item, place))
        if is_unknown(value):
            return None
        if not isinstance(value, Number):
            builder.fault(errors.not_constant("the index of a family", origin), origin)
            return None
        index = value.value
    found = family.members.get(int(index))
    if found is None and family.name not in builder.unread:
        have = sorted(family.members)
        span = f"{have[0]} to {have[-1]}" if have else "none"
        builder.fault(
            errors.argument(
                family.name, f"has no member {index}", origin, f"its members are {span}"
            ),
            origin,
        )
    return found
