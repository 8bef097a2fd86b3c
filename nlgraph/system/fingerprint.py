"""What a system means, as one short text that comments, layout and order leave as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import fields

from nlgraph.system.model import Equations, Expr, Grad, Reset
from nlgraph.system.walk import fold

_NO_MEANING = frozenset({"origin", "clock_origin", "site"})
"""Fields that say where something was written, or how it may be computed."""


def fingerprint(equations: Equations) -> str:
    """A SHA-256, in hexadecimal, of the equations with dims and consts as they are set.

    Two texts have one fingerprint where only comments, layout, the order of statements or unread
    constants differ. A checkpoint bears it, so that it is never read into another system.
    """
    memo: dict[Expr, str] = {}

    def canonical(value: object) -> str:
        if isinstance(value, Expr):
            return fold(value, _digest_of_expression, memo)
        if isinstance(value, Reset):
            return f"({value.clock} {canonical(value.to)})"
        if isinstance(value, tuple):
            return f"[{', '.join(canonical(item) for item in value)}]"
        return repr(value)

    def facts(kind: str, items: Iterable[object]) -> Iterable[str]:
        for item in items:
            told = (
                f"{field.name}={canonical(getattr(item, field.name))}"
                for field in fields(item)  # type: ignore[arg-type]  # each is a frozen dataclass
                if field.name not in _NO_MEANING
            )
            yield f"{kind} {' '.join(told)}"

    lines = [
        f"root {equations.root}",
        *facts("clock", equations.clocks.values()),
        *facts("input", equations.inputs.values()),
        *facts("signal", equations.signals.values()),
        *facts("component", equations.components.values()),
        *facts("state", equations.states.values()),
        *facts("result", equations.results),
    ]
    return _digest("\n".join(sorted(lines)))


def _digest_of_expression(expr: Expr, parts: tuple[str, ...]) -> str:
    facts = [type(expr).__name__]
    for field in fields(expr):
        value = getattr(expr, field.name)
        if field.name not in _NO_MEANING and not _is_part(value):
            facts.append(f"{field.name}={_plain(value)}")
    if isinstance(expr, Grad):
        facts.extend(f"target={_digest_of_expression(target, ())}" for target in expr.targets)
    return _digest(" ".join((*facts, *parts)))


def _is_part(value: object) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(isinstance(item, Expr) for item in value)
    return isinstance(value, Expr)


def _plain(value: object) -> str:
    if isinstance(value, Mapping):
        return repr(sorted(value.items()))
    return repr(value)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
