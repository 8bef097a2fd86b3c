"""NL01xx in words: what was found, what was expected, and where a guess is possible the help."""

from __future__ import annotations

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic, Label
from nlgraph.text.source import Source
from nlgraph.text.span import Span


def too_long(source: Source) -> Diagnostic:
    """The text has more characters than any spec needs."""
    found, bound = len(source.text), limits.CHARACTERS
    message = f"the file has {found:,} characters; at most {bound:,} are read"
    return Diagnostic("NL0103", message, (Label(Span(source, 0, 0)),))


def too_deep(span: Span) -> Diagnostic:
    """Brackets, calls or operators are nested too deep."""
    message = f"this is nested more than {limits.NESTING} deep"
    help_ = "give the inner parts names of their own: a signal or a fn for each"
    return Diagnostic("NL0104", message, (Label(span, "one too many"),), help_)


def number_too_large(span: Span) -> Diagnostic:
    """A number that no tensor holds."""
    return Diagnostic("NL0105", "this number is too large", (Label(span),))


def odd_name(span: Span) -> Diagnostic:
    """A word with characters that no name has."""
    message = f"`{span.text}` is not a name: names are letters, digits and `_`"
    return Diagnostic("NL0106", message, (Label(span),))


def unknown_escape(span: Span, char: str) -> Diagnostic:
    """A backslash in a string with a letter that means nothing."""
    message = f"`\\{char}` means nothing in a string"
    return Diagnostic("NL0107", message, (Label(span),), "write `\\\\` for a backslash")


def late_argument(late: Span, keyword: Span) -> Diagnostic:
    """A positional argument after one with a name."""
    labels = (Label(late, "without a name"), Label(keyword, "with a name"))
    message = "an argument without a name stands after one with a name"
    return Diagnostic("NL0108", message, labels, "put it first, or give it its name")


def said_twice(word: str, first: Span, second: Span) -> Diagnostic:
    """A component with two clauses where there can be one."""
    message = f"the component says `{word}` twice"
    return Diagnostic("NL0109", message, (Label(second, "again"), Label(first, "first here")))


def path_with_index(span: Span) -> Diagnostic:
    """`use a[1]`."""
    return Diagnostic("NL0101", "a library's path is names with dots", (Label(span),))


def too_many(span: Span) -> Diagnostic:
    """So many faults that the rest of the file is not read."""
    message = f"after {limits.FAULTS} faults the rest of the file is not read"
    return Diagnostic("NL0110", message, (Label(span),))


def unexpected(span: Span, expected: list[str]) -> Diagnostic:
    """A token that cannot stand where it stands."""
    return Diagnostic(
        "NL0101", f"found `{span.text}`, expected {', '.join(expected)}", (Label(span),)
    )
