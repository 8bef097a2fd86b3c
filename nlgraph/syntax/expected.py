"""What could stand at a place, in few words: kinds of tokens grouped into what they begin."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.syntax.grammar import tables
from nlgraph.syntax.tokens import END, SEPARATOR, Token

_EXPRESSION = frozenset({"NAME", "NUMBER", "STRING", "TRUE", "FALSE", "LPAR", "LSQB", "MINUS"})
_EXPRESSION_WORDS = frozenset({"NOT", "IF"})
_OPERATORS = frozenset(
    {"PLUS", "MINUS", "STAR", "SLASH", "AT", "CIRCUMFLEX", "CMP", "AND", "OR", "WITH"}
)
_POSTFIX = frozenset({"QUOTE", "DOT", "LPAR", "LSQB"})
_FILE = frozenset({"USE", "DIM", "INPUT", "OUTPUT"})
_BODY = frozenset({"STATE", "MAP"})
_MOST = 5


def expected_words(kinds: Iterable[str]) -> str:
    """`an expression`, `a name`, `` `,` or `)` ``: what could stand there."""
    return join(_groups(set(kinds) - {"ODD", END}))


def _groups(left: set[str]) -> list[str]:
    words: list[str] = []
    if left >= _FILE or left >= _BODY or left >= {"RETURN", "FOR", "NAME"}:
        return ["a statement", *(["`}`"] if "RBRACE" in left else [])]
    if left >= _EXPRESSION:
        words.append("an expression")
        left -= _EXPRESSION | _EXPRESSION_WORDS
    elif left >= {"PLUS", "STAR"}:
        words.append("an operator")
        left -= _OPERATORS | _POSTFIX
    elif left & {"EQUAL", "COMMA", "LBRACE"} or SEPARATOR in left:
        # Where a plain name is complete, that it could go on is not worth saying.
        left -= _POSTFIX - {"LPAR"} if left - _POSTFIX else set()
    if "NAME" in left and "NUMBER" in left and "LPAR" in left:
        words.append("a clock, or a count and a clock")
        left -= {"NAME", "NUMBER", "LPAR"}
    for kind, word in (("NAME", "a name"), ("STRING", "a string"), ("NUMBER", "a number")):
        if kind in left:
            words.append(word)
            left.remove(kind)
    if SEPARATOR in left:
        left -= {SEPARATOR, "RBRACE"}
        words += _signs(left)
        words.append("the end of the statement")
    else:
        words += _signs(left)
    return words


def _signs(kinds: set[str]) -> list[str]:
    signs = tables().signs
    return [f"`{signs.get(kind, kind)}`" for kind in sorted(kinds, key=_order)]


def _order(kind: str) -> tuple[bool, int]:
    """Signs before words, each in the order of the grammar."""
    signs = tables().signs
    word = signs.get(kind, kind)
    return word.isalpha(), list(signs).index(kind) if kind in signs else len(signs)


def join(words: list[str]) -> str:
    """`a`, `a or b`, `a, b or c`; of many only the first are named."""
    if len(words) > _MOST:
        words = [*words[: _MOST - 1], "the like"]
    if len(words) < 2:
        return "".join(words)
    return ", ".join(words[:-1]) + " or " + words[-1]


def found_words(token: Token) -> str:
    """`the end of the line`, `the reserved word `map``, `` `x` ``."""
    if token.kind == END:
        return "the end of the file"
    if token.kind == SEPARATOR and token.text != ";":
        return "the end of the line"
    if tables().words.get(token.text) == token.kind:
        return f"the reserved word `{token.text}`"
    return f"`{shorten(token.text)}`"


def shorten(text: str) -> str:
    """A text that fits into a sentence."""
    return text if len(text) <= 40 else text[:39] + "…"
