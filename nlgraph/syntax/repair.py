"""Where reading goes on after a fault."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.syntax.layout import BEGIN, END_OF_LINE
from nlgraph.syntax.tokens import END, SEPARATOR, Token
from nlgraph.text.source import Source

# fmt: off
STATEMENTS = frozenset({
    "USE", "DIM", "CONST", "CLOCK", "INPUT", "OUTPUT", "METRIC", "COMPONENT", "STATE", "MAP",
    "MINIMIZE", "TRAIN", "RULE", "TRANSFORM", "BLOCK", "FN", "FOR", "RETURN",
})
_WITH_BODY = frozenset({"COMPONENT", "RULE", "TRANSFORM", "BLOCK", "FN", "MAP", "FOR"})
# fmt: on
_LOOK_AHEAD = 32  # tokens of an equation's left side; more are never meant


def resume_at(
    source: Source, tokens: Sequence[Token], at: int, start: int, depth: int, braces: int
) -> int:
    """Where to go on after a fault at token `at` of the statement that began at `start`.

    That is at the statement's end, at its `{`, at a `}` that closes what it stands in, or at a
    line inside its open brackets that is a statement of its own. `depth` counts the `(` and `[`
    that are open before `at`, `braces` the `{`.
    """
    place = line_of_statement(source, tokens, at, start)
    if place < at:
        return place
    last = tokens[at - 1] if at else None
    while tokens[place].kind != END:
        token = tokens[place]
        if place > start and begins_statement(source, tokens, place, start):
            return place
        if token.kind == "LBRACE" or (token.kind == "RBRACE" and braces):
            return place
        if token.kind == SEPARATOR:
            following = after_separators(tokens, place)
            is_over = any(separator.text == ";" for separator in tokens[place:following])
            if is_over or not (depth or _joined(last, tokens[following], tokens[start])):
                return place
            place = following
            continue
        if token.kind in ("LPAR", "LSQB"):
            depth += 1
        elif token.kind in ("RPAR", "RSQB"):
            depth = max(0, depth - 1)
        last = token
        place += 1
    return place


def braces_to_close(source: Source, tokens: Sequence[Token], at: int, heads: Sequence[int]) -> int:
    """How many `}` are missing before a token that cannot stand here.

    `heads` are the first tokens of the statements whose braces are open, the outermost first. At
    the end of the text all are missing. A line that begins with a statement's word, no further
    to the right than a statement whose braces are open, is after that statement.
    """
    if tokens[at].kind == END:
        return len(heads)
    if tokens[at].kind not in STATEMENTS or not begins_line(tokens, at):
        return 0
    margin = column(source, tokens[at])
    return sum(margin <= column(source, tokens[head]) for head in heads)


def partners_of_braces(tokens: Sequence[Token]) -> dict[int, int]:
    """For each `{` that is closed, by its offset in the text, the place of its `}`."""
    partners: dict[int, int] = {}
    open_: list[int] = []
    for place, token in enumerate(tokens):
        if token.kind == "LBRACE":
            open_.append(token.start)
        elif token.kind == "RBRACE" and open_:
            partners[open_.pop()] = place
    return partners


def has_body(tokens: Sequence[Token], start: int) -> bool:
    """True if the braces of a broken statement may hold statements: not those of `x = {a}`."""
    kinds = [token.kind for token in tokens[start : start + 2]]
    return kinds[0] in _WITH_BODY or kinds == ["NAME", "NAME"]


def after_separators(tokens: Sequence[Token], place: int) -> int:
    """The first place from here on that is no end of a line or statement."""
    while tokens[place].kind == SEPARATOR:
        place += 1
    return place


def begins_line(tokens: Sequence[Token], place: int) -> bool:
    """True if a token is the first of its line."""
    return place == 0 or (tokens[place - 1].kind == SEPARATOR and tokens[place - 1].text != ";")


def begins_statement(source: Source, tokens: Sequence[Token], place: int, start: int) -> bool:
    """True if a line begins here that is a statement, whatever the brackets before it say."""
    if not begins_line(tokens, place):
        return False
    kind = tokens[place].kind
    if kind in STATEMENTS:
        return not (kind == "MINIMIZE" and tokens[start].kind == "TRAIN")
    return column(source, tokens[place]) <= column(source, tokens[start]) and is_equation(
        tokens, place
    )


def line_of_statement(source: Source, tokens: Sequence[Token], at: int, start: int) -> int:
    """The place where the statement began in which token `at` stands, as far as one can tell.

    After a line that breaks off, as `x =` does, the next line `y = 2` is only known for a
    statement when its `=` is met: then this is the place of `y`, else it is `at`.
    """
    if tokens[at].kind not in ("EQUAL", "QUOTE"):
        return at
    for place in range(at - 1, max(start, at - _LOOK_AHEAD), -1):
        if begins_line(tokens, place):
            return place if begins_statement(source, tokens, place, start) else at
        if tokens[place].kind == SEPARATOR:
            return at
    return at


def is_equation(tokens: Sequence[Token], place: int) -> bool:
    """True if here stands the left side of an equation and its `=`."""
    depth = 0
    if tokens[place].kind != "NAME":
        return False
    for token in tokens[place + 1 : place + _LOOK_AHEAD]:
        if token.kind == "LSQB":
            depth += 1
        elif token.kind == "RSQB":
            depth -= 1
        elif not depth and token.kind == "EQUAL":
            return True
        elif token.kind in (SEPARATOR, END) or (
            not depth and token.kind not in ("DOT", "NAME", "QUOTE")
        ):
            return False
    return False


def _joined(last: Token | None, following: Token, first: Token) -> bool:
    """True if a newline between two tokens ends no statement (L2 to L4 of the layout)."""
    if last is not None and last.kind in END_OF_LINE:
        return True
    if following.kind == "MINIMIZE" and first.kind == "TRAIN":
        return True
    return following.kind in BEGIN


def column(source: Source, token: Token) -> int:
    """In which column a token begins."""
    return source.position(token.start)[1]
