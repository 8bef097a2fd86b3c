"""`nlgraph levels`: a system's levels and frequencies."""

from __future__ import annotations

import argparse
import shutil
import sys

from nlgraph.cli.main import DONE
from nlgraph.cli.spec import add_set, add_spec, overrides_of, read_spec
from nlgraph.cli.terminal import Painter, table
from nlgraph.cli.why import why
from nlgraph.frontend import System
from nlgraph.levels.fold import fold_names
from nlgraph.levels.model import Level
from nlgraph.system.ids import ComponentId

EXAMPLES = """\
  nlgraph levels hope.nl
  nlgraph levels hope.nl --set T=512
  nlgraph levels hope.nl --why M proj
  nlgraph levels hope.nl --json > levels.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_spec(parser)
    add_set(parser)
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="all components and edges, for programs")
    shown.add_argument(
        "--why", nargs=2, metavar=("A", "B"), help="why A is above, below or beside B"
    )


def run(arguments: argparse.Namespace) -> int:
    """Show the table, or write the JSON."""
    system = read_spec(arguments.spec).load(overrides_of(arguments))
    if arguments.json:
        sys.stdout.write(system.to_json() + "\n")
    elif arguments.why:
        sys.stdout.write(why(system, tuple(arguments.why), Painter(sys.stdout)))
    else:
        sys.stdout.write(_shown(system))
    return DONE


def _shown(system: System) -> str:
    painter = Painter(sys.stdout)
    root = system.shaped.clocked.equations.root
    rows = [
        (
            str(level.index),
            "∞" if level.frequency is None else str(level.frequency),
            every(system, level),
            components(system, level),
        )
        for level in system.levels
    ]
    shown = table(
        ("level", "frequency", "every", "components"),
        rows,
        right=frozenset({0, 1}),
        columns=shutil.get_terminal_size().columns,
        painter=painter,
    )
    return f"{painter.paint(system.name, 'bold')} · unit of time: {root}\n\n{shown}\n"


def every(system: System, level: Level) -> str:
    """When the components of a level update, in the words of the file."""
    if level.frequency is None:
        return "at once"
    return system.shaped.clocked.components[level.components[0]] or "never"


def components(system: System, level: Level) -> str:
    """The components of a level: what a rule added stands together, in the order of its hosts."""
    everything = system.shaped.clocked.equations.components
    place = {name: number for number, name in enumerate(everything)}

    def host(name: ComponentId) -> ComponentId:
        while (above := everything[name].host) is not None:
            name = above
        return name

    ordered = sorted(level.components, key=lambda name: place[host(name)])
    return "  ".join(fold_names(ordered))
