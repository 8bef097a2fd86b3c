"""`nlgraph fmt`: one layout for every spec."""

from __future__ import annotations

import argparse
import difflib
import sys
import tempfile
from pathlib import Path

from nlgraph.cli.main import DONE, FAULTY, UsageError
from nlgraph.cli.report import show
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.escape import escape
from nlgraph.syntax.format import format_text
from nlgraph.syntax.parse import parse
from nlgraph.syntax.read import STANDARD_INPUT, read_source
from nlgraph.text.source import Source

EXAMPLES = """\
  nlgraph fmt hope.nl
  nlgraph fmt --check *.nl
  nlgraph fmt --diff hope.nl
  nlgraph fmt - < hope.nl"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "specs",
        nargs="+",
        metavar="FILE",
        help=".nl files, which are rewritten; - goes from standard input to standard output",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "--check", action="store_true", help="write nothing; 1 where a file would be rewritten"
    )
    shown.add_argument(
        "--diff", action="store_true", help="write nothing, but show what would change"
    )


def run(arguments: argparse.Namespace) -> int:
    """Format every file that can be read; 1 where one cannot, or would change under `--check`."""
    faulty = False
    for path in dict.fromkeys(arguments.specs):
        report = Report()
        source = read_source(path, report)
        if source is not None:
            parse(source, report)
        if source is None or report.errors:
            show(report.errors)
            faulty = True
            continue
        text = format_text(source.text)
        if arguments.check:
            if text != source.text:
                sys.stdout.write(f"{escape(path)}: would be rewritten\n")
                faulty = True
        elif arguments.diff:
            sys.stdout.write(_difference(source, text))
        elif path == STANDARD_INPUT:
            sys.stdout.write(text)
        elif text != source.text:
            _rewrite(Path(path), text)
    return FAULTY if faulty else DONE


def _difference(source: Source, text: str) -> str:
    lines = difflib.unified_diff(
        source.text.splitlines(keepends=True),
        text.splitlines(keepends=True),
        escape(source.name),
        escape(source.name),
    )
    return "".join(escape(line.rstrip("\r\n")) + "\n" for line in lines)


def _rewrite(path: Path, text: str) -> None:
    """Put the whole text in the file's place at once, so that no fault leaves half of it."""
    path = path.resolve()
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, delete=False
        ) as file:
            file.write(text)
        whole = Path(file.name)
        whole.chmod(path.stat().st_mode)
        whole.replace(path)
    except OSError as fault:
        raise UsageError(f"{path} cannot be rewritten: {fault.strerror}") from fault
