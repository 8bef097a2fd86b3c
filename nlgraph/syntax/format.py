"""One layout for all: spaces, indentation and blank lines; line ends stay where they are.

Statements may go on over lines where their author wants, so a line is never joined or broken: what
is written anew is what stands between the tokens of a line, and before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from nlgraph.syntax.layout import BEGIN, CLOSERS, END_OF_LINE, OPENERS
from nlgraph.syntax.tokens import END, SEPARATOR, Token, tokenize

_INDENT: Final = "  "
_VALUES: Final = frozenset({"NAME", "NUMBER", "STRING", "RPAR", "RSQB", "QUOTE", "TRUE", "FALSE"})


@dataclass(frozen=True, slots=True)
class _Line:
    """A line: its tokens, the comment that ends it, and how deep it is indented."""

    tokens: tuple[Token, ...]
    comment: str
    depth: int


def format_text(text: str) -> str:
    """The text of a file that can be read, in the one layout.

    Two spaces for each level; one around operators but `^`; one empty line at most; comments that
    end neighbouring lines stand in one column. Formatting twice is formatting once.
    """
    lines = _lines(text)
    written: list[str] = []
    block: list[tuple[str, str]] = []
    for line in lines:
        code = _INDENT * line.depth + _code(line.tokens) if line.tokens else ""
        if line.tokens and line.comment:
            block.append((code, line.comment))
            continue
        written += _aligned(block)
        block = []
        written.append(code or _INDENT * line.depth * bool(line.comment) + line.comment)
    written += _aligned(block)
    return "".join(line + "\n" for line in _without_gaps(written))


def _aligned(block: Sequence[tuple[str, str]]) -> list[str]:
    """Lines whose comments stand in one column."""
    width = max((len(code) for code, _ in block), default=0)
    return [f"{code:{width}}  {comment}" for code, comment in block]


def _without_gaps(lines: Sequence[str]) -> list[str]:
    """Without empty lines at both ends, behind `{`, before `}`, and behind each other."""
    kept: list[str] = []
    for line in lines:
        if not line and (not kept or not kept[-1] or kept[-1].endswith("{")):
            continue
        if line.lstrip().startswith("}") and kept and not kept[-1]:
            kept.pop()
        kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _lines(text: str) -> list[_Line]:
    tokens, comments = tokenize(text)
    rest = iter(comments)
    comment = next(rest, None)
    lines: list[_Line] = []
    nesting = _Nesting()
    line: list[Token] = []
    for token in tokens:
        if token.kind != END and not (token.kind == SEPARATOR and token.text != ";"):
            line.append(token)
            continue
        ending = ""
        if comment is not None and comment.start < token.start + (token.kind == END):
            ending = comment.text.rstrip()
            comment = next(rest, None)
        lines.append(_Line(tuple(line), ending, nesting.depth_of(line)))
        line = []
    return _with_comments_indented(lines)


def _with_comments_indented(lines: Sequence[_Line]) -> list[_Line]:
    """A comment that stands alone belongs to what follows it."""
    found: list[_Line] = []
    depth = 0
    for line in reversed(lines):
        if line.tokens:
            closes = line.tokens[0].kind in CLOSERS
            depth = line.depth + closes
        elif line.comment:
            line = _Line((), line.comment, depth)
        found.append(line)
    return found[::-1]


class _Nesting:
    """The brackets that are open, and whether a statement goes on."""

    def __init__(self) -> None:
        self._open: list[tuple[str, int]] = []
        self._number = 0
        self._before: Token | None = None
        self._trains = False

    def depth_of(self, line: Sequence[Token]) -> int:
        """How deep a line is indented, which is gone past."""
        self._number += 1
        if not line:
            return 0
        for token in line:
            if token.kind not in CLOSERS:
                break
            self._close()
        brackets = {number for kind, number in self._open if kind != "LBRACE"}
        braces = sum(kind == "LBRACE" for kind, _ in self._open)
        inside = bool(self._open) and self._open[-1][0] != "LBRACE"
        first = line[0]
        before = self._before.kind if self._before is not None else ""
        goes_on = (
            not inside
            and first.kind not in CLOSERS
            and (
                (first.kind in BEGIN and first.kind != "LBRACE")
                or (first.kind == "MINIMIZE" and self._trains)
                or before in END_OF_LINE
            )
        )
        if not goes_on:
            self._trains = first.kind == "TRAIN"
        self._take(line)
        return braces + len(brackets) + goes_on

    def _take(self, line: Sequence[Token]) -> None:
        leading = True
        for token in line:
            leading = leading and token.kind in CLOSERS
            if token.kind in OPENERS:
                self._open.append((token.kind, self._number))
            elif token.kind in CLOSERS and not leading:
                self._close()
        self._before = line[-1]

    def _close(self) -> None:
        if self._open:
            self._open.pop()


def _code(tokens: Sequence[Token]) -> str:
    """The tokens of a line, with what stands between them."""
    parts: list[str] = []
    brackets: list[str] = []
    before: Token | None = None
    unary = False
    for token in tokens:
        if before is not None and _apart(before, token, brackets, unary=unary, first=tokens[0]):
            parts.append(" ")
        unary = token.kind == "MINUS" and (before is None or before.kind not in _VALUES)
        parts.append(token.text)
        if token.kind in OPENERS:
            brackets.append(token.kind)
        elif token.kind in CLOSERS and brackets:
            brackets.pop()
        before = token
    return "".join(parts)


def _apart(
    before: Token, token: Token, brackets: Sequence[str], *, unary: bool, first: Token
) -> bool:
    """Whether a space stands between two tokens of a line."""
    if unary or token.kind in ("COMMA", "RPAR", "RSQB", "QUOTE", "DOT") or token.text == ";":
        return False
    if before.kind in ("LPAR", "LSQB", "DOT"):
        return False
    if before.kind == "LBRACE" and token.kind == "RBRACE":
        return False
    if "CIRCUMFLEX" in (before.kind, token.kind):
        return False
    if "COLON" in (before.kind, token.kind) and brackets and brackets[-1] == "LSQB":
        return False
    if token.kind == "LSQB" and before.kind in _VALUES:
        return False
    if token.kind == "LPAR" and before.kind in _VALUES:
        return first.kind == "USE"
    return True
