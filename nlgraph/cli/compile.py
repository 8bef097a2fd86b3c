"""`nlgraph compile`: a folder that runs without nlgraph, or an intermediate form as text."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nlgraph.cli.main import DONE, UsageError
from nlgraph.cli.spec import add_set, add_spec, overrides_of, read_spec
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.escape import escape
from nlgraph.frontend import System

EXAMPLES = """\
  nlgraph compile hope.nl -o hope
  nlgraph compile hope.nl -o hope --set B=64
  nlgraph compile hope.nl --emit schedule"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_spec(parser)
    add_set(parser)
    form = parser.add_mutually_exclusive_group(required=True)
    form.add_argument(
        "-o",
        "--out",
        metavar="DIR",
        help="write model.py, which needs torch alone, the level table and the spec",
    )
    form.add_argument(
        "--emit",
        choices=("system", "schedule", "fx"),
        help="print the equations, what runs when, or the code of the graphs",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the folder, or print the form."""
    overrides = overrides_of(arguments)
    system = read_spec(arguments.spec).load(overrides)
    match arguments.emit:
        case "system":
            sys.stdout.write(_equations(system))
        case "schedule":
            sys.stdout.write(_schedule(system))
        case "fx":
            sys.stdout.write(_graphs(system))
        case _:
            _write(system, arguments.out, overrides)
    return DONE


def _equations(system: System) -> str:
    from nlgraph.system.text import equations_text

    return equations_text(system.shaped.clocked.equations)


def _schedule(system: System) -> str:
    from nlgraph.diagnostics.diagnostic import Report, SpecError
    from nlgraph.module.support import find_unsupported
    from nlgraph.schedule.plan import make_schedule
    from nlgraph.schedule.summary import summary_text

    unsupported = find_unsupported(system.shaped, "eager")
    if unsupported is not None:
        raise SpecError([unsupported])
    report = Report()
    schedule = make_schedule(system.shaped, report)
    if report.errors:
        raise SpecError(report.errors)
    return summary_text(schedule)


def _graphs(system: System) -> str:
    from nlgraph.export.errors import ExportError
    from nlgraph.export.graphs import graphs_text

    try:
        return graphs_text(system)
    except ExportError as fault:
        raise UsageError(str(fault)) from fault


def _write(system: System, out: str, overrides: dict[str, int | float | bool]) -> None:
    from nlgraph.export.errors import ExportError
    from nlgraph.export.folder import write_folder

    try:
        files = write_folder(system, Path(out), overrides)
    except ExportError as fault:
        raise UsageError(str(fault)) from fault
    shown = Painter(sys.stdout).paint(escape(out), "bold")
    sys.stdout.write(f"{shown}: {', '.join(files)}\n")
