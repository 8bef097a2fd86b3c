"""`nlgraph explain`: what a diagnostic means, with a wrong and a right example."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator

from nlgraph.cli.main import DONE, UsageError
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.codes import page, titles
from nlgraph.diagnostics.escape import escape

EXAMPLES = """\
  nlgraph explain NL0301
  nlgraph explain"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("code", nargs="?", metavar="CODE", help="as NL0301; all codes without one")


def run(arguments: argparse.Namespace) -> int:
    """Print a code's page, or the list of all codes."""
    painter = Painter(sys.stdout)
    if arguments.code is None:
        lines = [f"{painter.paint(code, 'bold')}  {title}" for code, title in titles().items()]
    else:
        lines = list(_lines(page(_known(arguments.code)), painter))
    sys.stdout.write("\n".join(lines) + "\n")
    return DONE


def _known(text: str) -> str:
    """The code that is meant: `nl0301` and `301` will do."""
    digits = re.fullmatch(r"(?:NL)?(\d{1,4})", text.strip(), re.IGNORECASE | re.ASCII)
    if digits is None:
        message = f"{escape(repr(text))} is no code; a code is as NL0301"
        raise UsageError(message)
    number = int(digits[1])
    code = f"NL{number:04}"
    if code in titles():
        return code
    near = sorted(titles(), key=lambda known: (abs(int(known[2:]) - number), known))[:3]
    message = f"there is no {code}; near it are {', '.join(near)}; `nlgraph explain` lists all"
    raise UsageError(message)


def _lines(text: str, painter: Painter) -> Iterator[str]:
    """A page as a terminal shows it: headings without marks, what is fenced indented."""
    fence = ""
    for line in text.rstrip("\n").split("\n"):
        if line.startswith("```"):
            fence = "" if fence else line.removeprefix("```")
        elif fence:
            yield _fenced(line, fence, painter).rstrip()
        elif line.startswith("#"):
            yield painter.paint(line.lstrip("# "), "bold")
        else:
            yield re.sub(r"`[^`]+`", lambda name: painter.paint(name[0], "cyan"), line)


def _fenced(line: str, fence: str, painter: Painter) -> str:
    if fence == "text" or (fence == "console" and not line.startswith("$ ")):
        return "    " + painter.paint(line, "dim")
    return "    " + line
