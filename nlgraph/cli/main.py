"""`nlgraph COMMAND …`: finds the command, runs it, and turns faults into messages and statuses."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module
from textwrap import fill, wrap
from typing import NoReturn, Protocol, cast

from nlgraph import __version__
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.escape import escape

DONE, FAULTY, MISUSED, INTERRUPTED = 0, 1, 2, 130
"""Exit statuses: all is well; the spec or the data has errors; the command line has; Ctrl-C."""

COMMANDS = {
    "check": "say everything that is wrong with specs",
    "compile": "write a folder that runs without nlgraph, or an intermediate form",
    "doctor": "say what works here: versions, compiler, devices, backends",
    "draw": "draw a system's level graph",
    "eval": "take a trained system over data; let named levels learn on",
    "explain": "say what a diagnostic means",
    "fmt": "give specs one layout",
    "levels": "show a system's levels and frequencies",
    "new": "write a spec to start from, and data that it trains on",
    "train": "train a system on data",
}


class Command(Protocol):
    """What the module of a command has."""

    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; the exit status."""
        ...


class UsageError(Exception):
    """The command line asks for something that cannot be."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. No fault shows a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a character gets a `?`
            stream.reconfigure(errors="replace")
    try:
        status = _run(sys.argv[1:] if argv is None else argv)
        sys.stdout.flush()
    except BrokenPipeError:  # who reads has seen enough
        _let_go_of_stdout()
        return DONE
    return status


def _run(argv: Sequence[str]) -> int:
    from nlgraph.diagnostics.diagnostic import SpecError

    try:
        parser = _parser(argv)
        if not argv:
            parser.print_help(sys.stderr)
            return MISUSED
        arguments = parser.parse_args(argv)
        if getattr(arguments, "ops", ()):
            from nlgraph.cli.ops import import_ops

            import_ops(arguments.ops)
        return cast("int", arguments.run(arguments))
    except SystemExit as done:  # argparse has said what is wrong, or has shown the help
        return DONE if done.code is None else int(done.code)
    except SpecError as error:
        from nlgraph.cli.report import show

        show(error.diagnostics)
        return FAULTY
    except UsageError as fault:
        return _complain(escape(str(fault)), MISUSED)
    except KeyboardInterrupt:
        return _complain("interrupted", INTERRUPTED)
    except BrokenPipeError:
        raise
    except ImportError as fault:
        if (fault.name or "").startswith("nlgraph") or os.environ.get("NLGRAPH_TRACEBACK"):
            raise
        said = f"what this needs cannot be imported: {escape(str(fault))}"
        return _complain(f"{said}\n  `nlgraph doctor` says what works here", FAULTY)
    except Exception as fault:  # a fault of ours, too, is told in a line
        if os.environ.get("NLGRAPH_TRACEBACK"):
            raise
        kind = type(fault).__name__
        return _complain(
            f"a fault of nlgraph itself, not of your spec: {kind}: {escape(str(fault))}\n"
            "  please report it with the spec; NLGRAPH_TRACEBACK=1 shows where it happened",
            FAULTY,
        )


class _Parser(argparse.ArgumentParser):
    """A parser with coloured help; rich is imported only where help is shown."""

    def _get_formatter(self) -> argparse.HelpFormatter:
        from rich_argparse import RawDescriptionRichHelpFormatter

        return RawDescriptionRichHelpFormatter(prog=self.prog)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong in one line, and how to get help."""
        painter = Painter(sys.stderr)
        sys.stderr.write(f"{painter.paint('error', 'red')}: {escape(message)}\n")
        sys.stderr.write(f"  `{self.prog} --help` shows what is possible\n")
        sys.exit(MISUSED)


def _parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    """The parser; only the arguments of the command that is called are declared."""
    parser = _Parser(
        prog="nlgraph",
        description="A compiler for nested learning systems.",
        epilog=_fitted(_EXAMPLES),
    )
    parser.add_argument("--version", action="version", version=f"nlgraph {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    called = next((word for word in argv if not word.startswith("-")), None)
    for name, does in COMMANDS.items():
        description = fill(f"{does[0].upper()}{does[1:]}.", _columns())
        command = commands.add_parser(name, help=does, description=description)
        if name == called:
            module = cast("Command", import_module(f"nlgraph.cli.{name}"))
            command.epilog = _fitted(module.EXAMPLES)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


_EXAMPLES = """\
  nlgraph new mine
  nlgraph levels mine.nl
  nlgraph train mine.nl --data mine.npz"""


def _fitted(examples: str) -> str:
    """Examples no wider than the terminal; a command goes on behind a backslash, as in a shell."""
    lines = ["examples:"]
    for example in examples.splitlines():
        pieces = wrap(example.strip(), _columns() - 8, break_long_words=False)
        if len(example) <= _columns():
            pieces = [example.strip()]
        lines.append("  " + " \\\n      ".join(pieces))
    return "\n".join(lines)


def _columns() -> int:
    return max(shutil.get_terminal_size().columns, 24)


def _complain(message: str, status: int) -> int:
    painter = Painter(sys.stderr)
    sys.stderr.write(f"{painter.paint('error', 'red')}: {message}\n")
    return status


def _let_go_of_stdout() -> None:
    """Keep Python from flushing into the closed pipe once more when it exits."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
