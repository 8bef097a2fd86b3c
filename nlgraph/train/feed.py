"""The data as a run takes it: what comes with a tick, and what is held apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.frontend import System
from nlgraph.schema.run import Override
from nlgraph.system.ids import InputId
from nlgraph.train import errors
from nlgraph.train.batches import Batches, Sized, make_batches
from nlgraph.train.data import read_data
from nlgraph.train.evaluate import fits_in, may_vary
from nlgraph.train.fit import fit_batch
from nlgraph.train.items import Items, fit_items
from nlgraph.train.ranges import check_ranges
from nlgraph.train.source import Source, names_function
from nlgraph.train.stream import Stream, batch_name

if TYPE_CHECKING:
    from torch import Tensor

Load = Callable[[Mapping[str, Override]], System]


class Feed(Protocol):
    """Batches for training and for evaluation."""

    @property
    def batch(self) -> int:
        """How many items a tick takes."""
        ...

    def at(self, tick: int) -> dict[str, Tensor]:
        """The inputs that come with a root tick, counted from 1."""
        ...

    def held_apart(self, tick: int) -> Iterator[Sized]:
        """What a run that has come to a tick has held apart."""
        ...

    def in_order(self) -> Iterator[Sized]:
        """All data, nothing held apart and nothing shuffled."""
        ...

    def apart(self, tick: int) -> str:
        """How much a run that has come to a tick has held apart, in words; empty for nothing."""
        ...


def open_feed(
    load: Load,
    overrides: Mapping[str, Override],
    data: str,
    *,
    share: float | None,
    seed: int,
    note: Callable[[str], None],
) -> tuple[System, Feed]:
    """The system with the sizes that the data gives it, and the data, checked.

    Args:
        load: gives the system with dims and consts overridden.
        overrides: what the user overrides.
        data: DATA as the user named it; a function is imported.
        share: what is held apart; None where nothing is trained on.
        seed: of the order.
        note: takes what the user should know.

    Raises:
        SpecError: the spec or the data is faulty.
    """
    system = load(overrides)
    if not system.shaped.clocked.equations.inputs:
        raise SpecError([errors.no_inputs()])
    if names_function(data):
        return _open_source(system, load, overrides, Source(data), share or 0)
    report = Report()
    items = _items(system, data, report)
    if items.sizes:
        system = load({**overrides, **items.sizes})
    check_ranges(items.arrays, system.shaped, report)
    batches = make_batches(
        items,
        system.shaped.clocked.equations.inputs,
        periods_of(system),
        share=share,
        seed=seed,
        fits=lambda length: not items.batched or fits_in(system, items.batch_dim, length),
        report=report,
    )
    _stop_at_errors(report)
    assert batches is not None, "what cannot be cut is reported"
    _note_left_out(batches, share, note)
    return system, batches


def _items(system: System, data: str, report: Report) -> Items:
    inputs = tuple(system.shaped.clocked.equations.inputs.values())
    arrays = read_data(data, inputs, report)
    _stop_at_errors(report)
    assert arrays is not None, "what cannot be read is reported"
    items = fit_items(arrays, inputs, f"`{data}`", report)
    _stop_at_errors(report)
    assert items is not None, "what does not fit is reported"
    return items


def _note_left_out(batches: Batches, share: float | None, note: Callable[[str], None]) -> None:
    count = len(batches.trained) if share is None else len(batches.held)
    left = batches.left_out(count)
    if left:
        what = "" if share is None else "held-out "
        note(f"{left} {what}items fill no batch and are left out")


def _open_source(
    system: System, load: Load, overrides: Mapping[str, Override], source: Source, share: float
) -> tuple[System, Feed]:
    inputs = system.shaped.clocked.equations.inputs
    front = next(iter(inputs.values())).type.dims[:1]
    dim = front[0].name if front else None
    varies = dim if may_vary(system.shaped, dim) else None
    first = source.first()
    if first is None:
        raise SpecError([errors.failing_source(source.data, 0, "it gives no batch at all")])
    report = Report()
    fitted = fit_batch(first, inputs.values(), varies, batch_name(source.data, 1), report)
    _stop_at_errors(report)
    assert fitted is not None, "what does not fit is reported"
    equations = system.shaped.clocked.equations
    unbound = {n: size for n, size in fitted.sizes.items() if equations.dims.get(n) is None}
    if unbound:
        system = load({**overrides, **unbound})
    batch = next(iter(fitted.tensors.values())).shape[0] if front else 1
    stream = Stream(source, system.shaped, periods_of(system), varies, batch=batch, share=share)
    return system, stream


def periods_of(system: System) -> dict[InputId, int]:
    """For how many root ticks each input keeps its value."""
    clocked = system.shaped.clocked
    inputs = clocked.equations.inputs
    return {name: max(1, int(clocked.durations[at.clock])) for name, at in inputs.items()}


def _stop_at_errors(report: Report) -> None:
    if report.errors:
        raise SpecError(report.errors)
