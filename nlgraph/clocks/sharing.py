"""Which expressions are read in several places, so that a pass visits them once."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.system.model import Expr
from nlgraph.system.walk import children


def shared(roots: Iterable[Expr]) -> set[Expr]:
    """The expressions with parts of their own that have several parents; a root has one more."""
    seen: set[Expr] = set()
    several: set[Expr] = set()
    stack = list(roots)
    while stack:
        expr = stack.pop()
        if expr in seen:
            several.add(expr)
            continue
        parts = children(expr)
        if parts:
            seen.add(expr)
            stack.extend(parts)
    return several
