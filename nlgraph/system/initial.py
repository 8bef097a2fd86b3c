"""Initial values: `= EXPR` and `~ DRAW`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.arguments import match
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import StateRecord
from nlgraph.system.expressions import constant, resolve
from nlgraph.system.model import Draw, Expr, Number, Unknown
from nlgraph.system.values import Bundle, Key, Value, leaf
from nlgraph.text.span import Origin

Initial = Callable[[StateRecord, Key], Callable[[], Expr]]

DRAWS: Final = {
    "normal": (("mean", 0.0), ("std", 1.0)),
    "uniform": (("low", 0.0), ("high", 1.0)),
    "xavier": (),
    "kaiming": (),
    "orthogonal": (),
}


def initial_value(builder: Builder, init: nodes.Init | None, place: Place) -> Initial:
    """For each state and its leaf, what gives its initial value once all names are declared."""
    if init is None:
        return lambda record, _: lambda: Number(record.origin, 0)
    if init.drawn or _is_eye(init.value):
        drawn = _draw(builder, init.value, place)
        if drawn is None:
            return lambda record, _: lambda: Unknown(record.origin)
        kind, args = drawn
        at = place.origin(init)
        return lambda record, _: lambda: Draw(at, kind, args, None, None, record.id)
    found: list[Value] = []

    def value() -> Value:
        if not found:
            found.append(resolve(builder, init.value, place))
        return found[0]

    def pick(record: StateRecord, key: Key) -> Callable[[], Expr]:
        return lambda: _leaf(builder, value(), record, key, place.origin(init))

    return pick


def _leaf(builder: Builder, value: Value, record: StateRecord, key: Key, origin: Origin) -> Expr:
    if isinstance(value, Bundle):
        expr = leaf(value, key) or leaf(value, ("", record.short))
        if expr is None:
            return builder.fault(errors.bundles_differ(origin), origin)
        return expr
    return value


def _is_eye(node: nodes.Expr) -> bool:
    return (
        isinstance(node, nodes.Call)
        and isinstance(node.function, nodes.Name)
        and node.function.name == "eye"
        and not node.args
    )


def _draw(
    builder: Builder, node: nodes.Expr, place: Place
) -> tuple[str, tuple[int | float, ...]] | None:
    origin = place.origin(node)
    if not isinstance(node, nodes.Call) or not isinstance(node.function, nodes.Name):
        builder.report.add(
            errors.misplaced("this", "after `~`", origin, f"one of {', '.join(DRAWS)}")
        )
        return None
    kind = node.function.name
    if kind == "eye":
        return kind, ()
    if kind not in DRAWS:
        guess = nearest(kind, DRAWS)
        known = f"one draws by {', '.join(DRAWS)}"
        builder.unknown_name(kind, place.origin(node.function), guess, otherwise=known)
        return None
    params = tuple((name, True) for name, _ in DRAWS[kind])
    chosen = match(builder, kind, params, node.args, node.keywords, node, place)
    if chosen is None:
        return None
    args: list[int | float] = []
    for name, default in DRAWS[kind]:
        number = (
            constant(builder, chosen[name], place, f"`{name}` of a draw")
            if name in chosen
            else default
        )
        if number is None:
            return None
        args.append(number)
    return kind, tuple(args)
