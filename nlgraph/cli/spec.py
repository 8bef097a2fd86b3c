"""The spec that a command line names, with what it overrides."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.frontend import System, system_of
from nlgraph.syntax.read import STANDARD_INPUT, read_source
from nlgraph.text.source import Source

Overrides = Mapping[str, int | float | bool]


@dataclass(frozen=True, slots=True)
class Spec:
    """A text, and the folder that its `use` may reach into (None: none)."""

    source: Source
    project: Path | None

    @property
    def name(self) -> str:
        """The file's name without its ending; `stdin` for standard input."""
        return Path(self.source.name).stem.strip("<>")

    def load(self, overrides: Overrides) -> System:
        """The system with dims and consts overridden.

        Raises:
            SpecError: it has errors.
        """
        return system_of(self.source, overrides, Report(), project=self.project)


def add_spec(parser: argparse.ArgumentParser) -> None:
    """Declare the spec's file."""
    parser.add_argument("spec", metavar="FILE", help="a .nl file, or - for standard input")


def add_set(parser: argparse.ArgumentParser) -> None:
    """Declare `--set` and `--ops`."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=_override,
        metavar="NAME=VALUE",
        help="give a dim or a const another value; may be repeated",
    )
    parser.add_argument(
        "--ops",
        action="append",
        default=[],
        metavar="MODULE",
        help="import a Python module whose functions the spec calls (nlgraph.op); may be repeated",
    )


def overrides_of(arguments: argparse.Namespace) -> dict[str, int | float | bool]:
    """What `--set` overrides; of two values for one name the last."""
    return dict(arguments.set)


def read_spec(path: str) -> Spec:
    """The spec of a path; `-` is standard input.

    Raises:
        SpecError: it cannot be read.
    """
    report = Report()
    source = read_source(path, report)
    if source is None:
        raise SpecError(report.errors)
    return Spec(source, None if path == STANDARD_INPUT else Path(path).resolve().parent)


def _override(text: str) -> tuple[str, int | float | bool]:
    name, equals, value = text.partition("=")
    name, value = name.strip(), value.strip()
    if not equals or not name:
        message = f"{text!r} is not NAME=VALUE"
        raise argparse.ArgumentTypeError(message)
    if value in ("true", "false"):
        return name, value == "true"
    for kind in (int, float):
        try:
            return name, kind(value)
        except ValueError:
            continue
    message = f"the value in {text!r} is no number, nor true or false"
    raise argparse.ArgumentTypeError(message)
