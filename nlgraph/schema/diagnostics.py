"""Diagnostics as JSON: what `nlgraph check --format json` writes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, Severity


class LabelModel(BaseModel):
    """A place: lines and columns count characters from 1, and the end is exclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    text: str


class DiagnosticModel(BaseModel):
    """One fault; the first label is the place that is wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    severity: Severity
    message: str
    help: str | None
    labels: tuple[LabelModel, ...]


class DiagnosticsModel(BaseModel):
    """Everything that was found, file by file, in the order of the text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    nlgraph: Literal[1] = 1
    diagnostics: tuple[DiagnosticModel, ...]


def to_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as one JSON object."""
    found = DiagnosticsModel(diagnostics=tuple(map(_diagnostic, diagnostics)))
    return found.model_dump_json(indent=2)


def _diagnostic(diagnostic: Diagnostic) -> DiagnosticModel:
    return DiagnosticModel(
        code=diagnostic.code,
        severity=diagnostic.severity,
        message=diagnostic.message,
        help=diagnostic.help,
        labels=tuple(map(_label, diagnostic.labels)),
    )


def _label(label: Label) -> LabelModel:
    span = label.span
    end_line, end_column = span.source.position(span.end)
    return LabelModel(
        file=span.source.name,
        line=span.line,
        column=span.column,
        end_line=end_line,
        end_column=end_column,
        text=label.text,
    )
