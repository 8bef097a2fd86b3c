"""Short ways to parse a text and to write down what came of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.syntax import nodes
from nlgraph.syntax.parse import parse
from nlgraph.text.source import Source

ROOT = Path(__file__).resolve().parents[2]
SPECS = sorted(
    path
    for folder in ("tests/specs", "nlgraph/std", "nlgraph/examples")
    for path in (ROOT / folder).glob("*.nl")
)


def read(text: str) -> tuple[nodes.File, tuple[Diagnostic, ...]]:
    report = Report()
    file = parse(Source("m.nl", text), report)
    return file, report.sorted()


def faults(text: str) -> list[str]:
    """`line: message` of each diagnostic."""
    return [f"{d.labels[0].span.line}: {d.message}" for d in read(text)[1]]


def show(value: object) -> str:
    """A tree on one line: infix operators as `(a + b)`, all else as `Class(fields)`."""
    match value:
        case nodes.Number(value=number):
            return repr(number)
        case nodes.Name(name=name) | nodes.Identifier(name=name):
            return name
        case nodes.Text(value=text):
            return repr(text)
        case nodes.Flag(value=flag):
            return str(flag).lower()
        case nodes.Primed(value=inner):
            return f"{show(inner)}'"
        case nodes.Dotted(value=inner, name=name):
            return f"{show(inner)}.{name}"
        case nodes.Slice(start=start, stop=stop):
            return f"{'' if start is None else show(start)}:{'' if stop is None else show(stop)}"
        case nodes.Ellipsis():
            return "..."
        case nodes.Index(value=inner, items=items):
            return f"{show(inner)}[{', '.join(map(show, items))}]"
        case nodes.List(items=items):
            return f"[{', '.join(map(show, items))}]"
        case nodes.Keyword(name=name, value=inner):
            return f"{name}={show(inner)}"
        case nodes.Call(function=function, args=args, keywords=keywords):
            return f"{show(function)}({', '.join(map(show, [*args, *keywords]))})"
        case nodes.Unary(operator=operator, value=inner):
            return f"({operator} {show(inner)})"
        case nodes.Binary(operator=operator, left=left, right=right):
            return f"({show(left)} {operator} {show(right)})"
        case nodes.If(condition=condition, yes=yes, no=no):
            return f"(if {show(condition)} then {show(yes)} else {show(no)})"
        case nodes.With(value=inner, bindings=bindings):
            inside = ", ".join(f"{show(b.target)} = {show(b.value)}" for b in bindings)
            return f"({show(inner)} with {inside})"
        case nodes.Node():
            fields = [f.name for f in dataclasses.fields(value) if f.name != "span"]
            shown = (f"{name}={show(getattr(value, name))}" for name in fields)
            return f"{type(value).__name__}({', '.join(shown)})"
        case tuple():
            return f"({', '.join(map(show, value))})"
        case None:
            return "-"
        case _:
            return repr(value)


@pytest.fixture(params=SPECS, ids=lambda path: path.stem)
def spec(request: pytest.FixtureRequest) -> str:
    """The text of each whole system that comes with the project."""
    return request.param.read_text(encoding="utf-8")
