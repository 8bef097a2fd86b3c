"""The gradients that rules are given, where a rule writes a gradient of its own."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from nlgraph.system.model import Expr, Grad, Hold, Item, Stop
from nlgraph.system.walk import children, with_children


def hold_given(value: Expr, given: AbstractSet[Expr]) -> Expr:
    """An objective in which the gradients that its rule was given are held.

    `rho * g` in `grad(L with (W = W + rho * g), W)` is a constant to this gradient; an outer one
    that flows through the rule's updates also flows through g.
    """
    done: dict[Expr, Expr] = {}
    stack = [value]
    while stack:
        expr = stack[-1]
        if expr in done:
            stack.pop()
            continue
        if expr in given:
            done[expr] = Hold(expr.origin, expr)
            continue
        # Inside other gradients, and inside what is constant already, it is held where needed.
        parts = () if isinstance(expr, Grad | Item | Hold | Stop) else children(expr)
        missing = [part for part in parts if part not in done]
        if missing:
            stack.extend(missing)
            continue
        done[expr] = with_children(expr, tuple(done[part] for part in parts)) if parts else expr
        stack.pop()
    return done[value]
