"""Text to tree; after a fault the parser picks up again at the next statement.

A statement that cannot be read is replaced by one token (`ODD`, see `nl.lark`): what stands before
and after it, and inside the braces that follow it, is read as always.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cached_property

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.syntax import errors, mend, nodes, repair
from nlgraph.syntax.build import Builder
from nlgraph.syntax.build_expressions import Refused
from nlgraph.syntax.explain import explain
from nlgraph.syntax.fault import Fault
from nlgraph.syntax.grammar import tables
from nlgraph.syntax.layout import OPENERS, Layout
from nlgraph.syntax.machine import Machine
from nlgraph.syntax.tokens import END, ODD, SEPARATOR, Token, tokenize
from nlgraph.text.source import Source
from nlgraph.text.span import Span


def parse(source: Source, report: Report) -> nodes.File:
    """The tree of a text: every statement that can be read; each fault goes into the report."""
    whole = Span(source, 0, len(source.text))
    if len(source.text) > limits.CHARACTERS:
        report.add(errors.too_long(source))
        return nodes.File(whole, (), (), frozenset())
    tokens, comments = tokenize(source.text)
    builder = Builder(source)
    statements = _Reader(source, tokens, builder, report).read()
    return nodes.File(
        whole,
        statements,
        tuple(nodes.Comment(Span(source, c.start, c.end), c.text) for c in comments),
        _names_within(builder.unread, tokens),
    )


def _names_within(places: list[tuple[int, int]], tokens: list[Token]) -> frozenset[str]:
    """The names that stand in some places of the text."""
    names, reach, rest = set(), 0, iter(sorted(places))
    following = next(rest, None)
    for token in tokens:
        while following is not None and following[0] <= token.start:
            reach = max(reach, following[1])
            following = next(rest, None)
        if token.kind == "NAME" and token.start < reach:
            names.add(unicodedata.normalize("NFKC", token.text))
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where the statement that is being read began: its first token, the machine's height."""

    start: int
    height: int


class _Reader:
    """Moves the machine through the tokens. `_frames` has one frame for the file and each `{`."""

    def __init__(
        self, source: Source, tokens: list[Token], builder: Builder, report: Report
    ) -> None:
        self._source = source
        self._tokens = tokens
        self._report = report
        self._builder = builder
        self._layout = Layout(tokens)
        self._machine = Machine(tables(), builder.reduce)
        self._frames = [_Frame(0, 1)]
        self._faults = 0
        self._mends = 0
        self._is_too_deep = False
        self._taken: set[str] = set()  # reserved words that were written as names

    def read(self) -> tuple[nodes.Statement, ...]:
        """The statements of the file."""
        while True:
            token = self._layout.peek()
            if self._machine.at_statement():
                self._frames[-1] = _Frame(self._layout.at, self._machine.height)
            fault = self._fault(token)
            if fault is None:
                try:
                    self._machine.feed(token)
                except Refused as refused:
                    fault = refused.diagnostic
            if fault is not None:
                self._recover(token, fault)
            elif token.kind == END:
                statements: tuple[nodes.Statement, ...] = self._machine.result()
                return statements
            else:
                self._take(token)

    def _take(self, token: Token) -> None:
        """Go past a token that the machine has taken."""
        self._layout.advance(token)
        if token.kind == "LBRACE":
            self._frames.append(_Frame(self._layout.index, self._machine.height))
        elif token.kind == "RBRACE":
            self._frames.pop()

    def _fault(self, token: Token) -> Diagnostic | None:
        """What is wrong with the next token, or None."""
        layout, machine = self._layout, self._machine
        if token.kind in OPENERS and len(layout.open) >= limits.NESTING:
            return errors.too_deep(Span(self._source, token.start, token.end))
        if token.kind != ODD and machine.accepts(token.kind):
            return None
        return explain(
            Fault(
                source=self._source,
                tokens=self._tokens,
                at=layout.at,
                start=self._frames[-1].start,
                expected=machine.expected(),
                brackets=tuple(layout.open),
                heads=tuple(frame.start for frame in self._frames[:-1]),
            )
        )

    # ------------------------------------------------------------------------- recovery

    @cached_property
    def _partners(self) -> dict[int, int]:
        return repair.partners_of_braces(self._tokens)

    def _recover(self, token: Token, fault: Diagnostic) -> None:
        """Report a fault and stand where reading goes on."""
        self._tell(fault, token)
        layout = self._layout
        braces = sum(bracket.kind == "LBRACE" for bracket in layout.open)
        if self._faults >= limits.FAULTS:
            self._report.add(errors.too_many(Span(self._source, token.start, token.end)))
            end = len(self._tokens) - 1
            self._close(braces, end) if braces else self._replace(end)
        elif token.kind == "RBRACE" and not braces and self._is_between_statements():
            self._skip_closers(token)
        elif self._mends < mend.MOST and self._mend(token):
            self._mends += 1
            self.__dict__.pop("_partners", None)
        elif closed := repair.braces_to_close(self._source, self._tokens, layout.at, self._heads()):
            self._close(closed, layout.at)
        else:
            self._replace(self._resume_at(token, braces))

    def _tell(self, fault: Diagnostic, token: Token) -> None:
        """Report a fault, but what is too deep only once, and not that it is never closed."""
        deep = fault.code == errors.TOO_DEEP
        if fault.code == errors.RESERVED:
            self._taken.add(fault.labels[0].span.text)
        elif fault.labels[0].span.text in self._taken:
            return  # a use of the name that a reserved word was to be
        if not (self._is_too_deep and (deep or token.kind == END)):
            self._report.add(fault)
            self._faults += 1
            bracket = fault.labels[0].span
            if bracket.text == "{" and bracket.end <= token.start:
                # What follows it may belong to the file or to the body: its names are unknown.
                self._builder.unread.append((bracket.start, token.start))
        self._is_too_deep |= deep

    def _resume_at(self, token: Token, braces: int) -> int:
        """Where to go on after a fault; braces that hold no statements are passed over."""
        layout, start = self._layout, self._frames[-1].start
        depth = len(layout.open) - layout.last_brace() - 1
        too_deep = token.kind == "LBRACE" and len(layout.open) >= limits.NESTING
        enters = repair.has_body(self._tokens, start) and not too_deep
        place = repair.resume_at(self._source, self._tokens, layout.at, start, depth, braces)
        while self._tokens[place].kind == "LBRACE" and not enters:
            place = self._partners.get(self._tokens[place].start, place) + 1
            place = repair.resume_at(self._source, self._tokens, place, start, 0, braces)
        return place

    def _mend(self, token: Token) -> bool:
        """Put in a `{` that is missing here, or leave out one too many; False if it is neither."""
        source, tokens, at = self._source, self._tokens, self._layout.at
        start = self._frames[-1].start
        head = mend.missing_brace(source, tokens, at, start, self._machine.expected())
        place = at
        if head is None and token.kind == "LBRACE" and at == start:
            if all(bracket.start in self._partners for bracket in self._layout.open):
                return False
            del tokens[at]
            return True
        if head is None and repair.has_body(tokens, start):
            braces = sum(bracket.kind == "LBRACE" for bracket in self._layout.open)
            place = self._resume_at(token, braces)
            head = start if mend.body_follows(source, tokens, place, start) else None
        if head is None:
            return False
        mend.put_braces(source, tokens, place, head)
        self._replace(place)
        return True

    def _skip_closers(self, token: Token) -> None:
        """Leave out one or more `}` that close nothing, as if a statement ended there."""
        place = self._layout.at
        while self._tokens[place].kind in ("RBRACE", SEPARATOR):
            place += 1
        if self._tokens[place].kind != END and not self._machine.at_statement():
            self._force(Token(SEPARATOR, ";", token.start, token.start))
        self._layout.resume(place)

    def _is_between_statements(self) -> bool:
        return self._machine.at_statement() or self._machine.accepts(SEPARATOR)

    def _heads(self) -> list[int]:
        """For each open `{`, from the outermost, the first token of the statement it is in."""
        return [frame.start for frame in self._frames[:-1]]

    def _replace(self, place: int) -> None:
        """Leave the statement and go on at a token."""
        token = self._tokens[place]
        self._give_up(token.start)
        self._layout.resume(place)
        place = repair.after_separators(self._tokens, place)
        if self._tokens[place].kind not in ("LBRACE", "RBRACE", END):
            self._machine.feed(Token(SEPARATOR, ";", token.start, token.start))

    def _close(self, braces: int, place: int) -> None:
        """Behave as if this many `}` stood before a token."""
        start = self._tokens[place].start
        for _ in range(braces):
            if not self._machine.accepts("RBRACE"):
                self._give_up(start)
            self._force(Token("RBRACE", "}", start, start))
            self._frames.pop()
            self._layout.close_brace()
        if self._tokens[place].kind != END:
            self._force(Token(SEPARATOR, ";", start, start))
        self._layout.resume(place)

    def _force(self, token: Token) -> None:
        """Take a token that ends a statement, also where that statement is refused."""
        try:
            self._machine.feed(token)
        except Refused as refused:
            self._report.add(refused.diagnostic)
            self._give_up(token.start)
            self._machine.feed(token)

    def _give_up(self, end: int) -> None:
        """Put `ODD` in the place of the statement that is being read, up to an offset."""
        start, height = self._frames[-1].start, self._frames[-1].height
        self._machine.cut(height)
        self._machine.feed(Token(ODD, "", self._tokens[start].start, end))
