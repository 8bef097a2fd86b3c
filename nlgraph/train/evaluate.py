"""The loss and the metrics on items that were held apart; nothing is updated."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph.module.module import Module
from nlgraph.shapes.model import Shaped
from nlgraph.train.batches import Batches
from nlgraph.train.items import Items


def evaluate(
    module: Module, batches: Batches, scalars: Mapping[str, str], *, may_be_smaller: bool
) -> dict[str, float]:
    """The mean of each scalar over the held-out items.

    Batches count by their items, so that it is exact for what is itself a mean over items. The
    last batch is smaller, or left out where the system takes one length only. A scalar that is
    not renewed at the next tick is left out.
    """
    totals = dict.fromkeys(scalars, 0.0)
    count = 0
    for inputs in batches.held_apart(batches.batch):
        size = len(next(iter(inputs.values()))) if batches.batched else 1
        if size < batches.batch and not may_be_smaller:
            break
        results = module(**inputs)
        totals = {
            name: total + size * results[scalars[name]].item()
            for name, total in totals.items()
            if scalars[name] in results
        }
        count += size
    return {name: total / count for name, total in totals.items()} if count else {}


def may_be_smaller(shaped: Shaped, items: Items) -> bool:
    """Whether a batch may be smaller: its dim has a name, and no state has it."""
    if items.batch_dim is None:
        return not items.batched
    equations = shaped.clocked.equations
    for state in equations.states.values():
        found = shaped.states[state.id]
        dims = [dim.name for dim in found.dims] if found is not None else []
        if items.batch_dim in (*dims, *equations.components[state.component].per):
            return False
    return True


def left_out(batches: Batches, *, smaller: bool) -> int:
    """How many held-out items an evaluation cannot take."""
    return 0 if smaller else len(batches.held) % batches.batch
