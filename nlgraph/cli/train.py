"""`nlgraph train`: train a system on data, in a folder of its own."""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from nlgraph.cli.levels import components, every
from nlgraph.cli.main import DONE, INTERRUPTED, UsageError
from nlgraph.cli.spec import add_set, add_spec, overrides_of, read_spec
from nlgraph.cli.terminal import Painter, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nlgraph.train.progress import View
    from nlgraph.train.run import Outcome, Prepared

EXAMPLES = """\
  nlgraph train momentum.nl --data digits
  nlgraph train momentum.nl --data mine.npz --set B=64 --steps 5000 --out runs/mine
  nlgraph train momentum.nl --resume --out runs/mine --steps 10000"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_spec(parser)
    parser.add_argument(
        "--data",
        help="`digits`; FILE.npz or FILE.safetensors: arrays named as the inputs, first axis = "
        "items; FILE.txt: bytes, cut into the inputs `text` and `target`; package.module:function, "
        "which yields one dict of tensors a tick",
    )
    add_set(parser)
    parser.add_argument(
        "--steps", type=count, metavar="N", help="root ticks of the whole run (1000)"
    )
    parser.add_argument("--out", metavar="DIR", help="the run's folder (runs/NAME)")
    parser.add_argument(
        "--resume", action="store_true", help="go on from the newest whole checkpoint"
    )
    parser.add_argument(
        "--every", type=count, metavar="N", help="root ticks between checkpoints (100)"
    )
    parser.add_argument(
        "--holdout",
        type=_share,
        metavar="SHARE",
        help="the share of the items to hold apart (0.2); 0 holds nothing apart",
    )
    parser.add_argument(
        "--init", metavar="FILE.safetensors", help="states to start from, by their names"
    )
    parser.add_argument(
        "--seed", type=_seed, metavar="S", help="of the initial states and the data's order (0)"
    )
    parser.add_argument(
        "--backend", choices=("eager", "reference"), help="what runs the system (eager)"
    )
    parser.add_argument(
        "--on-nan",
        choices=("stop", "skip", "keep"),
        help="what to do when a state or the loss is no longer finite (stop)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, and show what came of it."""
    if arguments.data is None and not arguments.resume:
        message = (
            "--data is needed: `digits`, a file (.npz, .safetensors, .txt), or "
            "package.module:function"
        )
        raise UsageError(message)
    from nlgraph.train.checkpoint import newest
    from nlgraph.train.interrupt import interrupts
    from nlgraph.train.run import prepare
    from nlgraph.train.run import run as run_prepared
    from nlgraph.train.settings import Asked, settle

    asked = Asked(
        overrides=overrides_of(arguments),
        data=arguments.data,
        init=arguments.init,
        steps=arguments.steps,
        every=arguments.every,
        holdout=arguments.holdout,
        seed=arguments.seed,
        backend=arguments.backend,
        on_nan=arguments.on_nan,
        resume=arguments.resume,
    )
    spec = read_spec(arguments.spec)
    folder = _folder(arguments.out, spec.name, resume=arguments.resume)
    with interrupts() as taken:
        prepared = prepare(spec.load, arguments.spec, settle(asked, folder), folder, note)
        try:
            outcome = run_prepared(prepared, _view(prepared), taken)
        except OSError as fault:
            raise UsageError(_unwritten(folder, fault, newest(folder))) from fault
    if not outcome.finished:
        tick, steps = prepared.module.tick, prepared.config.steps
        note(f"stopped at tick {tick} of {steps}; --resume --out {folder} goes on from there")
        return INTERRUPTED
    sys.stdout.write(_summary(outcome))
    return DONE


def _folder(out: str | None, name: str, *, resume: bool) -> Path:
    """The run's folder: a new one, or that of the run to go on with."""
    if out is not None:
        folder = Path(out)
        if not resume and (folder / "run.json").exists():
            message = f"{out} holds a run already: --resume goes on with it, or name another --out"
            raise UsageError(message)
        if folder.exists() and not folder.is_dir():
            message = f"--out {out} is a file, not a folder"
            raise UsageError(message)
        return folder
    taken = [Path("runs", name)]
    while taken[-1].exists():
        taken.append(Path("runs", f"{name}-{len(taken) + 1}"))
    if not resume:
        return taken[-1]
    return taken[-2] if len(taken) > 1 else taken[-1]


def _unwritten(folder: Path, fault: OSError, tick: int | None) -> str:
    message = f"{folder} cannot be written to: {fault.strerror or fault}"
    if tick is None:
        return message
    return f"{message}\n  the checkpoint of tick {tick} is whole: --resume --out {folder} goes on"


def _view(prepared: Prepared) -> View:
    from nlgraph.train.progress import Bar, Lines

    first, steps = prepared.module.tick, prepared.config.steps
    painter = Painter(sys.stderr)
    if sys.stderr.isatty():
        return Bar(sys.stderr, first=first, steps=steps, colour=painter.has_colour)
    return Lines(sys.stderr, first=first, steps=steps)


def note(text: str) -> None:
    """Tell on standard error what the user should know."""
    sys.stderr.write(f"{Painter(sys.stderr).paint('note', 'cyan')}: {text}\n")


def _summary(outcome: Outcome) -> str:
    """The run in numbers: its levels with the updates done, its values, where it lies."""
    prepared = outcome.prepared
    painter = Painter(sys.stdout)
    columns = shutil.get_terminal_size().columns
    parts = [
        _headline(outcome, painter),
        _levels(prepared, painter, columns),
        _values(outcome, painter, columns),
        _place(prepared, painter),
    ]
    return "\n" + "\n\n".join(part for part in parts if part) + "\n"


def _headline(outcome: Outcome, painter: Painter) -> str:
    from nlgraph.train.progress import rate

    prepared = outcome.prepared
    equations = prepared.system.shaped.clocked.equations
    tick, batch = prepared.module.tick, prepared.config.batch
    first = prepared.checkpoint.tick if prepared.checkpoint is not None else 0
    ran = tick - first
    items = f"{batch} item{'s' if batch > 1 else ''} each"
    speed = f" ({rate(ran / outcome.seconds)} a second)"
    name = painter.paint(equations.name, "bold")
    if not ran:
        return f"{name}: at tick {tick} of {equations.root} already; a larger --steps goes on"
    ticks = f"ticks {first + 1} to {tick}" if first else f"{tick} ticks"
    return f"{name}: {ticks} of {equations.root}, {items}, in {outcome.seconds:.1f} s{speed}"


def _levels(prepared: Prepared, painter: Painter, columns: int) -> str:
    tick = prepared.module.tick
    rows = [
        (
            str(level.index),
            every(prepared.system, level),
            "" if level.frequency is None else str(int(tick * level.frequency)),
            components(prepared.system, level),
        )
        for level in prepared.system.levels
    ]
    header = ("level", "every", "updates", "components")
    return table(header, rows, right=frozenset({0, 2}), columns=columns, painter=painter)


def _values(outcome: Outcome, painter: Painter, columns: int) -> str:
    if not outcome.last:
        return ""
    header = ["", "last batch", "held out"] if outcome.held else ["", "last batch"]
    rows = [
        [name, told(outcome.last, name), *([told(outcome.held, name)] if outcome.held else [])]
        for name in outcome.prepared.scalars
    ]
    return table(header, rows, right=frozenset({1, 2}), columns=columns, painter=painter)


def told(values: Mapping[str, float | None], name: str) -> str:
    """A value of a table; a dash where there is none."""
    value = values.get(name)
    return "-" if value is None else f"{value:.4f}"


def _place(prepared: Prepared, painter: Painter) -> str:
    from nlgraph.train.checkpoint import newest

    held = prepared.feed.apart(prepared.module.tick)
    checkpoint = newest(prepared.folder)
    saved = "no checkpoint" if checkpoint is None else f"checkpoints/{checkpoint}"
    apart = f"; {held}" if held else ""
    return f"{painter.paint(str(prepared.folder), 'bold')}: metrics.jsonl, {saved}{apart}"


def count(text: str) -> int:
    """A number from 1 of the command line."""
    if not text.isdecimal() or int(text) < 1:
        message = f"{text!r} is no number from 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        message = f"{text!r} is no number from 0 to 2^63 - 1"
        raise argparse.ArgumentTypeError(message)
    return int(text)


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        message = f"{text!r} is no share from 0 to less than 1"
        raise argparse.ArgumentTypeError(message)
    return share
