"""Batches that a function makes, in its order: one a tick, each checked before it is used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

import numpy as np

from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import InputId
from nlgraph.system.model import Input
from nlgraph.train import errors
from nlgraph.train.batches import Sized
from nlgraph.train.fit import fit_batch
from nlgraph.train.ranges import check_ranges
from nlgraph.train.source import Raw, Source

if TYPE_CHECKING:
    from torch import Tensor


class Stream:
    """The batches of a source, for a system that they fit.

    Of a share held apart, batch k is held where k * share passes a whole number (the fifth, the
    tenth … of 0.2), so that which ones are trained on depends on no length. A tick takes the next
    of the others. Held-out batches are made anew when they are asked for: they may be too many to
    keep.
    """

    def __init__(
        self,
        source: Source,
        shaped: Shaped,
        periods: Mapping[InputId, int],
        varies: str | None,
        *,
        batch: int,
        share: float,
    ) -> None:
        """Begin before the first batch."""
        self.batch = batch
        self._source = source
        self._shaped = shaped
        self._inputs = shaped.clocked.equations.inputs
        self._periods = periods
        self._varies = varies
        self._share = Fraction(str(share))
        self._raw = source.batches()
        self._number = 0

    def at(self, tick: int) -> dict[str, Tensor]:
        """The inputs that come with a root tick, counted from 1; batches before it are passed over.

        Raises:
            SpecError: the source has come to its end, or its batch does not fit.
        """
        number = self._number_at(tick)
        if number <= self._number:
            self._raw, self._number = self._source.batches(), 0
        raw: Raw = {}
        while self._number < number:
            found = next(self._raw, None)
            if found is None:
                raise SpecError([errors.ran_dry(self._source.data, self._number, tick)])
            raw, self._number = found, self._number + 1
        due = [at for name, at in self._inputs.items() if (tick - 1) % self._periods[name] == 0]
        return self._fit(raw, due, number)

    def held_apart(self, tick: int) -> Iterator[Sized]:
        """The batches held apart, among those up to that of a tick."""
        last = self._number_at(tick) if tick else 0
        if self._held(last):
            for number, raw in zip(range(1, last + 1), self._source.batches(), strict=False):
                if self._held(number) > self._held(number - 1):
                    yield _sized(self._fit(raw, self._inputs.values(), number))

    def in_order(self) -> Iterator[Sized]:
        """All batches."""
        for number, raw in enumerate(self._source.batches(), 1):
            yield _sized(self._fit(raw, self._inputs.values(), number))

    def apart(self, tick: int) -> str:
        """How many batches are held apart, in words; empty for none."""
        last = self._number_at(tick) if tick else 0
        held = self._held(last)
        return f"{held} of {last} batches held out" if held else ""

    def _number_at(self, tick: int) -> int:
        """The number of the batch that a tick takes, from 1."""
        return floor((tick - 1) / (1 - self._share)) + 1

    def _held(self, number: int) -> int:
        """How many of the first batches are held apart."""
        return floor(number * self._share)

    def _fit(self, raw: Raw, due: Iterable[Input], number: int) -> dict[str, Tensor]:
        report, where = Report(), batch_name(self._source.data, number)
        fitted = fit_batch(raw, due, self._varies, where, report)
        if fitted is not None:
            whole = {n: t for n, t in fitted.tensors.items() if not t.is_floating_point()}
            arrays = {name: np.atleast_1d(tensor.cpu().numpy()) for name, tensor in whole.items()}
            check_ranges(arrays, self._shaped, report, where)
        if report.errors:
            raise SpecError(report.errors)
        assert fitted is not None, "what does not fit is reported"
        return {str(name): tensor for name, tensor in fitted.tensors.items()}


def batch_name(data: str, number: int) -> str:
    """A batch in messages."""
    return f"batch {number} of `{data}`"


def _sized(tensors: dict[str, Tensor]) -> Sized:
    first = next(iter(tensors.values()))
    return (len(first) if first.dim() else 1), tensors
