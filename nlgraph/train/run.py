"""A run: from a spec, data and options to a trained module in a folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nlgraph import __version__
from nlgraph.backend import compile as compile_system
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.frontend import System
from nlgraph.module.module import Module
from nlgraph.module.nan import NonFinite, labels_of
from nlgraph.schema.run import RunConfig
from nlgraph.system.fingerprint import fingerprint
from nlgraph.train import errors
from nlgraph.train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from nlgraph.train.evaluate import evaluate
from nlgraph.train.feed import Feed, Load, open_feed
from nlgraph.train.files import write_whole
from nlgraph.train.interrupt import Interrupts
from nlgraph.train.loop import Hooks, Values, run_ticks
from nlgraph.train.metrics import HELD_OUT, MetricsFile, cut_metrics, read_last
from nlgraph.train.progress import View
from nlgraph.train.scalars import as_outputs, with_scalars
from nlgraph.train.settings import Settings
from nlgraph.train.start import start_from

METRICS = "metrics.jsonl"
CONFIG = "run.json"
SPEC = "spec.nl"
PICTURE = "levels.svg"


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A run that is ready to begin, or to go on: everything has been checked."""

    system: System
    config: RunConfig
    folder: Path
    module: Module
    feed: Feed
    scalars: Mapping[str, str]
    checkpoint: Checkpoint | None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """How a run ended.

    `last` are the values of the last tick, `held` those on the held-out items: empty where there
    are none, or where the run was stopped before its end.
    """

    prepared: Prepared
    seconds: float
    finished: bool
    last: Mapping[str, float | None]
    held: Mapping[str, float]


def prepare(
    load: Load, spec: str, settings: Settings, folder: Path, note: Callable[[str], None]
) -> Prepared:
    """Check the spec, the data and, where the run is to go on, its folder; compile.

    Args:
        load: gives the system with dims and consts overridden.
        spec: the spec's file as the user named it.
        settings: what the user asked for.
        folder: the run's folder; nothing is written yet.
        note: takes what the user should know.

    Raises:
        SpecError: the spec, the data or the folder is faulty.
    """
    system, feed = open_feed(
        load,
        settings.overrides,
        settings.data,
        share=settings.holdout,
        seed=settings.seed,
        note=note,
    )
    report = Report()
    meaning = fingerprint(system.shaped.clocked.equations)
    checkpoint = load_checkpoint(folder, meaning, report, note) if settings.resume else None
    _stop_at_errors(report)
    _, scalars = with_scalars(system.shaped)
    module = compile_system(system.edited(as_outputs), backend=settings.backend, seed=settings.seed)
    if checkpoint is not None:
        module.load_state_dict(checkpoint.state)
    elif settings.init is not None:
        start_from(Path(settings.init), system, module)
    config = RunConfig(
        nlgraph=__version__,
        spec=spec,
        meaning=meaning,
        overrides=dict(settings.overrides),
        data=settings.data,
        init=settings.init,
        holdout=settings.holdout,
        batch=feed.batch,
        seed=settings.seed,
        steps=settings.steps,
        every=settings.every,
        backend=settings.backend,
        on_nan=settings.on_nan,
    )
    return Prepared(system, config, folder, module, feed, scalars, checkpoint)


def run(prepared: Prepared, view: View, taken: Interrupts) -> Outcome:
    """Train to the end, or until the user stops it.

    Raises:
        SpecError: a tick could not run, or something is no longer finite.
        OSError: the folder cannot be written to.
    """
    config, module, folder = prepared.config, prepared.module, prepared.folder
    _begin_folder(prepared)
    last: Mapping[str, float | None] = {}
    held: Mapping[str, float] = {}
    failed: SpecError | None = None
    dropped: list[int] = []
    began = time.perf_counter()
    with MetricsFile(folder / METRICS) as metrics, view:

        def done(tick: int, values: Values) -> None:
            nonlocal last, held, failed
            last = values
            if tick == config.steps:
                try:
                    held = _evaluated(prepared)
                except SpecError as fault:
                    failed = fault  # told when the trained states are safe
            named = {HELD_OUT + name: value for name, value in held.items()}
            metrics.write(tick, {**values, **named})
            view.tick(tick, values)

        def save() -> None:
            metrics.flush()
            if not save_checkpoint(folder, module.state_dict(), module.tick, config):
                view.note(f"no checkpoint at tick {module.tick}: a number in it is not finite")

        def fault(found: NonFinite | int) -> SpecError:
            metrics.end_before(found if isinstance(found, int) else found.tick)
            return _fault(prepared.system, found)

        hooks = Hooks(
            fault=fault,
            dropped=dropped.append,
            done=done,
            save=save,
            stopping=lambda: taken.asked,
        )
        taken.patient = True
        finished = run_ticks(
            module,
            prepared.feed,
            prepared.scalars,
            steps=config.steps,
            every=config.every,
            on_nan=config.on_nan,
            hooks=hooks,
        )
        taken.patient = False
        if dropped:
            view.note(_told_dropped(dropped))
    if failed is not None:
        raise failed
    if not last:  # the run had been at its end before
        last = {n: v for n, v in read_last(folder / METRICS).items() if n in prepared.scalars}
        held = _evaluated(prepared)
    return Outcome(prepared, time.perf_counter() - began, finished, last, held)


def _told_dropped(ticks: Sequence[int]) -> str:
    if len(ticks) == 1:
        return f"the updates of tick {ticks[0]} were taken back: something was not finite"
    return (
        f"the updates of {len(ticks)} ticks, {ticks[0]} to {ticks[-1]}, were taken back: something "
        "was not finite"
    )


def _stop_at_errors(report: Report) -> None:
    if report.errors:
        raise SpecError(report.errors)


def _begin_folder(prepared: Prepared) -> None:
    """Write what the run is, and cut what a stopped run wrote after its last checkpoint."""
    folder, config = prepared.folder, prepared.config
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / SPEC, prepared.system.shaped.clocked.equations.source.text.encode())
    write_whole(folder / PICTURE, prepared.system.svg().encode())
    write_whole(folder / CONFIG, (config.model_dump_json(indent=2) + "\n").encode())
    if prepared.checkpoint is not None and prepared.checkpoint.tick < config.steps:
        cut_metrics(folder / METRICS, prepared.checkpoint.tick)


def _evaluated(prepared: Prepared) -> dict[str, float]:
    module = prepared.module
    return evaluate(module, prepared.feed.held_apart(module.tick), prepared.scalars)


def _fault(system: System, found: NonFinite | int) -> SpecError:
    if isinstance(found, int):
        return SpecError([errors.became_infinite(found, "something", ())])
    return SpecError([errors.became_infinite(found.tick, found.what(), labels_of(system, found))])
