"""What is known about a token that cannot stand where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.syntax import repair
from nlgraph.syntax.grammar import tables
from nlgraph.syntax.tokens import END, SEPARATOR, Token
from nlgraph.text.source import Source
from nlgraph.text.span import Span


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault and what surrounds it.

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

    @property
    def token(self) -> Token:
        """The token that cannot stand there."""
        return self.tokens[self.at]

    @property
    def head(self) -> Token:
        """The first token of the statement."""
        return self.tokens[self.start]

    def back(self, count: int = 1) -> Token | None:
        """The token `count` before, line ends left out; None before the first of the statement."""
        place = self.at
        while count:
            place -= 1
            if place < self.start:
                return None
            count -= self.tokens[place].kind != SEPARATOR
        return self.tokens[place]

    def ahead(self) -> Token:
        """The token after it."""
        return self.tokens[min(self.at + 1, len(self.tokens) - 1)]

    def span(self, first: Token, last: Token | None = None) -> Span:
        """The place of a token, or from one to another."""
        return Span(self.source, first.start, (last or first).end)

    @property
    def place(self) -> Span:
        """The place to show: for the end of a line that is right after its last token."""
        before = self.back()
        if self.token.kind in (SEPARATOR, END) and self.token.text != ";" and before is not None:
            return Span(self.source, before.end, before.end)
        return self.span(self.token)

    @property
    def bracket(self) -> Token | None:
        """The innermost open bracket."""
        return self.brackets[-1] if self.brackets else None

    @property
    def in_brackets(self) -> bool:
        """True inside `( )` or `[ ]`."""
        return self.bracket is not None and self.bracket.kind != "LBRACE"

    @property
    def ends(self) -> bool:
        """True if the statement stops here: at its line's end, a `}`, or the next statement."""
        return self.token.kind in (SEPARATOR, END, "RBRACE") or self.next_statement < len(
            self.tokens
        )

    @property
    def next_statement(self) -> int:
        """The place where a further statement began, if it did; else one past the last token."""
        line = repair.line_of_statement(self.source, self.tokens, self.at, self.start)
        if line < self.at:
            return line
        if self.at > self.start and repair.begins_statement(
            self.source, self.tokens, self.at, self.start
        ):
            return self.at
        return len(self.tokens)

    def touches(self, first: Token | None, second: Token) -> bool:
        """True if nothing stands between two tokens."""
        return first is not None and first.end == second.start

    def word(self, kind: str) -> str:
        """How a kind of token is written: its word or sign."""
        return tables().signs.get(kind, kind)

    def is_word(self, token: Token) -> bool:
        """True for a reserved word."""
        return tables().words.get(token.text) == token.kind
