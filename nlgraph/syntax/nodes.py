"""The syntax tree: one frozen class for each form of `grammar/nl.lark`, each with its span.

Laws: `depth` of an expression is its nesting, where the left operand of an infix operator adds
nothing (`a + b + c + …` is flat); the parser refuses what is deeper than `limits.NESTING`.
"""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.text.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A piece of the tree and where it stands."""

    span: Span


# ----------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Number(Node):
    """`3`, `3e-4`: an int where the text has neither point nor exponent, else a float."""

    value: int | float


@dataclass(frozen=True, slots=True, eq=False)
class Text(Node):
    """`"text"`, without its quotes."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Flag(Node):
    """`true`, `false`."""

    value: bool


@dataclass(frozen=True, slots=True, eq=False)
class Name(Node):
    """`W`."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Dotted(Node):
    """`value.name`; `x.T` is one too."""

    value: Expr
    name: str
    name_span: Span


@dataclass(frozen=True, slots=True, eq=False)
class Primed(Node):
    """`value'`."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Node):
    """`a:b` inside an index; either may be left out."""

    start: Expr | None
    stop: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Ellipsis(Node):  # noqa: A001 (it is what the language calls it)
    """`...` inside an index."""


@dataclass(frozen=True, slots=True, eq=False)
class Index(Node):
    """`value[a, b:c, ...]`."""

    value: Expr
    items: tuple[Expr | Slice | Ellipsis, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Keyword(Node):
    """`name = value` among a call's arguments."""

    name: str
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Call(Node):
    """`function(args)`, positional ones first."""

    function: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Unary(Node):
    """`-a` (operator `-`) or `not a` (operator `not`)."""

    operator: str
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Binary(Node):
    """`a OP b`, OP one of `+ - * / @ ^ == != < <= > >= and or`."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, eq=False)
class If(Node):
    """`if condition then yes else no`."""

    condition: Expr
    yes: Expr
    no: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Binding(Node):
    """`target = value` of a `with`."""

    target: Expr
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class With(Node):
    """`value with (target = …, …)`."""

    value: Expr
    bindings: tuple[Binding, ...]


@dataclass(frozen=True, slots=True, eq=False)
class List(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


Expr = (
    Number | Text | Flag | Name | Dotted | Primed | Index | Call | Unary | Binary | If | With | List
)


# ----------------------------------------------------------------------------- parts


@dataclass(frozen=True, slots=True, eq=False)
class Identifier(Node):
    """A name where it is declared or listed."""

    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Member(Node):
    """A declared component: `ffn`, or `layer[i]` with its index."""

    name: str
    index: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Define(Node):
    """`name` or `name = value` of a `dim` or a `const`."""

    name: str
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Period(Node):
    """`16 step`, `(n) W`, `step`: a count (None is 1) of a clock or a component."""

    count: Expr | None
    of: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Along(Node):
    """`sequence along T`."""

    parent: Expr
    dim: Identifier


@dataclass(frozen=True, slots=True, eq=False)
class Divided(Node):
    """`task / 5`."""

    parent: Expr
    count: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Type(Node):
    """`scalar`, `f32`: dtype, dims None. `f32[B, d]`, `[B, d]` (dtype None): with dims."""

    dtype: str | None
    dims: tuple[Expr, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Like(Node):
    """`like value`."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Init(Node):
    """`= value` (drawn False) or `~ value` (drawn True)."""

    value: Expr
    drawn: bool


@dataclass(frozen=True, slots=True, eq=False)
class Reset(Node):
    """`reset W1, W2 every period to value`; `only` is empty where all states are meant."""

    only: tuple[Expr, ...]
    period: Period
    to: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Param(Node):
    """A parameter of a rule, transform, block, fn or map, and its default."""

    name: str
    default: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class RuleCall(Node):
    """`adamw(lr = lr)` after `by` or `then`."""

    rule: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


@dataclass(frozen=True, slots=True, eq=False)
class FnBody(Node):
    """`= result`, or lines in braces; `lines` run in order and `result` is what is returned."""

    lines: tuple[Equation | FnFor | Return, ...]
    result: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Return(Node):
    """`return value`."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class FnFor(Node):
    """`for i in a .. b { … }` inside a fn."""

    name: str
    start: Expr
    stop: Expr
    lines: tuple[Equation | FnFor | Return, ...]


# ----------------------------------------------------------------------------- statements


@dataclass(frozen=True, slots=True, eq=False)
class Use(Node):
    """`use std.optim (a, b)`: path `std.optim`; `use "file.nl" (a)`: quoted True."""

    path: str
    quoted: bool
    names: tuple[Identifier, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Dims(Node):
    """`dim B = 32, d`."""

    defines: tuple[Define, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Consts(Node):
    """`const lr = 3e-4`."""

    defines: tuple[Define, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Clock(Node):
    """`clock step` (period None), or with its period."""

    name: str
    period: Period | Along | Divided | None


@dataclass(frozen=True, slots=True, eq=False)
class Input(Node):
    """`input x, z : type every period`."""

    names: tuple[Identifier, ...]
    type: Type | Like
    every: Period


@dataclass(frozen=True, slots=True, eq=False)
class Output(Node):
    """One name of an `output` statement: `logits`, or `best = argmax(…)`."""

    target: Expr
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Outputs(Node):
    """`output a, b = expr`."""

    outputs: tuple[Output, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Metric(Node):
    """`metric loss`, `metric accuracy = expr`."""

    name: str
    value: Expr | None


@dataclass(frozen=True, slots=True, eq=False)
class Equation(Node):
    """`target = value`; `target'` has primed True, and `target` is then without the prime."""

    target: Expr
    primed: bool
    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class State(Node):
    """`state W1, W2 : type init`."""

    names: tuple[Identifier, ...]
    type: Type | Like
    init: Init | None


@dataclass(frozen=True, slots=True, eq=False)
class Map(Node):
    """`map (q) = q @ W1`."""

    params: tuple[Param, ...]
    body: FnBody


@dataclass(frozen=True, slots=True, eq=False)
class Minimize(Node):
    """`minimize objective by rules[0] then rules[1] …`."""

    objective: Expr
    rules: tuple[RuleCall, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Train(Node):
    """`train targets minimize …`."""

    targets: tuple[Expr, ...]
    minimize: Minimize


@dataclass(frozen=True, slots=True, eq=False)
class Component(Node):
    """A component; `body` None where there are no braces."""

    member: Member
    type: Type | Like | None
    init: Init | None
    per: tuple[Identifier, ...]
    every: Period | None
    resets: tuple[Reset, ...]
    body: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Rule(Node):
    """`rule name(params) for [each] names { … }`."""

    name: str
    params: tuple[Param, ...]
    each: bool
    names: tuple[Identifier, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Transform(Node):
    """`transform name(params) for [each] names = value`, or with a body."""

    name: str
    params: tuple[Param, ...]
    each: bool
    names: tuple[Identifier, ...]
    value: Expr | None
    body: tuple[Statement, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Block(Node):
    """`block name(params) { … }`."""

    name: str
    params: tuple[Param, ...]
    body: tuple[Statement, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fn(Node):
    """`fn name(params) = …`."""

    name: str
    params: tuple[Param, ...]
    body: FnBody


@dataclass(frozen=True, slots=True, eq=False)
class For(Node):
    """`for i in a .. b { … }` around statements."""

    name: str
    start: Expr
    stop: Expr
    body: tuple[Statement, ...]


Statement = (
    Use
    | Dims
    | Consts
    | Clock
    | Input
    | Outputs
    | Metric
    | Equation
    | State
    | Map
    | Minimize
    | Train
    | Component
    | Rule
    | Transform
    | Block
    | Fn
    | For
)


@dataclass(frozen=True, slots=True, eq=False)
class Comment(Node):
    """A comment with its `#`, without its line end; kept for the formatter."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class File(Node):
    """A whole file.

    `unread` are the names in the statements that could not be read: what those would have
    declared is unknown, and a use of it elsewhere is no fault of its own.
    """

    statements: tuple[Statement, ...]
    comments: tuple[Comment, ...]
    unread: frozenset[str] = frozenset()
