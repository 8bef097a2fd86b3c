"""Expressions that are resolved when every name has its meaning, once, and then picked by leaf."""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.syntax import nodes
from nlgraph.system.builder import Builder, Place
from nlgraph.system.expressions import resolve
from nlgraph.system.model import Expr, Unknown
from nlgraph.system.values import Bundle, Key, Value, leaf


def constant(expr: Expr) -> Callable[[], Expr]:
    """An expression that is there already."""
    return lambda: expr


def once(resolve_value: Callable[[], Value]) -> Callable[[], Value]:
    """A value that several states share."""
    found: list[Value] = []

    def get() -> Value:
        if not found:
            found.append(resolve_value())
        return found[0]

    return get


def picked(value: Callable[[], Value], key: Key) -> Callable[[], Expr]:
    """What a value has at a leaf."""

    def pick() -> Expr:
        whole = value()
        if isinstance(whole, Bundle) and key not in whole.leaves and len(whole.leaves) == 1:
            return next(iter(whole.leaves.values()))
        found = leaf(whole, key)
        if found is None:
            return (
                Unknown(next(iter(whole.leaves.values())).origin)
                if isinstance(whole, Bundle)
                else whole
            )
        return found

    return pick


def resolved(builder: Builder, node: nodes.Expr, place: Place) -> Value:
    """The value of an expression at a place."""
    return resolve(builder, node, place)
