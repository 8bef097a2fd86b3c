"""What a run logs: the loss and the metrics, also where nothing is updated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import SignalId
from nlgraph.system.model import Equations, Expr, Grad, Result, SignalRead
from nlgraph.system.walk import postorder

LOSS = "loss"


def with_scalars(shaped: Shaped) -> tuple[Shaped, Mapping[str, str]]:
    """The system with the loss and the metrics among its outputs, and what to log of them.

    A call that updates nothing computes outputs alone; so one module serves for training and for
    held-out data. The second result has the name in the log and the name of the output.
    """
    equations = shaped.clocked.equations
    results = [replace(result, kind="output") for result in equations.results]
    scalars = {result.name: result.name for result in equations.results if result.kind == "metric"}
    if LOSS not in scalars:
        source = _loss(shaped)
        if source is not None:
            signal = equations.signals[source]
            scalars = {LOSS: source, **scalars}
            if source not in {result.name for result in results}:
                results.append(Result(source, signal.value, "output", signal.origin))
    clocked = replace(shaped.clocked, equations=replace(equations, results=tuple(results)))
    ordered = {LOSS: scalars.pop(LOSS), **scalars} if LOSS in scalars else scalars
    return replace(shaped, clocked=clocked), ordered


def as_outputs(shaped: Shaped) -> Shaped:
    """The system with the loss and the metrics among its outputs."""
    return with_scalars(shaped)[0]


def _loss(shaped: Shaped) -> SignalId | None:
    """The signal `loss`; else the first that a gradient or an objective is about."""
    equations = shaped.clocked.equations
    for name in (SignalId(LOSS), *_differentiated(equations)):
        found = shaped.signals.get(name)
        if found is not None and not found.dims and equations.signals[name].host is None:
            return name
    return None


def _differentiated(equations: Equations) -> Iterator[SignalId]:
    updates = [state.update for state in equations.states.values() if state.update is not None]
    seen: set[int] = set()
    for expr in postorder(updates, seen):
        if isinstance(expr, Grad):
            yield from _signals(expr.value)
    for component in equations.components.values():
        if component.objective is not None:
            yield from _signals(component.objective)


def _signals(expr: Expr) -> Iterator[SignalId]:
    for part in postorder([expr]):
        if isinstance(part, SignalRead):
            yield part.signal
