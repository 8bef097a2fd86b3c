"""How clocks, and what ticks on them, are named in messages."""

from __future__ import annotations

from fractions import Fraction

from nlgraph.system.ids import ClockId
from nlgraph.system.model import (
    ClockDef,
    Equations,
    Expr,
    Gather,
    Grad,
    InputRead,
    Item,
    SignalRead,
    StateRead,
)


def every(clock: ClockId, equations: Equations) -> str:
    """`every token`, `every 16 tokens`, `every 4 steps (slow)`, `every 5 updates of critic`."""
    definition = equations.clocks.get(clock)
    if definition is None or (definition.declared and definition.kind != "multiple"):
        return f"every {clock}"
    if definition.declared:
        return f"every {_period(definition)} (`{clock}`)"
    return f"every {_period(definition)}"


def _period(definition: ClockDef) -> str:
    if definition.parent_component is not None:
        count = f"{definition.count} updates" if definition.count > 1 else "update"
        return f"{count} of `{definition.parent_component}`"
    return ticks(Fraction(definition.count), definition.parent or definition.id)


def ticks(count: Fraction, clock: ClockId | str) -> str:
    """`16 tokens`, `1 step`; of a clock whose name is not one word `2 ticks of "16 token"`."""
    if str(clock).isidentifier():
        return f"{count} {clock}" if count == 1 else f"{count} {clock}s"
    return f"{count} {'tick' if count == 1 else 'ticks'} of `{clock}`"


def what(expr: Expr) -> str:
    """A value as the subject of a sentence."""
    match expr:
        case Grad(value=value) | Item(grad=Grad(value=value)):
            return "the gradient" if not isinstance(value, SignalRead) else what(value)
        case SignalRead(signal=name):
            return "the loss" if name == "loss" else f"`{name}`"
        case StateRead(state=name, primed=primed):
            return f"`{name}'`" if primed else f"`{name}`"
        case InputRead(input=name):
            return f"`{name}`"
        case Gather(kind=kind):
            return f"this `{kind}`"
        case _:
            text = expr.origin.span.text
            return f"`{text}`" if len(text) <= _MOST and "\n" not in text else "this value"


_MOST = 30
"""Characters of an expression that a sentence can hold."""
