"""`nlgraph check`: everything that is wrong with specs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence

from nlgraph.cli.main import DONE, FAULTY
from nlgraph.cli.report import show
from nlgraph.cli.spec import Overrides, add_set, overrides_of, read_spec
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.annotate import annotation
from nlgraph.diagnostics.diagnostic import Diagnostic, SpecError
from nlgraph.diagnostics.escape import escape

EXAMPLES = """\
  nlgraph check momentum.nl
  nlgraph check --strict --set d=128 *.nl
  nlgraph check --format json - < momentum.nl
  nlgraph check --format sarif *.nl > nlgraph.sarif"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("specs", nargs="+", metavar="FILE", help=".nl files; - is standard input")
    add_set(parser)
    parser.add_argument("--strict", action="store_true", help="take warnings for errors")
    parser.add_argument(
        "--format",
        choices=("text", "json", "sarif", "github"),
        default="text",
        help="text for people, on standard error; on standard output json and sarif for programs, "
        "github for the annotations of a workflow",
    )


def run(arguments: argparse.Namespace) -> int:
    """Check every file; 1 where any has an error."""
    overrides = overrides_of(arguments)
    found = {path: _diagnostics(path, overrides) for path in dict.fromkeys(arguments.specs)}
    if arguments.format == "text":
        for path, diagnostics in found.items():
            show(diagnostics)
            _conclude(path, diagnostics)
    else:
        sys.stdout.write(_written(found, arguments.format))
    faulty = any(
        diagnostic.severity == "error" or arguments.strict
        for diagnostics in found.values()
        for diagnostic in diagnostics
    )
    return FAULTY if faulty else DONE


def _written(found: Mapping[str, Sequence[Diagnostic]], form: str) -> str:
    """All that was found, as a program reads it."""
    every = [(path, diagnostic) for path, some in found.items() for diagnostic in some]
    if form == "json":
        from nlgraph.schema.diagnostics import to_json

        return to_json(diagnostic for _, diagnostic in every) + "\n"
    if form == "sarif":
        from nlgraph import __version__
        from nlgraph.schema.sarif import to_sarif

        return to_sarif(found, __version__) + "\n"
    return "".join(annotation(diagnostic, path) + "\n" for path, diagnostic in every)


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
