"""The faults of syntax and of reading a file in words (NL01xx), and the parser's limits (NL06xx).

`explain.py` finds out what is wrong; here it is said.
"""

from __future__ import annotations

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic, Label
from nlgraph.diagnostics.escape import shown
from nlgraph.text.source import Source
from nlgraph.text.span import Span


def _error(
    code: str, message: str, span: Span, text: str = "", *others: Label, help_: str | None = None
) -> Diagnostic:
    return Diagnostic(code, message, (Label(span, text), *others), help_)


TOO_DEEP = "NL0612"
RESERVED = "NL0105"


# ----------------------------------------------------------------------------- in general


def unexpected(span: Span, expected: str, after: str | None, found: str) -> Diagnostic:
    """NL0101: a token that cannot stand where it stands."""
    behind = f" after `{after}`" if after else ""
    return _error("NL0101", f"expected {expected}{behind}, found {found}", span)


def unexpected_in_brackets(
    span: Span, expected: str, after: str | None, found: str, bracket: Span
) -> Diagnostic:
    """NL0101: the same inside brackets that were opened on another line."""
    behind = f" after `{after}`" if after else ""
    opened = Label(bracket, "inside this bracket")
    return _error("NL0101", f"expected {expected}{behind}, found {found}", span, "", opened)


def breaks_off(span: Span, after: str, following: Span) -> Diagnostic:
    """NL0101: a line that stops in the middle, and the next statement follows."""
    next_ = Label(following, "the next statement begins here")
    return _error("NL0101", f"the statement breaks off after `{after}`", span, "", next_)


def no_statement(span: Span, found: str, help_: str | None) -> Diagnostic:
    """NL0101: something that begins no statement."""
    return _error("NL0101", f"a statement cannot begin with {found}", span, help_=help_)


def unknown_statement(span: Span, word: str, meant: str | None, instead: str | None) -> Diagnostic:
    """NL0101: a word at the head of a statement that heads none."""
    help_ = f"did you mean `{meant}`?" if meant else instead
    return _error("NL0101", f"no statement begins with the word `{word}`", span, help_=help_)


def not_an_equation(span: Span, found: str, help_: str) -> Diagnostic:
    """NL0101: a line that begins with a name and has no `=`."""
    return _error("NL0101", f"expected `=`, found {found}", span, "", help_=help_)


def missing_part(span: Span, message: str, help_: str) -> Diagnostic:
    """NL0109: a statement without a part that it needs."""
    text = "missing here" if span.start == span.end else "missing before this"
    return _error("NL0109", message, span, text, help_=help_)


def superfluous(span: Span, help_: str) -> Diagnostic:
    """NL0101: a word that the statement does not have."""
    return _error("NL0101", f"there is no `{span.text}` here", span, help_=help_)


def misplaced(span: Span, message: str, text: str, head: Span | None, help_: str) -> Diagnostic:
    """NL0108: a statement where there can be none of its kind."""
    others = () if head is None else (Label(head, text),)
    return _error("NL0108", message, span, "", *others, help_=help_)


def path_with_index(span: Span) -> Diagnostic:
    """NL0101: `use a[1]`."""
    return _error("NL0101", "the path of a library is names with dots between them", span)


# ----------------------------------------------------------------------------- brackets


def unclosed(bracket: Span, closer: str, before: Span | None) -> Diagnostic:
    """NL0102: a bracket that nothing closes; `before` is the token that shows it."""
    others = () if before is None else (Label(before, f"a `{closer}` is missing before this"),)
    return _error("NL0102", f"this `{bracket.text}` is never closed", bracket, "", *others)


def missing_brace(place: Span, head: Span) -> Diagnostic:
    """NL0102: a body without its `{`."""
    message = "a `{` is missing before this"
    return _error("NL0102", message, place, "", Label(head, "the body of this"))


def unopened(closer: Span) -> Diagnostic:
    """NL0102: a closing bracket without an opening one."""
    return _error("NL0102", f"this `{closer.text}` closes nothing", closer)


def mismatched(closer: Span, bracket: Span, right: str) -> Diagnostic:
    """NL0102: a bracket that is closed by one of another kind."""
    message = f"this `{closer.text}` does not close the `{bracket.text}`"
    return _error(
        "NL0102", message, closer, f"a `{right}` is expected here", Label(bracket, "opened here")
    )


# ----------------------------------------------------------------------------- characters


def odd_character(span: Span, name: str, help_: str | None) -> Diagnostic:
    """NL0103: a character that is no part of the language."""
    char = shown(span.text)
    known = f" ({name})" if name and not span.text.isascii() else ""
    return _error("NL0103", f"the character `{char}`{known} cannot stand here", span, help_=help_)


def odd_name(span: Span, help_: str | None = None) -> Diagnostic:
    """NL0103: a word with characters that no name has."""
    message = f"`{span.text}` is not a name: names are letters, digits and `_`"
    return _error("NL0103", message, span, help_=help_)


def unclosed_string(span: Span) -> Diagnostic:
    """NL0104: a string that its line does not close."""
    return _error("NL0104", "this string is never closed", span, help_='a string ends with `"`')


def single_quotes(span: Span) -> Diagnostic:
    """NL0104: a string in single quotes."""
    message = "a string stands in double quotes; `'` is only ever the prime"
    return _error("NL0104", message, span, help_=f'write `"{span.text[1:-1]}"`')


def unknown_escape(span: Span, char: str) -> Diagnostic:
    """NL0104: a backslash in a string with a letter that means nothing."""
    message = f"`\\{shown(char)}` means nothing in a string"
    return _error("NL0104", message, span, help_="write `\\\\` for a backslash")


def reserved(span: Span, help_: str | None = None) -> Diagnostic:
    """NL0105: a reserved word where a name is to stand."""
    message = f"`{span.text}` is a reserved word and cannot be a name"
    return _error(RESERVED, message, span, help_=help_ or f"write `{span.text}_`, say")


def malformed_number(span: Span, message: str, help_: str) -> Diagnostic:
    """NL0106: something that begins like a number and is none."""
    return _error("NL0106", message, span, help_=help_)


def dotted_number(span: Span) -> Diagnostic:
    """NL0106: `1.e3`, which would be a name inside a number."""
    number, _, name = span.text.partition(".")
    help_ = f"write `{number}.0{name}`" if name[:1] in ("e", "E") else f"write `{number}.0`"
    return malformed_number(span, "a number has digits on both sides of its point", help_)


def number_too_large(span: Span) -> Diagnostic:
    """NL0106: a number that no tensor holds."""
    message = "this number is too large"
    return _error("NL0106", message, span, help_="whole numbers have at most 18 digits")


# ----------------------------------------------------------------------------- operators


def foreign_operator(span: Span, message: str, help_: str) -> Diagnostic:
    """NL0107: an operator of another language."""
    return _error("NL0107", message, span, help_=help_)


def chained_comparison(span: Span, first: Span | None) -> Diagnostic:
    """NL0107: `a < b < c`."""
    others = () if first is None else (Label(first, "the first comparison"),)
    message = "comparisons cannot be chained"
    return _error("NL0107", message, span, "", *others, help_="write `a < b and b < c`")


def needs_parentheses(span: Span, word: str, after: str) -> Diagnostic:
    """NL0107: `not` or `if` as the right side of a tighter operator."""
    message = f"`{word}` cannot stand after `{after}` without parentheses"
    help_ = "write `(not …)`" if word == "not" else "write `(if … then … else …)`"
    return _error("NL0107", message, span, help_=help_)


def misplaced_prime(span: Span, message: str, help_: str) -> Diagnostic:
    """NL0110: a prime where none can stand."""
    return _error("NL0110", message, span, help_=help_)


# ----------------------------------------------------------------------------- refused parts


def late_argument(late: Span, keyword: Span) -> Diagnostic:
    """NL0111: a positional argument after one with a name."""
    return _error(
        "NL0111",
        "an argument without a name stands after one with a name",
        late,
        "without a name",
        Label(keyword, "with a name"),
        help_="put it first, or give it its name",
    )


def said_twice(word: str, first: Span, second: Span) -> Diagnostic:
    """NL0112: a component with two clauses where there can be one."""
    message = f"the component says `{word}` twice"
    advice = "leave one of the two out"
    return _error("NL0112", message, second, "again", Label(first, "first here"), help_=advice)


# ----------------------------------------------------------------------------- files


def unreadable(name: str, reason: str, near: str | None) -> Diagnostic:
    """NL0121: a file that is not there, is a folder, or may not be read."""
    help_ = None if near is None else f"did you mean `{near}`?"
    return Diagnostic("NL0121", f"cannot read `{name}`: {reason}", (), help_)


def wrong_encoding(name: str, offset: int, encoding: str | None) -> Diagnostic:
    """NL0122: a file that is not UTF-8."""
    known = f": it is {encoding}" if encoding else f" at byte {offset}"
    return Diagnostic("NL0122", f"`{name}` is not UTF-8{known}", (), "save it as UTF-8")


def nul_byte(name: str, offset: int) -> Diagnostic:
    """NL0122: a file that is no text."""
    return Diagnostic("NL0122", f"`{name}` is no text: byte {offset} is NUL", ())


# ----------------------------------------------------------------------------- limits


def too_long(source: Source) -> Diagnostic:
    """NL0611: more characters than any spec needs."""
    found, bound = len(source.text), limits.CHARACTERS
    message = f"the text has {found:,} characters; a spec has at most {bound:,}"
    return Diagnostic("NL0611", message, (Label(Span(source, 0, 0)),))


def too_large(name: str) -> Diagnostic:
    """NL0611: a file that is not even read."""
    bound = limits.CHARACTERS
    return Diagnostic(
        "NL0611", f"`{name}` is too large: a spec has at most {bound:,} characters", ()
    )


def too_deep(span: Span) -> Diagnostic:
    """NL0612: brackets, calls or operators inside each other."""
    return _error(
        TOO_DEEP,
        f"this is nested more than {limits.NESTING} deep",
        span,
        "the first that is too deep",
        help_="give inner parts names of their own",
    )


def too_many(span: Span) -> Diagnostic:
    """NL0613: so many faults that the rest of the file is not read."""
    return _error("NL0613", f"after {limits.FAULTS:,} faults the rest is not read", span)
