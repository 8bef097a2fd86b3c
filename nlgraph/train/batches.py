"""Which items a tick sees: a pure function of the seed and the tick, so that a resume is exact."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import InputId
from nlgraph.system.model import Input
from nlgraph.train import errors
from nlgraph.train.items import Items

_DTYPES = {
    "f32": torch.float32,
    "f64": torch.float64,
    "f16": torch.float16,
    "bf16": torch.bfloat16,
    "int": torch.int64,
    "bool": torch.bool,
}


Indices = NDArray[np.int64]

Sized = tuple[int, dict[str, Tensor]]
"""A batch of all inputs, and how many items it has."""


class _Stream(IntEnum):
    HOLDOUT = 0
    SHUFFLE = 1


def make_batches(
    items: Items,
    inputs: Mapping[InputId, Input],
    periods: Mapping[InputId, int],
    *,
    share: float | None,
    seed: int,
    fits: Callable[[int], bool],
    report: Report,
) -> Batches | None:
    """Hold a share of the items apart and cut the others into batches.

    `fits` says whether the system takes a batch of so many items. Without a share (None) nothing is
    trained on, and a smaller batch that fits is enough.
    """
    order = _permutation(items.count, seed, _Stream.HOLDOUT, 0)
    held = round((share or 0) * items.count)
    trained = np.sort(order[held:])
    enough = share is None and len(trained) > 0 and fits(len(trained))
    if len(trained) < items.batch and not enough:
        first = inputs[next(iter(items.arrays))]
        apart = None if share is None else held
        report.add(errors.too_short(first, len(trained), apart, items.batch))
        return None
    return Batches(
        _tensors(items, inputs),
        {name: _DTYPES[inputs[name].type.dtype] for name in items.arrays},
        items.batched,
        periods,
        items.batch,
        seed,
        trained,
        np.sort(order[:held]),
        fits,
    )


def _tensors(items: Items, inputs: Mapping[InputId, Input]) -> dict[InputId, Tensor]:
    """The arrays as tensors of the inputs' dtypes; bytes stay bytes until a batch is taken."""
    found: dict[InputId, Tensor] = {}
    for name, array in items.arrays.items():
        tensor = torch.from_numpy(np.ascontiguousarray(array, array.dtype.newbyteorder("=")))
        is_bytes = tensor.dtype == torch.uint8
        found[name] = tensor if is_bytes else tensor.to(_DTYPES[inputs[name].type.dtype])
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Batches:
    """The data cut into batches.

    `periods` says for how many root ticks an input keeps its value: it comes with the first of
    them. An epoch drops the items that fill no batch, other ones each time.
    """

    tensors: Mapping[InputId, Tensor]
    dtypes: Mapping[InputId, torch.dtype]
    batched: frozenset[InputId]
    periods: Mapping[InputId, int]
    batch: int
    seed: int
    trained: Indices
    held: Indices
    fits: Callable[[int], bool]

    @property
    def epoch(self) -> int:
        """Batches in an epoch."""
        return len(self.trained) // self.batch

    def at(self, tick: int) -> dict[str, Tensor]:
        """The inputs that come with a root tick, counted from 1."""
        due = {name: period for name, period in self.periods.items() if (tick - 1) % period == 0}
        chosen = {period: self._indices(tick, period) for period in set(due.values())}
        return {name: self._take(name, chosen[period]) for name, period in due.items()}

    def held_apart(self, tick: int) -> Iterator[Sized]:
        """The held-out items in batches, whatever the tick; the last may be smaller, or left out.

        It is left out where the system does not take its length.
        """
        del tick
        yield from self._cut(self.held)

    def in_order(self) -> Iterator[Sized]:
        """All items in batches, as they come in the data; the last as in `held_apart`."""
        yield from self._cut(np.sort(np.concatenate([self.trained, self.held])))

    def apart(self, tick: int) -> str:
        """How many items are held apart, in words; empty for none."""
        del tick
        count = len(self.held) + len(self.trained)
        return f"{len(self.held)} of {count} items held out" if len(self.held) else ""

    def left_out(self, count: int) -> int:
        """How many of so many items fill no batch, and are too few for one of their own."""
        rest = count % self.batch
        return rest if rest and not self.fits(rest) else 0

    def _cut(self, chosen: Indices) -> Iterator[Sized]:
        for start in range(0, len(chosen) - self.left_out(len(chosen)), self.batch):
            indices = chosen[start : start + self.batch]
            size = len(indices) if self.batched else 1
            yield size, {name: self._take(name, indices) for name in self.tensors}

    def _indices(self, tick: int, period: int) -> Indices:
        epoch, place = divmod((tick - 1) // period, self.epoch)
        order = _permutation(len(self.trained), self.seed, _Stream.SHUFFLE, epoch)
        return self.trained[order[place * self.batch : (place + 1) * self.batch]]

    def _take(self, name: InputId, indices: Indices) -> Tensor:
        rows = self.tensors[name][torch.from_numpy(indices)].to(self.dtypes[name])
        return rows if name in self.batched else rows[0]


@lru_cache(maxsize=4)
def _permutation(count: int, seed: int, stream: _Stream, number: int) -> Indices:
    """An order of `count` items.

    The bits of a bit generator are promised to stay the same in every numpy; `Generator`'s
    methods are not.
    """
    bits = np.random.Philox(np.random.SeedSequence([seed, stream, number])).random_raw(count)
    return np.argsort(bits, kind="stable")
