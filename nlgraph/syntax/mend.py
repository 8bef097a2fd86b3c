"""Braces that were forgotten or doubled: the tokens are changed to what was most likely meant.

Without this a single missing `{` makes a fault of every line of the body that it would open.
"""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.syntax.repair import begins_line, column, has_body, is_equation
from nlgraph.syntax.tokens import END, ODD, SEPARATOR, Token
from nlgraph.text.source import Source

MOST = 32  # changes of one text: each costs a walk over its tokens

_LOOK_AROUND = 2000  # tokens; between a header and a line of its body there are never more
_OF_BODIES = frozenset({"STATE", "MAP", "MINIMIZE", "RETURN"})


def missing_brace(
    source: Source, tokens: Sequence[Token], at: int, start: int, expected: frozenset[str]
) -> int | None:
    """The first token of the header whose `{` is missing before a token that cannot stand here.

    Either the header goes straight on with an equation, as `component m : like W = 0 m' = g }`;
    or a line that only bodies have stands, further to the right, under a header without braces.
    """
    if at > start:
        first = at + (tokens[at].kind == ODD)
        goes_on = "LBRACE" in expected and is_equation(tokens, first)
        if goes_on and has_body(tokens, start) and _line_closes(tokens, first):
            return start
        return None
    if tokens[at].kind not in _OF_BODIES or not begins_line(tokens, at):
        return None
    return _header_above(source, tokens, at)


def body_follows(source: Source, tokens: Sequence[Token], place: int, start: int) -> bool:
    """True if after a broken header, which ends at a place without a `{`, its body follows."""
    following = place
    while tokens[following].kind == SEPARATOR:
        following += 1
    return (
        has_body(tokens, start)
        and following > place
        and begins_line(tokens, following)
        and tokens[following].kind not in ("RBRACE", END)
        and column(source, tokens[following]) > column(source, tokens[start])
    )


def put_braces(source: Source, tokens: list[Token], place: int, start: int) -> None:
    """Put a `{` at a place, and a `}` at the end of the body where none stands there.

    The body of a header ends with its line, if a `}` does that, or before the first line that
    is no further to the right than the header.
    """
    if tokens[place].kind == ODD:
        del tokens[place]
    tokens.insert(place, Token("LBRACE", "", tokens[place].start, tokens[place].start))
    margin, depth = column(source, tokens[start]), 0
    for end in range(place + 1, len(tokens)):
        token = tokens[end]
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        if depth < 0:
            return
        is_out = begins_line(tokens, end) and column(source, token) <= margin
        if token.kind == END or (token.kind != SEPARATOR and is_out):
            offset = tokens[end - 1].start
            tokens.insert(end, Token(SEPARATOR, ";", offset, offset))
            tokens.insert(end, Token("RBRACE", "", offset, offset))
            return


def _line_closes(tokens: Sequence[Token], place: int) -> bool:
    """True if a `}` stands on the rest of a line without its `{`."""
    depth = 0
    for token in tokens[place : place + _LOOK_AROUND]:
        if token.kind == SEPARATOR and token.text != ";":
            return False
        depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        if depth < 0:
            return True
    return False


def _header_above(source: Source, tokens: Sequence[Token], at: int) -> int | None:
    """The header that a line stands under, if it has no braces."""
    margin, has_brace = column(source, tokens[at]), False
    for place in range(at - 1, max(-1, at - _LOOK_AROUND), -1):
        has_brace |= tokens[place].kind in ("LBRACE", "RBRACE")
        if tokens[place].kind == SEPARATOR or not begins_line(tokens, place):
            continue
        if column(source, tokens[place]) < margin:
            return place if has_body(tokens, place) and not has_brace else None
    return None
