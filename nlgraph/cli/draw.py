"""`nlgraph draw`: the level graph as a picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from nlgraph.cli.main import DONE, UsageError
from nlgraph.cli.spec import add_set, add_spec, overrides_of, read_spec

EXAMPLES = """\
  nlgraph draw hope.nl -o hope.svg
  nlgraph draw hope.nl -o hope.html
  nlgraph draw hope.nl -o hope.png --theme dark"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_spec(parser)
    add_set(parser)
    parser.add_argument(
        "-o",
        "--out",
        metavar="OUT",
        required=True,
        help="the file, whose ending says the format: .svg .html .png .dot .mmd .json",
    )
    parser.add_argument(
        "--theme",
        choices=("auto", "light", "dark"),
        default="auto",
        help="auto (the default) follows the reader's system; a .png is then light",
    )


def run(arguments: argparse.Namespace) -> int:
    """Draw, and write the file."""
    from nlgraph.draw.pairs import TooManyEdges
    from nlgraph.draw.picture import UnknownFormat

    system = read_spec(arguments.spec).load(overrides_of(arguments))
    try:
        system.draw(Path(arguments.out), theme=arguments.theme)
    except (UnknownFormat, TooManyEdges) as fault:
        raise UsageError(str(fault)) from fault
    except OSError as fault:
        raise UsageError(f"{arguments.out} cannot be written: {fault.strerror}") from fault
    return DONE
