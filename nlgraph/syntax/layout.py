"""Which line ends are the ends of statements: what stands between the lexer and the parser.

The rules, L1 to L4, are written at the head of `nl.lark`.
"""

from __future__ import annotations

from nlgraph.syntax.tokens import END, SEPARATOR, Token

OPENERS = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
CLOSERS = {closer: opener for opener, closer in OPENERS.items()}

# fmt: off
# Nothing can begin a statement with these, so they go on with the line before (L3).
BEGIN = frozenset({
    "BY", "THEN", "PER", "EVERY", "RESET", "TO", "ALONG", "ELSE", "WITH", "AND", "OR", "IN",
    "PLUS", "MINUS", "STAR", "SLASH", "AT", "CIRCUMFLEX", "CMP", "EQUAL", "TILDE", "COLON",
    "DOT", "LBRACE", "COMMA", "RPAR", "RSQB",
})
# Nothing can end a statement with these, so the next line goes on (L4).
END_OF_LINE = frozenset({
    "PLUS", "MINUS", "STAR", "SLASH", "AT", "CIRCUMFLEX", "CMP", "EQUAL", "TILDE", "COLON",
    "COMMA", "AND", "OR", "NOT", "IF", "THEN", "ELSE", "WITH",
})
# fmt: on


class Layout:
    """The tokens that the parser sees, one at a time.

    `peek` gives the next one; `advance` takes it, when the parser has accepted it. `open` holds
    the brackets that are open before the next token; `before` is the token taken last; `at` is
    the place of the token that `peek` gave.
    """

    def __init__(self, tokens: list[Token]) -> None:
        """Stand before the first of the tokens, the last of which is `END`."""
        self.tokens = tokens
        self.index = 0
        self.open: list[Token] = []
        self.before: Token | None = None
        self.at = 0

    def peek(self) -> Token:
        """The next token."""
        place, separator = self.index, None
        in_brackets = bool(self.open) and self.open[-1].kind != "LBRACE"
        while self.tokens[place].kind == SEPARATOR:
            token = self.tokens[place]
            if token.text == ";" or not in_brackets:
                separator = token if separator is None or token.text == ";" else separator
            place += 1
        if separator is None or self._joins(separator, self.tokens[place]):
            self.at = place
            return self.tokens[place]
        self.at = place - 1
        return separator

    def advance(self, token: Token) -> None:
        """Take the token that `peek` gave."""
        if token.kind in OPENERS:
            self.open.append(token)
        elif token.kind in CLOSERS and self.open:
            self.open.pop()
        self.before = token
        self.index = self.at + 1

    def last_brace(self) -> int:
        """Where in `open` the innermost `{` stands; -1 where there is none."""
        place = len(self.open) - 1
        while place >= 0 and self.open[place].kind != "LBRACE":
            place -= 1
        return place

    def close_brace(self) -> None:
        """Leave the innermost braces, and the brackets that are open in them."""
        del self.open[self.last_brace() :]

    def resume(self, index: int) -> None:
        """Go on at another token of the innermost braces, and leave the brackets open in them."""
        del self.open[self.last_brace() + 1 :]
        self.before = None
        self.index = index

    def _joins(self, separator: Token, token: Token) -> bool:
        """True if no statement ends at the separator before this token."""
        if self.before is None or self.before.kind in ("LBRACE", SEPARATOR):
            return True
        if token.kind in ("RBRACE", END):
            return True
        return separator.text != ";" and (token.kind in BEGIN or self.before.kind in END_OF_LINE)
