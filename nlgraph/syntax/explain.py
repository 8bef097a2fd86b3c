"""From a token that cannot stand where it stands to the diagnostic that says so."""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.syntax import errors
from nlgraph.syntax.tokens import Token
from nlgraph.text.source import Source
from nlgraph.text.span import Span


@dataclass(frozen=True, slots=True)
class Fault:
    """What is known about a fault.

    Attributes:
        source: the text.
        tokens: its tokens; `tokens[at]` is the one that cannot stand there.
        at: its place.
        start: the place of the first token of the statement.
        expected: the kinds of tokens that could stand there.
        brackets: the brackets that are open before it.
        heads: for each open `{` the place of the first token of its statement.
    """

    source: Source
    tokens: list[Token]
    at: int
    start: int
    expected: frozenset[str]
    brackets: tuple[Token, ...]
    heads: tuple[int, ...]


def explain(fault: Fault) -> Diagnostic:
    """The diagnostic of a fault."""
    token = fault.tokens[fault.at]
    return errors.unexpected(Span(fault.source, token.start, token.end), sorted(fault.expected))
