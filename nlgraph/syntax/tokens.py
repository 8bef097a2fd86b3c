"""Text to tokens: every character of a text ends up in a token, in a comment, or is blank."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from nlgraph.syntax.grammar import tables


@dataclass(frozen=True, slots=True, eq=False)
class Token:
    """A word, a sign, a number …: its kind as the grammar names it, its text, its place."""

    kind: str
    text: str
    start: int
    end: int


END = "$END"
SEPARATOR = "_SEP"
ODD = "ODD"


def tokenize(text: str) -> tuple[list[Token], list[Token]]:
    """The tokens of a text, line ends and a final `END` among them, and its comments."""
    words, silent = tables().words, tables().silent
    tokens: list[Token] = []
    comments: list[Token] = []
    for match in _pattern().finditer(text):
        kind = match.lastgroup or ODD
        if kind in silent:
            if kind == "COMMENT":
                comments.append(Token(kind, match[0], match.start(), match.end()))
            continue
        word = match[0]
        if kind == "NAME":
            kind = words.get(word, kind)
        tokens.append(Token(kind, word, match.start(), match.end()))
    tokens.append(Token(END, "", len(text), len(text)))
    return tokens, comments


@cache
def _pattern() -> re.Pattern[str]:
    return re.compile(tables().pattern)
