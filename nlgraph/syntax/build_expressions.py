"""Parts of expressions to nodes: the half of `build.py` that knows expressions."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.syntax import errors, nodes
from nlgraph.syntax.grammar import tables
from nlgraph.syntax.tokens import Token
from nlgraph.text.source import Source
from nlgraph.text.span import Span

_ESCAPES = {"\\": "\\", '"': '"', "n": "\n", "t": "\t"}


Part = Any  # a token, a node or a group: the grammar says which
Parts = Sequence[Part]


class Refused(Exception):
    """The parts of a rule fit the grammar, and yet they make no node."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        """Carry the diagnostic that says why."""
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Parts that stand together without being a node: names, arguments, a body."""

    start: int
    end: int
    items: tuple[Any, ...]


class Names(Group):
    """Names with commas between them."""


class Arguments(Group):
    """The arguments of a call: `Keyword` nodes and expressions."""


class Params(Group):
    """The parameters of a definition."""


class Exprs(Group):
    """Expressions with commas between them."""


class Body(Group):
    """The statements between two braces."""


class Per(Group):
    """`per B, H`."""


class Every(Group):
    """`every period`: one item."""


class Only(Group):
    """The states that a `reset` names."""


class Expressions:
    """Makes the nodes of expressions."""

    def __init__(self, source: Source) -> None:
        """Make nodes whose spans lie in this source."""
        self._source = source
        # The depth of each expression, by identity: see the laws of `nodes.py`.
        self._depths: dict[int, int] = {}

    # ------------------------------------------------------------------------- help

    def span(self, parts: Parts) -> Span:
        """From the first part to the last."""
        return Span(self._source, start_of(parts[0]), end_of(parts[-1]))

    def _deepen(self, node: Part, inner: Part = (), left: Part = None) -> Part:
        """Note the depth of a node: one more than what is inside it; `left` adds nothing."""
        depth = 1 + max((self._depths.get(id(part), 0) for part in inner), default=0)
        if left is not None:
            depth = max(depth, self._depths.get(id(left), 0))
        if depth > limits.NESTING:
            raise Refused(errors.too_deep(Span(self._source, node.span.start, node.span.start + 1)))
        self._depths[id(node)] = depth
        return node

    def text(self, token: Token) -> str:
        """The name that a token stands for: of two ways to write `é`, or of `µ`, one."""
        text = token.text
        if text.isascii():
            return text
        name = unicodedata.normalize("NFKC", text)
        if not text.isidentifier() or name in tables().words:
            raise Refused(errors.odd_name(self.span([token])))
        return name

    # ------------------------------------------------------------------------- expressions

    def make_number(self, parts: Parts) -> nodes.Number:
        """`3`, `3e-4`."""
        span, text = self.span(parts), parts[0].text
        whole = text.isdigit()
        # Far beyond any exact whole number a tensor holds; int() itself refuses very long ones.
        if whole and len(text) > 18:
            raise Refused(errors.number_too_large(span))
        value = int(text) if whole else float(text)
        if value == float("inf"):
            raise Refused(errors.number_too_large(span))
        return nodes.Number(span, value)

    def make_string(self, parts: Parts) -> nodes.Text:
        """`"text"`."""
        escaped = False
        value = []
        for char in parts[0].text[1:-1]:
            if escaped and char not in _ESCAPES:
                raise Refused(errors.unknown_escape(self.span(parts), char))
            if escaped or char != "\\":
                value.append(_ESCAPES[char] if escaped else char)
            escaped = char == "\\" and not escaped
        return nodes.Text(self.span(parts), "".join(value))

    def make_name(self, parts: Parts) -> nodes.Name:
        """`W`."""
        return nodes.Name(self.span(parts), self.text(parts[0]))

    def make_true(self, parts: Parts) -> nodes.Flag:
        """`true`."""
        return nodes.Flag(self.span(parts), value=True)

    def make_false(self, parts: Parts) -> nodes.Flag:
        """`false`."""
        return nodes.Flag(self.span(parts), value=False)

    def make_parens(self, parts: Parts) -> Part:
        """`(value)`: the value itself, whose span now holds the brackets."""
        node = replace(parts[1], span=self.span(parts))
        self._depths[id(node)] = self._depths.get(id(parts[1]), 0)
        return node

    def make_primed(self, parts: Parts) -> Part:
        """`value'`."""
        return self._deepen(nodes.Primed(self.span(parts), parts[0]), parts[:1])

    def make_dotted(self, parts: Parts) -> Part:
        """`value.name`."""
        return self._dotted(parts[0], parts[2])

    def _dotted(self, value: Part, name: Token) -> Part:
        span = self.span([value, name])
        if isinstance(value, nodes.Number):
            raise Refused(errors.dotted_number(span))
        node = nodes.Dotted(span, value, self.text(name), self.span([name]))
        return self._deepen(node, (value,))

    def make_call(self, parts: Parts) -> Part:
        """`function(args)`."""
        args, keywords = self.arguments(parts[2])
        node = nodes.Call(self.span(parts), parts[0], args, keywords)
        return self._deepen(node, (parts[0], *args, *(keyword.value for keyword in keywords)))

    def make_args(self, parts: Parts) -> Arguments:
        """`a, b, name = c`."""
        return Arguments(start_of(parts[0]), end_of(parts[-1]), nodes_in(parts))

    def make_keyword(self, parts: Parts) -> nodes.Keyword:
        """`name = value`."""
        return nodes.Keyword(self.span(parts), self.text(parts[0]), parts[2])

    def arguments(self, group: Part) -> tuple[tuple[Any, ...], tuple[nodes.Keyword, ...]]:
        """Positional arguments and keywords of a call, whose brackets may be empty."""
        if not isinstance(group, Arguments):
            return (), ()
        keywords = tuple(item for item in group.items if isinstance(item, nodes.Keyword))
        args = tuple(item for item in group.items if not isinstance(item, nodes.Keyword))
        if isinstance(group.items[len(args) - 1], nodes.Keyword) and args:
            late = next(a for a in args if a.span.start > keywords[0].span.start)
            raise Refused(errors.late_argument(late.span, keywords[0].span))
        return args, keywords

    def make_index(self, parts: Parts) -> Part:
        """`value[a, b:c, ...]`."""
        items = nodes_in(parts[1:])
        node = nodes.Index(self.span(parts), parts[0], items)
        return self._deepen(node, (parts[0], *items))

    def make_slice(self, parts: Parts) -> Part:
        """`a:b`, `:b`, `a:`, `:`."""
        colon = next(i for i, part in enumerate(parts) if isinstance(part, Token))
        start = parts[0] if colon else None
        stop = parts[-1] if colon + 1 < len(parts) else None
        node = nodes.Slice(self.span(parts), start, stop)
        return self._deepen(node, tuple(part for part in (start, stop) if part is not None))

    def make_ellipsis(self, parts: Parts) -> nodes.Ellipsis:
        """`...`."""
        return nodes.Ellipsis(self.span(parts))

    def make_list(self, parts: Parts) -> Part:
        """`[a, b]`."""
        items = parts[1].items if isinstance(parts[1], Exprs) else ()
        return self._deepen(nodes.List(self.span(parts), items), items)

    def make_exprs(self, parts: Parts) -> Exprs:
        """`a, b`."""
        return Exprs(start_of(parts[0]), end_of(parts[-1]), nodes_in(parts))

    def make_unary(self, parts: Parts) -> Part:
        """`-a`, `not a`."""
        node = nodes.Unary(self.span(parts), parts[0].text, parts[1])
        return self._deepen(node, parts[1:])

    def make_binary(self, parts: Parts) -> Part:
        """`a + b` and all others of its kind."""
        node = nodes.Binary(self.span(parts), parts[1].text, parts[0], parts[2])
        return self._deepen(node, parts[2:], parts[0])

    def make_if_(self, parts: Parts) -> Part:
        """`if condition then yes else no`."""
        node = nodes.If(self.span(parts), parts[1], parts[3], parts[5])
        return self._deepen(node, parts[1::2])

    def make_with_(self, parts: Parts) -> Part:
        """`value with (target = …)`."""
        bindings = nodes_in(parts[1:])
        node = nodes.With(self.span(parts), parts[0], bindings)
        return self._deepen(node, (parts[0], *(binding.value for binding in bindings)))

    def make_binding(self, parts: Parts) -> nodes.Binding:
        """`target = value` of a `with`."""
        return nodes.Binding(self.span(parts), parts[0], parts[2])

    def make_ref(self, parts: Parts) -> Part:
        """`ffn.W1`, `layer[i].W`."""
        node: Any = self.make_name(parts[:1])
        place = 1
        while place < len(parts):
            if parts[place].kind == "DOT":
                node = self._dotted(node, parts[place + 1])
                place += 2
            else:
                node = self.make_index([node, *parts[place : place + 3]])
                place += 3
        return node


def start_of(part: Part) -> int:
    """Where a part begins."""
    return part.span.start if isinstance(part, nodes.Node) else part.start


def end_of(part: Part) -> int:
    """Where a part ends."""
    return part.span.end if isinstance(part, nodes.Node) else part.end


def nodes_in(parts: Parts) -> tuple[Part, ...]:
    """The parts that are nodes: signs, words and what was not read are left out."""
    return tuple(part for part in parts if isinstance(part, nodes.Node))
