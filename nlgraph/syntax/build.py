"""Parts to nodes: what the parser calls each time a rule of the grammar is complete.

Nothing here recurses: the parser's stack holds the parts, and each method makes one node of them.
`make_clock` is called for the rule `clock` of `nl.lark` (or an alias of that name) with its parts
in the order of the text, signs and words among them.
"""

from __future__ import annotations

from nlgraph.syntax import errors, nodes
from nlgraph.syntax.build_expressions import (
    Body,
    Every,
    Expressions,
    Exprs,
    Names,
    Only,
    Params,
    Part,
    Parts,
    Per,
    Refused,
    end_of,
    nodes_in,
    start_of,
)
from nlgraph.syntax.tokens import Token
from nlgraph.text.source import Source


class Builder(Expressions):
    """Makes the nodes of one file; `unread` are the places of what could not be read."""

    def __init__(self, source: Source) -> None:
        """Make nodes whose spans lie in this source."""
        super().__init__(source)
        self.unread: list[tuple[int, int]] = []

    def reduce(self, rule: str, parts: Parts) -> Part:
        """The value of a rule; raises `Refused` where its parts make none."""
        return getattr(self, f"make_{rule}")(parts)

    # ------------------------------------------------------------------------- file level

    def make_file(self, parts: Parts) -> tuple[Part, ...]:
        """The statements of a file."""
        return nodes_in(parts)

    def make_use(self, parts: Parts) -> nodes.Use:
        """`use std.optim (a, b)`, `use "file.nl" (a)`."""
        named = _find(parts, "LPAR")
        names = None
        if named is not None:
            names = tuple(self.identifier(part) for part in parts[named:] if _is(part, "NAME"))
        quoted = _is(parts[1], "STRING")
        path = self.make_string(parts[1:2]).value if quoted else _path(parts[1])
        return nodes.Use(self.span(parts), path, quoted, names)

    def make_dims(self, parts: Parts) -> nodes.Dims:
        """`dim B = 32, d`."""
        return nodes.Dims(self.span(parts), nodes_in(parts))

    def make_consts(self, parts: Parts) -> nodes.Consts:
        """`const lr = 3e-4`."""
        return nodes.Consts(self.span(parts), nodes_in(parts))

    def make_define(self, parts: Parts) -> nodes.Define:
        """`name`, `name = value`."""
        return nodes.Define(self.span(parts), self.text(parts[0]), _after(parts, "EQUAL"))

    def make_clock(self, parts: Parts) -> nodes.Clock:
        """`clock step`, `clock slow = 16 step`."""
        return nodes.Clock(self.span(parts), self.text(parts[1]), _after(parts, "EQUAL"))

    def make_along(self, parts: Parts) -> nodes.Along:
        """`sequence along T`."""
        return nodes.Along(self.span(parts), parts[0], self.identifier(parts[2]))

    def make_divided(self, parts: Parts) -> nodes.Divided:
        """`task / 5`."""
        return nodes.Divided(self.span(parts), parts[0], parts[2])

    def make_period(self, parts: Parts) -> nodes.Period:
        """`16 step`, `step`."""
        count = parts[0] if len(parts) == 2 else None
        return nodes.Period(self.span(parts), count, parts[-1])

    def make_input(self, parts: Parts) -> nodes.Input:
        """`input x, z : type every period`."""
        return nodes.Input(self.span(parts), parts[1].items, parts[3], parts[4].items[0])

    def make_outputs(self, parts: Parts) -> nodes.Outputs:
        """`output a, b = value`."""
        return nodes.Outputs(self.span(parts), nodes_in(parts))

    def make_output(self, parts: Parts) -> nodes.Output:
        """One name of an `output`."""
        return nodes.Output(self.span(parts), parts[0], _after(parts, "EQUAL"))

    def make_metric(self, parts: Parts) -> nodes.Metric:
        """`metric loss`, `metric accuracy = value`."""
        return nodes.Metric(self.span(parts), self.text(parts[1]), _after(parts, "EQUAL"))

    def make_for_(self, parts: Parts) -> nodes.For:
        """`for i in a .. b { … }` around statements."""
        body = nodes_in(parts[7:])
        return nodes.For(self.span(parts), self.text(parts[1]), parts[3], parts[5], body)

    # ------------------------------------------------------------------------- components

    def make_component(self, parts: Parts) -> nodes.Component:
        """A component, whose clauses may stand in any order."""
        every = [part for part in parts if isinstance(part, Every)]
        per = [part for part in parts if isinstance(part, Per)]
        for word, clauses in (("every", every), ("per", per)):
            if len(clauses) > 1:
                first, second = (self.span([clause]) for clause in clauses[:2])
                raise Refused(errors.said_twice(word, first, second))
        return nodes.Component(
            self.span(parts),
            member=parts[1],
            type=_only(parts, nodes.Type, nodes.Like),
            init=_only(parts, nodes.Init),
            per=per[0].items if per else (),
            every=every[0].items[0] if every else None,
            resets=tuple(part for part in parts if isinstance(part, nodes.Reset)),
            body=parts[-1].items if isinstance(parts[-1], Body) else None,
        )

    def make_member(self, parts: Parts) -> nodes.Member:
        """`ffn`, `layer[i]`."""
        index = parts[2] if len(parts) > 1 else None
        return nodes.Member(self.span(parts), self.text(parts[0]), index)

    def make_init(self, parts: Parts) -> nodes.Init:
        """`= value`, `~ value`."""
        return nodes.Init(self.span(parts), parts[1], drawn=parts[0].kind == "TILDE")

    def make_per(self, parts: Parts) -> Per:
        """`per B, H`."""
        return Per(start_of(parts[0]), end_of(parts[-1]), parts[1].items)

    def make_every(self, parts: Parts) -> Every:
        """`every period`."""
        return Every(start_of(parts[0]), end_of(parts[-1]), (parts[1],))

    def make_reset(self, parts: Parts) -> nodes.Reset:
        """`reset W1 every period to value`."""
        only = parts[1].items if isinstance(parts[1], Only) else ()
        period = next(part for part in parts if isinstance(part, nodes.Period))
        return nodes.Reset(self.span(parts), only, period, _after(parts, "TO"))

    def make_only(self, parts: Parts) -> Only:
        """`W1, W2`."""
        return Only(start_of(parts[0]), end_of(parts[-1]), nodes_in(parts))

    def make_body(self, parts: Parts) -> Body:
        """`{ … }`."""
        return Body(start_of(parts[0]), end_of(parts[-1]), nodes_in(parts))

    def make_state(self, parts: Parts) -> nodes.State:
        """`state W1, W2 : type = value`."""
        init = parts[4] if len(parts) > 4 else None
        return nodes.State(self.span(parts), parts[1].items, parts[3], init)

    def make_map(self, parts: Parts) -> nodes.Map:
        """`map (q) = value`."""
        return nodes.Map(self.span(parts), _params(parts), parts[-1])

    def make_minimize(self, parts: Parts) -> nodes.Minimize:
        """`minimize objective by rule(…) then rule(…)`."""
        rules = tuple(part for part in parts if isinstance(part, nodes.RuleCall))
        return nodes.Minimize(self.span(parts), parts[1], rules)

    def make_rulecall(self, parts: Parts) -> nodes.RuleCall:
        """`adamw(lr = lr)`."""
        args, keywords = self.arguments(parts[2])
        return nodes.RuleCall(self.span(parts), parts[0], args, keywords)

    def make_train(self, parts: Parts) -> nodes.Train:
        """`train a, b minimize …`."""
        return nodes.Train(self.span(parts), nodes_in(parts[:-1]), parts[-1])

    def make_type(self, parts: Parts) -> nodes.Type | nodes.Like:
        """`f32`, `[B, d]`, `like value`."""
        span = self.span(parts)
        if _is(parts[0], "LIKE"):
            return nodes.Like(span, parts[1])
        dtype = self.text(parts[0]) if _is(parts[0], "NAME") else None
        if len(parts) == 1:
            return nodes.Type(span, dtype, None)
        dims = next((part.items for part in parts if isinstance(part, Exprs)), ())
        return nodes.Type(span, dtype, dims)

    def make_equation(self, parts: Parts) -> nodes.Equation:
        """`target = value`, `target' = value`."""
        return nodes.Equation(self.span(parts), parts[0], _is(parts[1], "QUOTE"), parts[-1])

    # ------------------------------------------------------------------------- definitions

    def make_rule(self, parts: Parts) -> nodes.Rule:
        """`rule name(params) for each names { … }`."""
        each = any(_is(part, "EACH") for part in parts)
        names = _only(parts, Names).items
        span, name = self.span(parts), self.text(parts[1])
        return nodes.Rule(span, name, _params(parts), each, names, parts[-1].items)

    def make_transform(self, parts: Parts) -> nodes.Transform:
        """`transform name(params) for each names = value`."""
        each = any(_is(part, "EACH") for part in parts)
        body = parts[-1].items if isinstance(parts[-1], Body) else None
        value = parts[-1] if body is None else None
        names = _only(parts, Names).items
        span, name = self.span(parts), self.text(parts[1])
        return nodes.Transform(span, name, _params(parts), each, names, value, body)

    def make_block(self, parts: Parts) -> nodes.Block:
        """`block name(params) { … }`."""
        name = self.text(parts[1])
        return nodes.Block(self.span(parts), name, _params(parts), parts[-1].items)

    def make_fn(self, parts: Parts) -> nodes.Fn:
        """`fn name(params) = value`."""
        return nodes.Fn(self.span(parts), self.text(parts[1]), _params(parts), parts[-1])

    def make_fnbody(self, parts: Parts) -> nodes.FnBody:
        """`= value`, or lines in braces: what a last `return` gives is the result."""
        span = self.span(parts)
        if _is(parts[0], "EQUAL"):
            return nodes.FnBody(span, (), parts[1])
        lines = nodes_in(parts)
        if lines and isinstance(lines[-1], nodes.Return):
            return nodes.FnBody(span, lines[:-1], lines[-1].value)
        return nodes.FnBody(span, lines, None)

    def make_return_(self, parts: Parts) -> nodes.Return:
        """`return value`."""
        return nodes.Return(self.span(parts), parts[1])

    def make_for_fn(self, parts: Parts) -> nodes.FnFor:
        """`for i in a .. b { … }` inside a fn."""
        lines = nodes_in(parts[7:])
        return nodes.FnFor(self.span(parts), self.text(parts[1]), parts[3], parts[5], lines)

    def make_params(self, parts: Parts) -> Params:
        """`x, y = 1`."""
        return Params(start_of(parts[0]), end_of(parts[-1]), nodes_in(parts))

    def make_param(self, parts: Parts) -> nodes.Param:
        """`x`, `y = 1`."""
        return nodes.Param(self.span(parts), self.text(parts[0]), _after(parts, "EQUAL"))

    def make_names(self, parts: Parts) -> Names:
        """`W, g`."""
        items = tuple(self.identifier(part) for part in parts if _is(part, "NAME"))
        return Names(start_of(parts[0]), end_of(parts[-1]), items)

    def identifier(self, token: Token) -> nodes.Identifier:
        """A name where it is declared or listed."""
        return nodes.Identifier(self.span([token]), self.text(token))

    # ------------------------------------------------------------------------- repair

    def make_broken(self, parts: Parts) -> Part:
        """A statement that was not read: what stands for it is no node."""
        self.unread.append((start_of(parts[0]), end_of(parts[-1])))
        return parts[0]


def _is(part: Part, kind: str) -> bool:
    return isinstance(part, Token) and part.kind == kind


def _find(parts: Parts, kind: str) -> int | None:
    return next((place for place, part in enumerate(parts) if _is(part, kind)), None)


def _after(parts: Parts, kind: str) -> Part:
    """What follows the first token of a kind, or None."""
    place = _find(parts, kind)
    return None if place is None else parts[place + 1]


def _only(parts: Parts, *types: type) -> Part:
    """The one part of these types, or None."""
    return next((part for part in parts if isinstance(part, types)), None)


def _params(parts: Parts) -> tuple[nodes.Param, ...]:
    group = _only(parts, Params)
    return () if group is None else group.items


def _path(value: Part) -> str:
    """`std.optim`, from the nodes of a dotted name."""
    names = []
    while isinstance(value, nodes.Dotted):
        names.append(value.name)
        value = value.value
    if not isinstance(value, nodes.Name):
        raise Refused(errors.path_with_index(value.span))
    return ".".join([value.name, *reversed(names)])
