"""From a token that cannot stand where it stands to the diagnostic that says what is wrong.

The checks are tried in order: from what the characters alone show, over brackets and words in a
wrong place, to the part that a statement misses; what none knows is said in general.
"""

from __future__ import annotations

import re
import unicodedata

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.syntax import errors, repair
from nlgraph.syntax.expected import expected_words, found_words, shorten
from nlgraph.syntax.explain_statements import STATEMENT_CHECKS
from nlgraph.syntax.fault import Fault
from nlgraph.syntax.layout import CLOSERS, END_OF_LINE, OPENERS
from nlgraph.syntax.tokens import END, ODD
from nlgraph.text.span import Span


def explain(fault: Fault) -> Diagnostic:
    """The diagnostic of a fault."""
    for check in (
        _foreign_operator,
        _odd_character,
        _number,
        _bracket,
        _prime,
        *STATEMENT_CHECKS,
        _broken_off,
    ):
        diagnostic = check(fault)
        if diagnostic is not None:
            return diagnostic
    return _in_general(fault)


def _in_general(fault: Fault) -> Diagnostic:
    expected = expected_words(fault.expected)
    before, bracket = fault.back(), fault.bracket
    after = None if before is None else shorten(before.text)
    found = found_words(fault.token)
    if bracket is not None and fault.in_brackets:
        opened = fault.span(bracket)
        if opened.line != fault.place.line:
            return errors.unexpected_in_brackets(fault.place, expected, after, found, opened)
    return errors.unexpected(fault.place, expected, after, found)


def _broken_off(fault: Fault) -> Diagnostic | None:
    """`x =`, and on the next line another statement."""
    place = fault.next_statement
    if place >= len(fault.tokens):
        return None
    last = fault.back(fault.at - place + 1)
    if last is None or last.kind not in END_OF_LINE:
        return None
    following = fault.span(fault.tokens[place])
    return errors.breaks_off(Span(fault.source, last.end, last.end), last.text, following)


# ----------------------------------------------------------------------------- characters

_HELP_OF_CHARACTER = {
    "&": "write `and`",
    "|": "write `or`",
    "!": "write `not`",
    "?": "write `if … then … else …`",
    "\\": "a line goes on after an operator, or inside brackets",
    "`": "a prime is `'`",
    "\N{LEFT SINGLE QUOTATION MARK}": "a prime is `'`",
    "\N{RIGHT SINGLE QUOTATION MARK}": "a prime is `'`",
    "\N{PRIME}": "a prime is `'`",
    "\N{ACUTE ACCENT}": "a prime is `'`",
    "\N{LEFT DOUBLE QUOTATION MARK}": 'strings stand in `"`',
    "\N{RIGHT DOUBLE QUOTATION MARK}": 'strings stand in `"`',
    "\N{DOUBLE LOW-9 QUOTATION MARK}": 'strings stand in `"`',
    "\N{MULTIPLICATION SIGN}": "write `*`",
    "\N{MIDDLE DOT}": "write `*`, or `@` for a product of matrices",
    "\N{BULLET OPERATOR}": "write `*`, or `@` for a product of matrices",
    "\N{DOT OPERATOR}": "write `*`, or `@` for a product of matrices",
    "\N{DIVISION SIGN}": "write `/`",
    "\N{MINUS SIGN}": "write `-`",
    "\N{EN DASH}": "write `-`",
    "\N{LESS-THAN OR EQUAL TO}": "write `<=`",
    "\N{GREATER-THAN OR EQUAL TO}": "write `>=`",
    "\N{NOT EQUAL TO}": "write `!=`",
    "\N{LEFTWARDS ARROW}": "write `=`",
    "\N{RIGHTWARDS ARROW}": "write `=`",
    "\N{INFINITY}": "there is no infinite number",
    "\N{HORIZONTAL ELLIPSIS}": "write `...`",
    "\r": "end lines with a line feed",
}


def _odd_character(fault: Fault) -> Diagnostic | None:
    token = fault.token
    if token.kind != ODD:
        return None
    text = fault.source.text
    if token.text == '"':
        end = min(text.find(char, token.end) % (len(text) + 1) for char in "\r\n")
        return errors.unclosed_string(Span(fault.source, token.start, end))
    help_ = _HELP_OF_CHARACTER.get(token.text)
    if help_ is None and token.text.isspace():
        help_ = "write a plain space"
    return errors.odd_character(fault.span(token), unicodedata.name(token.text, ""), help_)


def _number(fault: Fault) -> Diagnostic | None:
    """`1.`, `.5`, `1e`, `0x1F`, `1_000`, `2x`."""
    token, before, first = fault.token, fault.back(), fault.back(2)
    if before is None:
        before_dot = token.kind == "DOT" and fault.ahead().kind == "NUMBER"
    else:
        before_dot = token.kind == "DOT" and "DOT" not in fault.expected
    if before_dot and fault.touches(token, fault.ahead()) and fault.ahead().kind == "NUMBER":
        span = fault.span(token, fault.ahead())
        message = "a number has digits on both sides of its point"
        return errors.malformed_number(span, message, f"write `0{span.text}`")
    if before is None:
        return None
    if before.kind == "DOT" and first is not None and fault.touches(first, before):
        if first.kind == "NUMBER":
            span = fault.span(first, before)
            if "." in first.text:
                return errors.malformed_number(span, "a number has one point", "leave one out")
            message = "a number has digits on both sides of its point"
            return errors.malformed_number(span, message, f"write `{span.text}0`")
        return None
    if before.kind == "NUMBER" and fault.touches(before, token) and token.kind == "NAME":
        span = fault.span(before, token)
        help_ = f"write `{before.text} * {token.text}` for a product"
        if token.text[0] == "_":
            help_ = "write its digits without `_`"
        elif token.text[0] in "eE":
            help_ = "after its `e` a number has digits, as in `1e-3`"
        elif before.text == "0" and token.text[0] in "xXbBoO":
            help_ = "numbers are decimal"
        return errors.malformed_number(span, f"`{span.text}` is neither number nor name", help_)
    return None


# ----------------------------------------------------------------------------- operators

# Two signs that touch, the first of which the parser has read already.
_FOREIGN = {
    "**": "write `^` for a power",
    "//": "write `/` to divide; a comment begins with `#`",
    "/*": "a comment begins with `#`",
    "<>": "write `!=`",
    "===": "write `==`",
    "=>": "write `=`",
    "->": "write `=`",
    ":=": "write `=`",
    "<=>": "write `==`",
    "++": "write `X' = X + 1` for the next value of a state",
    "&&": "write `and`",
    "||": "write `or`",
    **{f"{sign}=": f"write `X' = X {sign} …` for the next value of a state" for sign in "+-*/@^"},
}


def _foreign_operator(fault: Fault) -> Diagnostic | None:
    token, before = fault.token, fault.back()
    pairs = (
        [(token, fault.ahead())] if before is None else [(before, token), (token, fault.ahead())]
    )
    for first, second in pairs:
        signs = first.text + second.text
        if fault.touches(first, second) and signs in _FOREIGN:
            message = f"there is no operator `{signs}`"
            return errors.foreign_operator(fault.span(first, second), message, _FOREIGN[signs])
    if token.text == "==" and "EQUAL" in fault.expected and "CMP" not in fault.expected:
        message = "`==` compares; what a name stands for follows one `=`"
        return errors.foreign_operator(fault.span(token), message, "write `=`")
    if token.kind == "CMP" and {"AND", "OR"} <= fault.expected:
        return errors.chained_comparison(fault.span(token), _first_comparison(fault))
    if (
        token.kind == "EQUAL"
        and {"CMP", "AND"} <= fault.expected
        and fault.next_statement > fault.at
    ):
        message = "`=` cannot stand inside an expression"
        return errors.foreign_operator(fault.span(token), message, "write `==` to compare")
    wants_operand = {"NUMBER", "MINUS"} <= fault.expected
    if token.kind in ("NOT", "IF") and before is not None and wants_operand and not fault.ends:
        return errors.needs_parentheses(fault.span(token), token.text, before.text)
    return None


def _first_comparison(fault: Fault) -> Span | None:
    for place in range(fault.at - 1, max(fault.start, fault.at - 64), -1):
        if fault.tokens[place].kind == "CMP":
            return fault.span(fault.tokens[place])
    return None


# ----------------------------------------------------------------------------- brackets


_NEVER_IN_BRACKETS = frozenset(
    {"LBRACE", "TILDE", "PER", "EVERY", "RESET", "BY", "TO", "ALONG", "RETURN"}
)


def _bracket(fault: Fault) -> Diagnostic | None:
    token, bracket = fault.token, fault.bracket
    if token.kind in CLOSERS:
        return _closer(fault)
    if bracket is None:
        return None
    closer = fault.word(OPENERS[bracket.kind])
    if token.kind == END:
        return errors.unclosed(fault.span(bracket), closer, None)
    if fault.in_brackets:
        place = fault.next_statement
        if place < len(fault.tokens):
            return errors.unclosed(fault.span(bracket), closer, fault.span(fault.tokens[place]))
        if token.kind in _NEVER_IN_BRACKETS and OPENERS[bracket.kind] in fault.expected:
            return errors.unclosed(fault.span(bracket), closer, fault.span(token))
        return None
    if repair.braces_to_close(fault.source, fault.tokens, fault.at, fault.heads):
        return errors.unclosed(fault.span(bracket), closer, fault.span(token))
    return None


def _closer(fault: Fault) -> Diagnostic | None:
    token, bracket = fault.token, fault.bracket
    opener = CLOSERS[token.kind]
    if bracket is not None and bracket.kind == opener:
        return None
    if bracket is None or bracket.kind == "LBRACE":
        return errors.unopened(fault.span(token))
    closer = fault.word(OPENERS[bracket.kind])
    if opener == "LBRACE" and fault.heads:
        return errors.unclosed(fault.span(bracket), closer, fault.span(token))
    return errors.mismatched(fault.span(token), fault.span(bracket), closer)


# ----------------------------------------------------------------------------- primes

_QUOTED = re.compile(r"'[^'\n]*'")
_DECLARATIONS = frozenset(
    {"COMPONENT", "STATE", "DIM", "CONST", "CLOCK", "INPUT", "RULE", "BLOCK", "FN", "TRANSFORM"}
)


def _prime(fault: Fault) -> Diagnostic | None:
    token, before = fault.token, fault.back()
    if token.kind != "QUOTE":
        return None
    quoted = _QUOTED.match(fault.source.text, token.start)
    if quoted and "STRING" in fault.expected:
        return errors.single_quotes(Span(fault.source, quoted.start(), quoted.end()))
    if before is not None and before.kind == "QUOTE":
        message = "a state has one next value, so one prime is enough"
        return errors.misplaced_prime(fault.span(token), message, "leave it out")
    following = fault.ahead()
    if following.kind == "NAME" and fault.touches(token, following) and "NAME" in fault.expected:
        message = "a prime stands after the name"
        help_ = f"write `{following.text}'`"
        return errors.misplaced_prime(fault.span(token, following), message, help_)
    if before is not None and before.kind == "NAME" and fault.head.kind in _DECLARATIONS:
        message = "a declaration has no prime: `'` is the next value of a state"
        return errors.misplaced_prime(fault.span(token), message, f"write `{before.text}`")
    return None
