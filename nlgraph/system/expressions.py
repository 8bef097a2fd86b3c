"""Syntax to expressions: names looked up, functions and maps written out, bundles by leaf."""

from __future__ import annotations

from dataclasses import replace

from nlgraph import limits
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.apply import apply, map_leaves
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import (
    ClockEntity,
    DimEntity,
    Entity,
    Family,
    Holder,
    InputEntity,
    LazyComponent,
    LazyValue,
    NumberEntity,
    SignalEntity,
    StateRecord,
    Template,
    ValueEntity,
)
from nlgraph.system.lookup import describe, entity_of, holder_of, signal_value
from nlgraph.system.model import (
    DimSize,
    Expr,
    InputRead,
    Learning,
    Number,
    Slice,
    StateRead,
    Tick,
    Unknown,
)
from nlgraph.system.values import Bundle, Key, Value, collapse
from nlgraph.text.span import Origin

OPERATORS = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "@": "matmul",
    "^": "pow",
    "==": "eq",
    "!=": "ne",
    "<": "lt",
    "<=": "le",
    ">": "gt",
    ">=": "ge",
    "and": "and",
    "or": "or",
}
_DEEPEST = 120
_MOST_ENDS = 1000


def resolve(builder: Builder, node: nodes.Expr, place: Place) -> Value:
    """The value of an expression at a place; Unknown where a fault was reported."""
    builder.depth += 1
    try:
        if builder.nodes > limits.NODES:
            builder.stop(errors.too_many("expressions", limits.NODES, place.origin(node)))
        if builder.depth > _DEEPEST:
            return _past_limit(builder, place.origin(node))
        return _resolve(builder, node, place)
    finally:
        builder.depth -= 1


def _past_limit(builder: Builder, at: Origin) -> Value:
    """One fault for what is nested too deep, wherever it is met first; what is too much ends all.

    Of what branches, 2^depth ends can be too deep: only so many are met.
    """
    if not builder.past_limit:
        builder.past_limit = True
        builder.report.add(errors.too_deep(at))
    builder.nodes += limits.NODES // _MOST_ENDS
    return Unknown(at)


def resolve_single(builder: Builder, node: nodes.Expr, place: Place, what: str) -> Expr:
    """The value of an expression where one tensor is needed."""
    value = collapse(resolve(builder, node, place))
    if isinstance(value, Bundle):
        origin = place.origin(node)
        return builder.fault(errors.bundle(what, origin, value.leaves.values()), origin)
    return value


def constant(
    builder: Builder, node: nodes.Expr, place: Place, what: str
) -> int | float | bool | None:
    """The number that an expression is when compiling; None where a fault was reported."""
    value = collapse(resolve(builder, node, place))
    if isinstance(value, Number):
        return value.value
    if not isinstance(value, Unknown):
        builder.report.add(errors.not_constant(what, place.origin(node)))
    return None


def whole(builder: Builder, node: nodes.Expr, place: Place, what: str) -> int | None:
    """A whole number from 1 that an expression is when compiling."""
    value = constant(builder, node, place, what)
    if value is None:
        return None
    if isinstance(value, bool) or value != int(value) or value < 1:
        builder.report.add(errors.not_whole(what, value, place.origin(node)))
        return None
    return int(value)


def read(
    builder: Builder, entity: Entity, place: Place, node: nodes.Expr, *, primed: bool
) -> Value:
    """The value of what a name stands for."""
    origin = place.origin(node)
    match entity:
        case NumberEntity(value=value) if not isinstance(value, str):
            result: Value = Number(origin, value)
        case DimEntity(dim=dim) if dim.name is not None and dim.size is None:
            result = DimSize(origin, dim.name)
        case DimEntity(dim=dim) if dim.size is not None:
            result = Number(origin, dim.size)
        case InputEntity(id=name):
            result = InputRead(origin, name)
        case SignalEntity():
            result = signal_value(builder, entity, origin)
        case LazyValue():
            result = read_lazy(builder, entity, origin)
        case ValueEntity(value=value):
            result = value
        case StateRecord():
            return _state(entity, origin, place, primed=primed)
        case Holder() | LazyComponent():
            return _component(builder, entity, place, node, primed=primed)
        case _ if _text(node) in builder.unread:
            return Unknown(origin)
        case _:
            found = describe(entity)
            return builder.fault(
                errors.not_a("a value", _text(node), found, origin, _advice(entity)), origin
            )
    if primed:
        return _primed(builder, result, node, place)
    return result


def read_lazy(builder: Builder, entity: LazyValue, origin: Origin) -> Value:
    """A rule's local equation or gradient, resolved when first read."""
    if entity.value is None:
        if entity.busy:
            return builder.fault(
                errors.definition_cycle("value", ((entity.origin.span.text, entity.origin),)),
                origin,
            )
        entity.busy = True
        entity.value = entity.resolve()
    return entity.value


def _resolve(builder: Builder, node: nodes.Expr, place: Place) -> Value:
    origin = place.origin(node)
    match node:
        case nodes.Number(value=value) | nodes.Flag(value=value):
            return Number(origin, value)
        case nodes.Name() | nodes.Dotted():
            return _name(builder, node, place, primed=False)
        case nodes.Primed(value=inner):
            if isinstance(inner, nodes.Name | nodes.Dotted | nodes.Index):
                return _name(builder, inner, place, primed=True)
            return builder.fault(
                errors.misplaced("a prime", "after an expression", origin, _PRIME), origin
            )
        case nodes.Index():
            return _index(builder, node, place)
        case nodes.Call():
            from nlgraph.system import calls

            return calls.call(builder, node, place)
        case nodes.Unary(operator=operator, value=inner):
            operand = resolve(builder, inner, place)
            return apply(builder, "neg" if operator == "-" else "not", (operand,), {}, origin)
        case nodes.Binary():
            return _binary(builder, node, place)
        case nodes.If(condition=condition, yes=yes, no=no):
            test = collapse(resolve(builder, condition, place))
            if isinstance(test, Number):
                return resolve(builder, yes if test.value else no, place)
            branches = (resolve(builder, yes, place), resolve(builder, no, place))
            return apply(builder, "where", (test, *branches), {}, origin)
        case nodes.With():
            from nlgraph.system.replacement import replaced

            return replaced(builder, node, place)
        case nodes.List():
            return builder.fault(
                errors.misplaced("a list", "as a value", origin, "stack([a, b]) makes a tensor"),
                origin,
            )
        case _:
            return builder.fault(errors.misplaced("a text", "as a value", origin), origin)


_PRIME = "a prime stands after the name of a state or a component: W', ffn.W1', M'(q)"


def _binary(builder: Builder, node: nodes.Binary, place: Place) -> Value:
    """A chain of infix operators from its innermost left operand on, without recursion."""
    chain: list[nodes.Binary] = []
    left: nodes.Expr = node
    while isinstance(left, nodes.Binary):
        chain.append(left)
        left = left.left
    value = resolve(builder, left, place)
    for link in reversed(chain):
        right = resolve(builder, link.right, place)
        op = OPERATORS[link.operator]
        value = apply(builder, op, (value, right), {}, place.origin(link))
    return value


def _name(builder: Builder, node: nodes.Expr, place: Place, *, primed: bool) -> Value:
    origin = place.origin(node)
    if isinstance(node, nodes.Name):
        if node.name == "tick" and place.scope.lookup("tick") is None:
            return _tick(builder, origin, place)
        if node.name == "learning" and place.scope.lookup("learning") is None:
            return Learning(origin)
    if isinstance(node, nodes.Dotted) and node.name == "T":
        value = resolve(builder, node.value, place)
        return apply(builder, "mT", (value,), {}, origin)
    if isinstance(node, nodes.Index):
        entity = entity_of(builder, node, place, quiet=True)
        if entity is None:
            return builder.fault(
                errors.misplaced("a prime", "after a slice", origin, _PRIME), origin
            )
        return read(builder, entity, place, node, primed=primed)
    entity = entity_of(builder, node, place)
    if entity is None:
        return Unknown(origin)
    return read(builder, entity, place, node, primed=primed)


def _tick(builder: Builder, at: Origin, place: Place) -> Value:
    if not place.tickers:
        return builder.fault(
            errors.misplaced(
                "`tick`", "outside a component", at, "`tick(clock)` counts a clock's ticks"
            ),
            at,
        )
    ticks: dict[Key, Expr] = {
        (host, None): Tick(at, comp.id, None) for host, comp in place.tickers.items()
    }
    return collapse(Bundle(ticks))


def _state(record: StateRecord, origin: Origin, place: Place, *, primed: bool) -> Expr:
    return StateRead(origin, record.id, primed or record.component is place.primed)


def _component(
    builder: Builder,
    entity: Holder | LazyComponent,
    place: Place,
    node: nodes.Expr,
    *,
    primed: bool,
) -> Value:
    origin = place.origin(node)
    holder = holder_of(builder, entity, origin)
    if holder is None or (not holder.leaves and holder.is_lost):
        return Unknown(origin)
    if not holder.leaves:
        name = _text(node)
        return builder.fault(
            errors.not_a(
                "a value", name, "a component without state", origin, f"{name}(…) calls it"
            ),
            origin,
        )
    return collapse(
        Bundle(
            {
                key: _state(record, origin, place, primed=primed)
                for key, record in holder.leaves.items()
            }
        )
    )


def _primed(builder: Builder, value: Value, node: nodes.Expr, place: Place) -> Value:
    """A parameter that stands for a state may be primed; nothing else may."""
    value = collapse(value)
    parts = value.leaves.values() if isinstance(value, Bundle) else (value,)
    if all(isinstance(part, StateRead) for part in parts):
        return map_leaves((value,), _prime, place.origin(node), builder)
    origin = place.origin(node)
    if any(isinstance(part, Unknown) for part in parts):
        return Unknown(origin)
    return builder.fault(
        errors.not_a(
            "a state", _text(node), "a signal or a number", origin, "only states have primes"
        ),
        origin,
    )


def _prime(parts: tuple[Expr, ...]) -> Expr:
    (read_state,) = parts
    assert isinstance(read_state, StateRead)
    return replace(read_state, primed=True)


def _index(builder: Builder, node: nodes.Index, place: Place) -> Value:
    origin = place.origin(node)
    family = entity_of(builder, node.value, place, quiet=True)
    if isinstance(family, Family):
        entity = entity_of(builder, node, place)
        return (
            Unknown(origin) if entity is None else read(builder, entity, place, node, primed=False)
        )
    value = resolve(builder, node.value, place)
    if len(node.items) == 1 and isinstance(node.items[0], nodes.Name):
        clock = place.scope.lookup(node.items[0].name)
        if isinstance(clock, ClockEntity):
            return map_leaves(
                (value,), lambda parts: Slice(origin, parts[0], clock.id), origin, builder
            )
    items: list[object] = []
    for item in node.items:
        match item:
            case nodes.Ellipsis():
                items.append("...")
            case nodes.Slice(start=start, stop=stop):
                bounds = [
                    None if bound is None else _integer(builder, bound, place)
                    for bound in (start, stop)
                ]
                items.append(("slice", *bounds))
            case _:
                number = _integer(builder, item, place)
                if number is None:
                    return Unknown(origin)
                items.append(number)
    return apply(builder, "index", (value,), {"items": tuple(items)}, origin)


def _integer(builder: Builder, node: nodes.Expr, place: Place) -> int | None:
    value = constant(builder, node, place, "an index")
    if value is None:
        return None
    if isinstance(value, bool) or value != int(value):
        builder.report.add(errors.not_whole("an index", value, place.origin(node)))
        return None
    return int(value)


def _text(node: nodes.Node) -> str:
    return " ".join(node.span.text.split())


def _advice(entity: Entity) -> str | None:
    match entity:
        case Family(name=name):
            return f"a member is {name}[1]; chain({name}, x) applies all, stack({name}) stacks them"
        case ClockEntity():
            return "`tick(clock)` counts its ticks, `x[clock]` is this tick's slice"
        case Template():
            return "call it with its arguments"
        case _:
            return None
