"""The loop: one root tick after another, with metrics, checkpoints and a way to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.module.module import Module
from nlgraph.schema.run import OnNan
from nlgraph.train import errors
from nlgraph.train.feed import Feed
from nlgraph.train.finite import non_finite

if TYPE_CHECKING:
    from torch import Tensor

Values = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Hooks:
    """What a loop calls.

    `fault` words that states (by name), or with none of them the loss, are no longer finite.
    `done` takes a tick's values; `save` is called when a checkpoint is due; `stopping` says
    whether to end after the tick under way.
    """

    fault: Callable[[int, tuple[str, ...]], SpecError]
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
    for tick in range(first, steps + 1):
        before = _copy(module.state) if on_nan == "skip" else {}
        try:
            results = _step(module, feed, tick)
        except SpecError:
            if tick > first and (tick - 1) % every:
                hooks.save()  # what was learned is not lost with a batch that does not fit
            raise
        values = {
            name: results[source].item() for name, source in scalars.items() if source in results
        }
        if on_nan != "keep":
            bad = non_finite(module.state)
            if bad or not math.isfinite(values.get("loss", 0.0)):
                if on_nan == "stop":
                    raise hooks.fault(tick, bad)
                for name, tensor in before.items():
                    module.state[name] = tensor
        stopping = hooks.stopping()
        hooks.done(tick, values)
        if stopping or tick == steps or tick % every == 0:
            hooks.save()
        if stopping and tick < steps:
            return False
    return True


def _step(module: Module, feed: Feed, tick: int) -> Mapping[str, Tensor]:
    inputs = feed.at(tick)
    try:
        return module.step(**inputs)
    except (RuntimeError, IndexError, TypeError, ValueError) as fault:
        raise SpecError([errors.tick_failed(tick, str(fault).partition("\n")[0])]) from fault


def _copy(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.clone() for name, tensor in tensors.items()}
