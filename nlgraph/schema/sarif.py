"""Diagnostics as SARIF 2.1.0, which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from nlgraph.diagnostics.codes import page, titles
from nlgraph.diagnostics.diagnostic import Diagnostic, Label, Severity
from nlgraph.diagnostics.escape import escape

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


class _Model(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )


class Text(_Model):
    """A message, for people."""

    text: str
    markdown: str | None = None


class Region(_Model):
    """A place in a file: lines and columns from 1, the end column exclusive."""

    start_line: int = Field(ge=1)
    start_column: int = Field(ge=1)
    end_line: int = Field(ge=1)
    end_column: int = Field(ge=1)


class Artifact(_Model):
    """A file, by its relative or absolute URI."""

    uri: str


class PhysicalLocation(_Model):
    """A place and its file."""

    artifact_location: Artifact
    region: Region


class Location(_Model):
    """A place with a few words."""

    id: int | None = None
    physical_location: PhysicalLocation
    message: Text | None = None


class Configuration(_Model):
    """How serious what a rule finds is, where nothing else is said."""

    level: Severity


class Rule(_Model):
    """A code, with its page as help."""

    id: str
    short_description: Text
    full_description: Text
    help: Text
    default_configuration: Configuration


class Result(_Model):
    """One diagnostic."""

    rule_id: str
    rule_index: int = Field(ge=0)
    level: Severity
    message: Text
    locations: tuple[Location, ...]
    related_locations: tuple[Location, ...] | None = None


class Driver(_Model):
    """What found it all."""

    name: Literal["nlgraph"] = "nlgraph"
    version: str
    rules: tuple[Rule, ...]


class Tool(_Model):
    """The tool, which has no parts."""

    driver: Driver


class Run(_Model):
    """One run of the tool."""

    tool: Tool
    column_kind: Literal["unicodeCodePoints"] = "unicodeCodePoints"
    results: tuple[Result, ...]


class Sarif(_Model):
    """A SARIF log."""

    schema_: str = Field(default=SCHEMA, alias="$schema")
    version: Literal["2.1.0"] = "2.1.0"
    runs: tuple[Run, ...]


def to_sarif(found: Mapping[str, Sequence[Diagnostic]], version: str) -> str:
    """All diagnostics, by the path of the file that was checked, as one SARIF log."""
    every = [(path, diagnostic) for path, some in found.items() for diagnostic in some]
    first = {diagnostic.code: diagnostic for _, diagnostic in reversed(every)}
    codes = sorted(first)
    rules = tuple(_rule(code, first[code].severity) for code in codes)
    results = tuple(_result(d, codes.index(d.code), path) for path, d in every)
    run = Run(tool=Tool(driver=Driver(version=version, rules=rules)), results=results)
    return Sarif(runs=(run,)).model_dump_json(by_alias=True, exclude_none=True, indent=2)


def _rule(code: str, severity: Severity) -> Rule:
    text = page(code)
    why = text.split("\n## ", 1)[0].split("\n", 1)[1].strip()
    return Rule(
        id=code,
        short_description=Text(text=titles()[code]),
        full_description=Text(text=" ".join(why.split())),
        help=Text(text=text, markdown=text),
        default_configuration=Configuration(level=severity),
    )


def _result(diagnostic: Diagnostic, index: int, path: str) -> Result:
    help_ = "" if diagnostic.help is None else f"\nhelp: {diagnostic.help}"
    lines = f"{diagnostic.message}{help_}".split("\n")
    start = Region(start_line=1, start_column=1, end_line=1, end_column=1)
    unplaced = PhysicalLocation(artifact_location=Artifact(uri=_uri(path)), region=start)
    places = tuple(_locations(diagnostic.labels)) or (Location(physical_location=unplaced),)
    return Result(
        rule_id=diagnostic.code,
        rule_index=index,
        level=diagnostic.severity,
        message=Text(text="\n".join(map(escape, lines))),
        locations=places[:1],
        related_locations=places[1:] or None,
    )


def _locations(labels: Iterable[Label]) -> Iterable[Location]:
    for number, label in enumerate(labels):
        span = label.span
        end_line, end_column = span.source.position(span.end)
        region = Region(
            start_line=span.line,
            start_column=span.column,
            end_line=end_line,
            end_column=end_column,
        )
        place = PhysicalLocation(
            artifact_location=Artifact(uri=_uri(span.source.name)), region=region
        )
        message = Text(text=escape(label.text)) if label.text else None
        yield Location(id=number or None, physical_location=place, message=message)


def _uri(path: str) -> str:
    """A path as a URI: relative ones stay relative to where the tool ran."""
    pure = PurePath(path)
    return pure.as_uri() if pure.is_absolute() else quote(pure.as_posix())
