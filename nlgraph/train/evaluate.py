"""The loss and the metrics over batches; nothing is updated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from torch import Tensor

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.frontend import System
from nlgraph.module.module import Module
from nlgraph.shapes.model import Shaped
from nlgraph.train import errors
from nlgraph.train.batches import Sized

Inputs = Mapping[str, Tensor]
Results = Mapping[str, Tensor]


def evaluate(
    module: Module,
    batches: Iterable[Sized],
    scalars: Mapping[str, str],
    seen: Callable[[int, Inputs, Results], None] | None = None,
) -> dict[str, float]:
    """The mean of each scalar over batches; `seen` takes the size, inputs and results of each.

    Batches count by their items, so that it is exact for what is itself a mean over items. A
    scalar that is not renewed at the next tick is left out.

    Raises:
        SpecError: a batch does not fit, or torch refuses its numbers.
    """
    totals = dict.fromkeys(scalars, 0.0)
    count = 0
    for size, inputs in batches:
        results = _call(module, inputs)
        totals = {
            name: total + size * results[scalars[name]].item()
            for name, total in totals.items()
            if scalars[name] in results
        }
        count += size
        if seen is not None:
            seen(size, inputs, results)
    return {name: total / count for name, total in totals.items()} if count else {}


def _call(module: Module, inputs: Inputs) -> Results:
    try:
        return module(**inputs)  # type: ignore[no-any-return]
    except (RuntimeError, IndexError, TypeError, ValueError) as fault:
        raise SpecError([errors.call_failed(str(fault).partition("\n")[0])]) from fault


def fits_in(system: System, dim: str | None, length: int) -> bool:
    """Whether a call may bring so many items along the batch dim, by its states and its shapes."""
    if not may_vary(system.shaped, dim):
        return False
    try:
        system.with_sizes({str(dim): length})
    except SpecError:
        return False
    return True


def may_vary(shaped: Shaped, dim: str | None) -> bool:
    """Whether the batch dim may have another length in a call: it has a name, and no state has it.

    Without a batch dim there is nothing to vary.
    """
    equations = shaped.clocked.equations
    for state in equations.states.values():
        found = shaped.states[state.id]
        dims = [each.name for each in found.dims] if found is not None else []
        if dim in (*dims, *equations.components[state.component].per):
            return False
    return dim is not None
