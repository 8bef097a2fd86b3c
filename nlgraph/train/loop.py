"""The loop: one root tick after another, with metrics, checkpoints and a way to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.module.module import Module
from nlgraph.module.nan import NonFinite
from nlgraph.schema.run import OnNan
from nlgraph.train import errors
from nlgraph.train.feed import Feed
from nlgraph.train.finite import non_finite
from nlgraph.train.recent import Recent, copied, without_updates
from nlgraph.train.scalars import LOSS

if TYPE_CHECKING:
    from torch import Tensor

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a loop calls.

    `fault` words what is no longer finite, or that something is not after a tick.
    `dropped` takes a tick whose updates were taken back; `done` takes a tick's values; `save` is
    called when a checkpoint is due; `stopping` says whether to end after the tick under way.
    """

    fault: Callable[[NonFinite | int], SpecError]
    dropped: Callable[[int], None]
    done: Callable[[int, Values], None]
    save: Callable[[], None]
    stopping: Callable[[], bool]


def run_ticks(
    module: Module,
    feed: Feed,
    scalars: Mapping[str, str],
    *,
    steps: int,
    every: int,
    on_nan: OnNan,
    hooks: Hooks,
) -> bool:
    """Run up to `steps` root ticks in all; False where it was stopped before.

    Args:
        module: begins where it stands.
        feed: the inputs of each tick.
        scalars: what to log: the name in the log, and the name in the step's results.
        steps: root ticks of the whole run.
        every: root ticks between checkpoints; there is one at the end, too.
        on_nan: what to do when a state or the loss is no longer finite.
        hooks: who is told.

    Raises:
        SpecError: a tick could not run, where a checkpoint is saved first; or, with `stop`,
            something is no longer finite.
    """
    first = module.tick + 1
    recent = Recent(module) if on_nan == "stop" else None
    for tick in range(first, steps + 1):
        before = copied(module) if on_nan == "skip" else {}
        try:
            results = _step(module, feed, tick, recent)
        except SpecError:
            if tick > first and (tick - 1) % every:
                hooks.save()  # what was learned is not lost with a batch that does not fit
            raise
        values = {
            name: results[source].item() for name, source in scalars.items() if source in results
        }
        stopping = hooks.stopping()
        saves = stopping or tick == steps or tick % every == 0
        lost = not math.isfinite(values.get(LOSS, 0.0))
        if recent is not None and (lost or saves or recent.full):
            if lost or non_finite(module.state_dict()):
                raise hooks.fault(recent.find(scalars.get(LOSS)) or tick)
        elif before and (lost or non_finite(module.state_dict())):
            module.load_state_dict(without_updates(before, module))
            hooks.dropped(tick)
        hooks.done(tick, values)
        if saves:
            hooks.save()
        if stopping and tick < steps:
            return False
    return True


def _step(module: Module, feed: Feed, tick: int, recent: Recent | None) -> Mapping[str, Tensor]:
    inputs = feed.at(tick)
    if recent is not None:
        recent.remember(inputs)
    try:
        return module.step(**inputs)
    except (RuntimeError, IndexError, TypeError, ValueError) as fault:
        raise SpecError([errors.tick_failed(tick, str(fault).partition("\n")[0])]) from fault
