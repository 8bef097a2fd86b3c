"""`nlgraph eval`: a trained module over data; what is named goes on learning."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nlgraph.cli.main import DONE, UsageError
from nlgraph.cli.spec import add_set, add_spec, overrides_of, read_spec
from nlgraph.cli.terminal import Painter, table
from nlgraph.cli.train import count, note, told
from nlgraph.diagnostics.escape import escape
from nlgraph.system.ids import StateId

if TYPE_CHECKING:
    from nlgraph.train.evaluation import Evaluated
    from nlgraph.train.outputs import Outputs

EXAMPLES = """\
  nlgraph eval momentum.nl --data digits --from runs/momentum
  nlgraph eval momentum.nl --data mine.npz --from runs/momentum --out outputs.safetensors
  nlgraph eval hope.nl --data new.txt --from runs/hope --learn 1,mid"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_spec(parser)
    parser.add_argument("--data", required=True, help="as for `nlgraph train`; all of it is taken")
    parser.add_argument(
        "--from", dest="folder", required=True, metavar="DIR", help="the run's folder; only read"
    )
    add_set(parser)
    parser.add_argument(
        "--learn",
        metavar="LEVELS",
        help="levels (numbers) or components (names), by commas, that go on learning",
    )
    parser.add_argument("--steps", type=count, metavar="N", help="N batches at most (all)")
    parser.add_argument(
        "--out", metavar="FILE", help="write the outputs of all items, as FILE.safetensors"
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluate, and show what came of it."""
    from nlgraph.train.evaluation import Question, evaluate_run
    from nlgraph.train.learners import NotLearnable
    from nlgraph.train.outputs import Outputs

    if arguments.out is not None and not arguments.out.endswith(".safetensors"):
        message = f"--out {arguments.out}: outputs are written as FILE.safetensors"
        raise UsageError(message)
    spec = read_spec(arguments.spec)
    question = Question(
        folder=Path(arguments.folder),
        overrides=overrides_of(arguments),
        data=arguments.data,
        learn=arguments.learn,
        steps=arguments.steps,
    )
    outputs = Outputs(keep=arguments.out is not None)
    try:
        found = evaluate_run(spec.load, question, note, outputs.take)
    except NotLearnable as fault:
        message = f"--learn {arguments.learn}: {fault}"
        raise UsageError(message) from fault
    if arguments.out is not None:
        try:
            outputs.write(Path(arguments.out))
        except OSError as fault:
            message = f"{arguments.out} cannot be written: {fault.strerror or fault}"
            raise UsageError(message) from fault
    sys.stdout.write(_shown(found, outputs, arguments))
    return DONE


def _shown(found: Evaluated, outputs: Outputs, arguments: argparse.Namespace) -> str:
    painter = Painter(sys.stdout)
    columns = shutil.get_terminal_size().columns
    parts = [_headline(found, arguments, painter), _values(found, painter, columns)]
    if found.learners:
        parts.append(_moves(found, painter, columns))
    rows = [(name, shape, f"{mean:.4f}", f"{std:.4f}") for name, shape, mean, std in outputs.rows()]
    if rows:
        header = ("output", "shape", "mean", "std")
        parts.append(table(header, rows, right=frozenset({2, 3}), columns=columns, painter=painter))
    if arguments.out is not None:
        parts.append(f"{painter.paint(escape(arguments.out), 'bold')}: the outputs of all items")
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(found: Evaluated, arguments: argparse.Namespace, painter: Painter) -> str:
    name = painter.paint(found.system.name, "bold")
    data = f"{found.items} items of {escape(arguments.data)} in {found.batches} batches"
    match len(found.learners):
        case 0:
            what = "nothing is updated"
        case 1:
            what = "1 component learns on"
        case count:
            what = f"{count} components learn on"
    return f"{name}: tick {found.tick} of {escape(arguments.folder)}, {data}; {what}"


def _values(found: Evaluated, painter: Painter, columns: int) -> str:
    if not found.values:
        return ""
    means = [found.values]
    header = ["", "mean"]
    if found.learners:
        means += [found.during, found.after]
        header = ["", "before", "while learning", "after"]
    rows = [[name, *(told(values, name) for values in means)] for name in found.values]
    return table(header, rows, right=frozenset({1, 2, 3}), columns=columns, painter=painter)


def _moves(found: Evaluated, painter: Painter, columns: int) -> str:
    states = found.system.shaped.clocked.equations.states
    rows = [
        (name, str(found.system.components[states[StateId(name)].component].level), f"{moved:.3g}")
        for name, moved in found.moved.items()
    ]
    header = ("state", "level", "moved by, as a share of its norm")
    return table(header, rows, right=frozenset({1, 2}), columns=columns, painter=painter)
