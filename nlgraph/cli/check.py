"""`nlgraph check`: everything that is wrong with specs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from nlgraph.cli.main import DONE, FAULTY
from nlgraph.cli.report import show
from nlgraph.cli.spec import Overrides, add_set, overrides_of, read_spec
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.diagnostic import Diagnostic, SpecError
from nlgraph.diagnostics.escape import escape

EXAMPLES = """\
  nlgraph check momentum.nl
  nlgraph check --strict --set d=128 *.nl
  nlgraph check --format json - < momentum.nl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("specs", nargs="+", metavar="FILE", help=".nl files; - is standard input")
    add_set(parser)
    parser.add_argument("--strict", action="store_true", help="take warnings for errors")
    parser.add_argument(
        "--format",
        choices=("text", "json"),
        default="text",
        help="text for people, on standard error; json for programs, on standard output",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check every file; 1 where any has an error."""
    overrides = overrides_of(arguments)
    found = {path: _diagnostics(path, overrides) for path in dict.fromkeys(arguments.specs)}
    if arguments.format == "json":
        from nlgraph.schema.diagnostics import to_json

        every = [diagnostic for diagnostics in found.values() for diagnostic in diagnostics]
        sys.stdout.write(to_json(every) + "\n")
    else:
        for path, diagnostics in found.items():
            show(diagnostics)
            _conclude(path, diagnostics)
    faulty = any(
        diagnostic.severity == "error" or arguments.strict
        for diagnostics in found.values()
        for diagnostic in diagnostics
    )
    return FAULTY if faulty else DONE


def _diagnostics(path: str, overrides: Overrides) -> Sequence[Diagnostic]:
    try:
        return read_spec(path).load(overrides).warnings
    except SpecError as error:
        return error.diagnostics


def _conclude(path: str, diagnostics: Sequence[Diagnostic]) -> None:
    """The last line about a file: a result where it has no errors, else a message."""
    errors = sum(diagnostic.severity == "error" for diagnostic in diagnostics)
    warnings = len(diagnostics) - errors
    stream = sys.stderr if errors else sys.stdout
    said = _count(errors, "error") + (f", {_count(warnings, 'warning')}" if warnings else "")
    said = Painter(stream).paint(said, "red" if errors else "green")
    stream.write(f"{escape(path)}: {said}\n")


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
