"""The forms that are no operators: gradients, gathers, time, draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.apply import apply, map_leaves
from nlgraph.system.arguments import dim_of, match, operator_arguments
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import ClockEntity
from nlgraph.system.expressions import constant, resolve, resolve_single
from nlgraph.system.given import hold_given
from nlgraph.system.ids import ClockId
from nlgraph.system.model import (
    Draw,
    Expr,
    Gather,
    GatherKind,
    Grad,
    Hold,
    Item,
    Learning,
    Prev,
    SignalRead,
    StateRead,
    Stop,
    Tick,
    Unknown,
)
from nlgraph.system.targets import targets_of
from nlgraph.system.values import Bundle, Key, Value, collapse, leaf


def gradient(
    builder: Builder,
    value: Expr,
    targets: dict[Key, StateRead | SignalRead],
    at: Value | None,
    node: nodes.Node,
    place: Place,
) -> Value:
    """The derivatives of a scalar by leaf: one Grad, read item by item."""
    origin = place.origin(node)
    points: list[Expr] = []
    if at is not None:
        for key in targets:
            point = leaf(at, key)
            if point is None:
                return builder.fault(errors.bundles_differ(origin), origin)
            points.append(point)
    value = hold_given(value, builder.given)
    grad = Grad(origin, value, tuple(targets.values()), tuple(points))
    return collapse(Bundle({key: Item(origin, grad, i) for i, key in enumerate(targets)}))


def _grad(builder: Builder, node: nodes.Call, place: Place) -> Value:
    origin = place.origin(node)
    chosen = _match(builder, node, place, ("value", False), ("of", False), ("at", True))
    if chosen is None:
        return Unknown(origin)
    value = resolve_single(builder, chosen["value"], place, "`grad`")
    targets = targets_of(builder, chosen["of"], place, "`grad`")
    at = resolve(builder, chosen["at"], place) if "at" in chosen else None
    if targets is None or isinstance(value, Unknown):
        return Unknown(origin)
    return gradient(builder, value, dict(targets), at, node, place)


def _gather(kind: GatherKind) -> Callable[[Builder, nodes.Call, Place], Value]:
    def form(builder: Builder, node: nodes.Call, place: Place) -> Value:
        origin = place.origin(node)
        chosen = _match(builder, node, place, ("value", False), ("clock", True), ("axis", True))
        if chosen is None:
            return Unknown(origin)
        value = resolve(builder, chosen["value"], place)
        clock: ClockId | None = None
        if "clock" in chosen:
            clock = _clock(builder, chosen["clock"], place)
            if clock is None:
                return Unknown(origin)
        elif not place.readers and kind != "collect":
            return builder.fault(errors.window_clock(kind, origin, _some_clock(builder)), origin)
        axis: int | None = None
        if "axis" in chosen:
            number = constant(builder, chosen["axis"], place, "an axis")
            if number is None:
                return Unknown(origin)
            axis = int(number)
        if clock is not None:
            return map_leaves(
                (value,),
                lambda parts: Gather(origin, kind, parts[0], clock, None, axis),
                origin,
                builder,
            )
        return _by_reader(kind, value, axis, node, place)

    return form


def _by_reader(
    kind: GatherKind,
    value: Value,
    axis: int | None,
    node: nodes.Call,
    place: Place,
) -> Value:
    """A gather over the tick of the component that reads it, each leaf over its own host's."""
    origin = place.origin(node)
    value = collapse(value)
    default = next(iter(place.readers.values())).id if place.readers else None
    if not isinstance(value, Bundle):
        if isinstance(value, Unknown):
            return value
        return Gather(origin, kind, value, None, default, axis)
    leaves: dict[Key, Expr] = {}
    for key, part in value.leaves.items():
        comp = place.readers.get(key[0])
        reader = comp.id if comp is not None else default
        leaves[key] = (
            part if isinstance(part, Unknown) else Gather(origin, kind, part, None, reader, axis)
        )
    return Bundle(leaves)


def _prev(builder: Builder, node: nodes.Call, place: Place) -> Value:
    origin = place.origin(node)
    chosen = _match(builder, node, place, ("value", False), ("init", False))
    if chosen is None:
        return Unknown(origin)
    name = builder.unique(f"{place.name}.prev")
    values = tuple(resolve(builder, chosen[part], place) for part in ("value", "init"))
    count = 0

    def one(parts: tuple[Expr, ...]) -> Expr:
        nonlocal count
        count += 1
        return Prev(origin, parts[0], parts[1], name if count == 1 else f"{name}.{count}")

    return map_leaves(values, one, origin, builder)


def _tick(builder: Builder, node: nodes.Call, place: Place) -> Value:
    origin = place.origin(node)
    chosen = _match(builder, node, place, ("clock", False))
    clock = None if chosen is None else _clock(builder, chosen["clock"], place)
    return Unknown(origin) if clock is None else Tick(origin, None, clock)


def _constant_to(form: type[Stop] | type[Hold]) -> Callable[[Builder, nodes.Call, Place], Value]:
    def wrap(builder: Builder, node: nodes.Call, place: Place) -> Value:
        origin = place.origin(node)
        chosen = _match(builder, node, place, ("value", False))
        if chosen is None:
            return Unknown(origin)
        value = resolve(builder, chosen["value"], place)
        return map_leaves((value,), lambda parts: form(origin, parts[0]), origin, builder)

    return wrap


_DRAWS: Final = {
    "normal": (("mean", 0.0), ("std", 1.0)),
    "uniform": (("low", 0.0), ("high", 1.0)),
    "randint": (("low", None), ("high", None)),
    "bernoulli": (("p", 0.5),),
}


def _draw(kind: str) -> Callable[[Builder, nodes.Call, Place], Value]:
    params = _DRAWS[kind]

    def form(builder: Builder, node: nodes.Call, place: Place) -> Value:
        origin = place.origin(node)
        names = tuple((name, default is not None) for name, default in params)
        chosen = _match(builder, node, place, *names, ("shape", False), shape_last=True)
        if chosen is None:
            return Unknown(origin)
        args: list[int | float] = []
        for name, default in params:
            number = (
                constant(builder, chosen[name], place, f"`{name}` of a draw")
                if name in chosen
                else default
            )
            if number is None:
                return Unknown(origin)
            args.append(number)
        shape = chosen["shape"]
        items = shape.items if isinstance(shape, nodes.List) else (shape,)
        dims = tuple(dim_of(builder, item, place) for item in items)
        if any(dim is None for dim in dims):
            return Unknown(origin)
        name = builder.unique(f"{place.name}.{kind}")
        return Draw(origin, kind, tuple(args), tuple(d for d in dims if d is not None), None, name)

    return form


def _dropout(builder: Builder, node: nodes.Call, place: Place) -> Value:
    """`dropout(x, p)`: a draw of x's shape says what stays, in a step only."""
    origin = place.origin(node)
    found = operator_arguments(builder, builder.ops["dropout"], node, place)
    if found is None:
        return Unknown(origin)
    _, values, attrs = found

    def one(parts: tuple[Expr, ...]) -> Expr:
        name = builder.unique(f"{place.name}.dropout")
        draw = Draw(origin, "uniform", (0.0, 1.0), None, parts[0], name)
        value = apply(builder, "dropout_apply", (parts[0], draw, Learning(origin)), attrs, origin)
        assert isinstance(value, Expr)
        return value

    return map_leaves(values[:1], one, origin, builder)


def _match(
    builder: Builder,
    node: nodes.Call,
    place: Place,
    *params: tuple[str, bool],
    shape_last: bool = False,
) -> dict[str, nodes.Expr] | None:
    callee = node.function.span.text
    args = node.args
    if shape_last and args and isinstance(args[-1], nodes.List):
        # `normal([B, d])`: what comes before the shape may be left out.
        rest = match(builder, callee, params[:-1], args[:-1], node.keywords, node, place)
        return None if rest is None else {**rest, params[-1][0]: args[-1]}
    return match(builder, callee, params, args, node.keywords, node, place)


def _clock(builder: Builder, node: nodes.Expr, place: Place) -> ClockId | None:
    from nlgraph.system.lookup import describe, entity_of

    entity = entity_of(builder, node, place)
    if isinstance(entity, ClockEntity):
        return entity.id
    if entity is not None:
        text = node.span.text
        builder.report.add(errors.not_a("a clock", text, describe(entity), place.origin(node)))
    elif not isinstance(node, nodes.Name | nodes.Dotted | nodes.Index):
        builder.report.add(errors.misplaced("an expression", "for a clock", place.origin(node)))
    return None


FORMS: Final[dict[str, Callable[[Builder, nodes.Call, Place], Value]]] = {
    "grad": _grad,
    "accumulate": _gather("accumulate"),
    "average": _gather("average"),
    "product": _gather("product"),
    "latest": _gather("latest"),
    "collect": _gather("collect"),
    "prev": _prev,
    "tick": _tick,
    "stop": _constant_to(Stop),
    "hold": _constant_to(Hold),
    "normal": _draw("normal"),
    "uniform": _draw("uniform"),
    "randint": _draw("randint"),
    "bernoulli": _draw("bernoulli"),
    "dropout": _dropout,
}


def _some_clock(builder: Builder) -> str:
    """A clock over which a gather may be meant: the one that is declared last."""
    return next((str(c.id) for c in reversed(builder.clocks.values()) if c.declared), "CLOCK")
