"""Equations as stable text, for people and for tests of passes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from nlgraph.ops.externs import EXTERN, given_inputs
from nlgraph.system.model import (
    Call,
    DimSize,
    Draw,
    Equations,
    Expr,
    Gather,
    Grad,
    Hold,
    InputRead,
    Item,
    Learning,
    Number,
    PerCopy,
    Prev,
    SignalRead,
    Slice,
    StateRead,
    Stop,
    Tick,
    With,
)
from nlgraph.system.walk import children, postorder

INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "matmul": "@",
    "pow": "^",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "and": "and",
    "or": "or",
}
"""Operators that the language writes between their operands."""


def equations_text(equations: Equations) -> str:
    """Every clock, input, state, signal and result, one a line, in the order of the file.

    What an expression uses several times stands on lines of its own, as `%1`, before it.
    """
    lines = [f"system {equations.name}"]
    for clock in equations.clocks.values():
        of = clock.parent or clock.parent_component
        period = {
            "root": "",
            "multiple": f" = {clock.count} {of}",
            "along": f" = {of} along {clock.dim}",
            "divided": f" = {of} / {clock.count}",
        }[clock.kind]
        lines.append(f"clock {clock.id}{period}")
    lines += [f"input {i.id} : {i.type} every {i.clock}" for i in equations.inputs.values()]
    for component in equations.components.values():
        per = f" per {', '.join(component.per)}" if component.per else ""
        every = f" every {component.clock}" if component.clock is not None else ""
        lines.append(f"component {component.id}{per}{every}")
        for name in component.states:
            state = equations.states[name]
            if state.type is not None:
                lines.append(f"  state {name} : {state.type}")
            elif state.like is not None:
                lines += _statement(f"  state {name} like", state.like)
            lines += _statement(f"  init {name} =", state.init)
            if state.update is not None:
                lines += _statement(f"  {name}' =", state.update)
            if state.reset is not None and state.reset.to is not None:
                lines += _statement(f"  reset {name} every {state.reset.clock} to", state.reset.to)
            elif state.reset is not None:
                lines.append(f"  reset {name} every {state.reset.clock}")
    for signal in equations.signals.values():
        lines += _statement(f"{signal.id} =", signal.value)
    for result in equations.results:
        lines += _statement(f"{result.kind} {result.name} =", result.value)
    return "\n".join(lines) + "\n"


def _statement(head: str, root: Expr) -> list[str]:
    uses = Counter(id(part) for expr in postorder((root,)) for part in children(expr))
    text: dict[int, str] = {}
    lines: list[str] = []
    for expr in postorder((root,)):
        written = expression_text(expr, lambda part: text[id(part)])
        if uses[id(expr)] > 1 and children(expr) and expr is not root:
            name = f"%{len(lines) + 1}"
            lines.append(f"    {name} = {_bare(written)}")
            written = name
        text[id(expr)] = written
    return [*lines, f"{head} {_bare(text[id(root)])}"]


def _bare(text: str) -> str:
    """Without the outermost parentheses, where they enclose the whole."""
    if not text.startswith("("):
        return text
    depth = 0
    for position, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return text[1:-1] if position == len(text) - 1 else text
    return text


def expression_text(expr: Expr, part: Callable[[Expr], str]) -> str:
    """One expression in the language's own words, given the text of its parts."""
    match expr:
        case Number(value=value):
            return str(value).lower() if isinstance(value, bool) else repr(value)
        case DimSize(dim=dim):
            return dim
        case InputRead(input=name) | SignalRead(signal=name):
            return name
        case StateRead(state=name, primed=primed):
            return f"{name}'" if primed else name
        case Learning():
            return "learning"
        case Tick():
            return f"tick({expr.of or expr.clock})"
        case Draw(kind=kind, args=args, name=name):
            return f"{kind}({', '.join(map(repr, args))}) of {name!r}"
        case Call(op=op, args=(a, b)) if op in INFIX:
            return f"({part(a)} {INFIX[op]} {part(b)})"
        case Call(op=op, args=args, attrs=attrs) if op == EXTERN:
            return f"{attrs['name']}({', '.join(map(part, args[given_inputs(attrs)]))})"
        case Call(op=op, args=args, attrs=attrs):
            given = [*map(part, args), *(f"{k} = {_attr(v)}" for k, v in attrs.items())]
            return f"{op}({', '.join(given)})"
        case Slice(value=value, clock=clock):
            return f"{part(value)}[{clock}]"
        case Gather(kind=kind, value=value, clock=clock, reader=reader):
            window = clock or (f"tick of {reader}" if reader else "its parent")
            return f"{kind}({_bare(part(value))}, {window})"
        case Prev(value=value, init=init):
            return f"prev({_bare(part(value))}, {_bare(part(init))})"
        case Grad(value=value, targets=targets, at=at):
            named = ", ".join(
                part_of.state if isinstance(part_of, StateRead) else part_of.signal
                for part_of in targets
            )
            point = f", at = [{', '.join(map(part, at))}]" if at else ""
            return f"grad({_bare(part(value))}, [{named}]{point})"
        case Item(grad=grad, index=index):
            return f"{part(grad)}[{index}]"
        case With(value=value, states=states, replacements=replacements):
            pairs = zip(states, replacements, strict=True)
            bound = ", ".join(f"{state} = {_bare(part(e))}" for state, e in pairs)
            return f"({_bare(part(value))} with ({bound}))"
        case Stop(value=value):
            return f"stop({_bare(part(value))})"
        case Hold(value=value):
            return f"hold({_bare(part(value))})"
        case PerCopy(value=value, dims=dims):
            return f"per {', '.join(dims)}: {part(value)}"
        case _:
            return "?"


def _attr(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_attr, value))}]"
    return str(value)
