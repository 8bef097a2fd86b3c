"""A diagnostic as an annotation of a GitHub workflow: one line that the runner reads."""

from __future__ import annotations

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.diagnostics.escape import escape


def annotation(diagnostic: Diagnostic, path: str) -> str:
    """The workflow command of a diagnostic, which says where it stands in a few words.

    `path` is the file of a diagnostic that has no place in one.
    https://docs.github.com/actions/reference/workflow-commands-for-github-actions
    """
    place = {"file": path, "title": diagnostic.code}
    if diagnostic.labels:
        span = diagnostic.labels[0].span
        last, after = span.source.position(max(span.start, span.end - 1))
        place |= {"file": span.source.name, "line": str(span.line), "endLine": str(last)}
        if last == span.line:  # columns are taken inside one line only
            place |= {"col": str(span.column), "endColumn": str(after + 1)}
    told = ",".join(f"{name}={_property(value)}" for name, value in place.items())
    return f"::{diagnostic.severity} {told}::{_data(_words(diagnostic))}"


def _words(diagnostic: Diagnostic) -> str:
    """The sentence, the other places, and the help, on lines of their own."""
    places = [
        f"{label.span.source.name}:{label.span.line}: {label.text}"
        for label in diagnostic.labels[1:]
    ]
    help_ = [] if diagnostic.help is None else [f"help: {diagnostic.help}"]
    lines = [diagnostic.message, *places, *help_]
    return "\n".join(escape(line) for text in lines for line in text.split("\n"))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
