"""Diagnostics, the report that collects them, and the exception that carries them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from nlgraph.text.span import Origin, Span

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Label:
    """A place that a diagnostic shows, with a few words beside it (may be empty)."""

    span: Span
    text: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault, in the user's terms: `labels[0]` is the place that is underlined as wrong."""

    code: str
    message: str
    labels: tuple[Label, ...]
    help: str | None = None
    severity: Severity = "error"


@dataclass(slots=True)
class Report:
    """Collects what passes find; passes never raise for a fault in the spec."""

    diagnostics: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        """Add a diagnostic, unless the same one is there, or the same from another expansion."""
        if not any(_is_same(diagnostic, known) for known in self.diagnostics):
            self.diagnostics.append(diagnostic)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors, in the order of the text."""
        return tuple(d for d in self.sorted() if d.severity == "error")

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All diagnostics in the order of the text."""

        def key(diagnostic: Diagnostic) -> tuple[str, int, str]:
            if not diagnostic.labels:
                return ("", -1, diagnostic.code)
            span = diagnostic.labels[0].span
            return (span.source.name, span.start, diagnostic.code)

        return tuple(sorted(self.diagnostics, key=key))


def _is_same(one: Diagnostic, other: Diagnostic) -> bool:
    if (one.code, one.message) != (other.code, other.message):
        return False
    if one.labels[:1] and one.labels[0].text == _EXPANDED:
        return _places(one) == _places(other)
    return one == other


def _places(diagnostic: Diagnostic) -> list[Label]:
    """The labels of a diagnostic but those that lead to its place."""
    return [label for label in diagnostic.labels if label.text not in (_EXPANDED, _STEP)]


def labels_of(origin: Origin, text: str, *others: Label) -> tuple[Label, ...]:
    """The labels of a fault at an origin: the user's line first, then each expansion's line."""
    chain: list[Span] = []
    step: Origin | None = origin
    while step is not None:
        chain.append(step.span)
        step = step.via
    chain.reverse()
    if len(chain) == 1:
        return (Label(chain[0], text), *others)
    between = dict.fromkeys(chain[1:-1])  # a template that is met again shows nothing new
    inner = tuple(Label(span, _STEP) for span in list(between)[:_MOST_STEPS])
    return (Label(chain[0], _EXPANDED), *inner, Label(chain[-1], text), *others)


_EXPANDED, _STEP = "expanded from here", "from here"
_MOST_STEPS = 6
"""Places that are shown between the user's line and that of the fault."""


class SpecError(ValueError):
    """A spec has errors. `diagnostics` holds all of them; the message is their rendered form."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Keep the diagnostics; render them only when the message is asked for."""
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        """The diagnostics as the terminal shows them, without colour."""
        from nlgraph.diagnostics.render import render

        return "\n".join(render(diagnostic) for diagnostic in self.diagnostics)
