"""The reference page of all operators, made from their entries.

`python -m nlgraph.ops.page` prints it; a test compares `docs/reference/operators.md` with it.
"""

from __future__ import annotations

import sys

from nlgraph.ops.op import REQUIRED, Op, Param, registry

_INTRODUCTION = """\
# Operators

Every function and sign of the language, with the dimensions that it takes and gives. `...` stands
for any dimensions, which meet from the right by name; a letter or a word stands for one. Where a
parameter is called `axis`, it takes a dimension's name or its number; a reduction and a
normalisation also take a list of them. Parameters that are shown with a value may be left out.

A few more read like functions: casts (`f32(x)`, `int(x)`: a dtype's name), random draws with their
shape last (`normal(mean = 0, std = 1, [B, d])`, `uniform(low = 0, high = 1, [B, d])`,
`randint(low, high, [B])`, `bernoulli(p = 0.5, [B])`), and the forms of time and gradients, for
which see the [language](language.md): `accumulate average product latest collect prev tick grad
stop hold chain`.
"""

_SECTIONS = {
    "arithmetic": "Signs",
    "elementwise": "Elementwise functions",
    "reductions": "Reductions",
    "linear": "Products and matrices",
    "reshaping": "Dimensions",
    "picking": "Joining, picking, making",
    "layers": "Layers",
    "losses": "Losses",
    "draws": "Dropout",
}
_HOME = {"contraction": "linear"}
"""Where the entries stand whose types are judged in a file without entries."""

_INTERNAL = frozenset(
    {"global_dot", "global_norm", "dropout_apply", "maximum", "minimum", "cast", "extern_call"}
)
_SIGNS = {"matmul": "a @ b", "mT": "x.T", "index": "x[0]", "where": "if c then a else b"}


def operators_page() -> str:
    """The page: a table for each group of entries."""
    rows: dict[str, list[str]] = {section: [] for section in _SECTIONS}
    for op in registry().values():
        if op.name not in _INTERNAL:
            module = op.infer.__module__.rpartition(".")[2]
            rows[_HOME.get(module, module)].append(_row(op))
    lines = [_INTRODUCTION]
    for section, title in _SECTIONS.items():
        lines += [f"## {title}", "", "| call | dimensions | |", "| --- | --- | --- |"]
        lines += [*rows[section], ""]
    return "\n".join(lines)


def _row(op: Op) -> str:
    written = op.signature.split(" -> ", maxsplit=1)[0]
    if op.infer.__module__.endswith("arithmetic") and op.name not in _SIGNS:
        call = written.replace("[...]", "")
    else:
        call = _SIGNS.get(op.name) or f"{op.name}({_parameters(op)})"
    return f"| `{call}` | `{op.signature}` | {op.doc} |"


def _parameters(op: Op) -> str:
    return ", ".join(_parameter(param) for param in op.params if param.kind != "axis_or_value")


def _parameter(param: Param) -> str:
    if param.name.startswith("*"):
        return "…"
    if param.default is REQUIRED:
        return f"[{param.name}]" if param.kind == "values" else param.name
    return f"{param.name} = {_word(param.default)}"


def _word(value: object) -> str:
    if value is None:
        return "…"
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else str(value)


if __name__ == "__main__":
    sys.stdout.write(operators_page())
