"""Which items a tick sees: a pure function of the seed and the tick, so that a resume is exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


class _Stream(IntEnum):
    HOLDOUT = 0
    SHUFFLE = 1


def make_batches(
    items: Items,
    inputs: Mapping[InputId, Input],
    periods: Mapping[InputId, int],
    *,
    share: float,
    seed: int,
    report: Report,
) -> Batches | None:
    """Hold a share of the items apart and cut the others into batches."""
    order = _permutation(items.count, seed, _Stream.HOLDOUT, 0)
    held = round(share * items.count)
    trained = np.sort(order[held:])
    if len(trained) < items.batch:
        first = inputs[next(iter(items.arrays))]
        report.add(errors.too_short(first, len(trained), held, items.batch))
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

    @property
    def epoch(self) -> int:
        """Batches in an epoch."""
        return len(self.trained) // self.batch

    def at(self, tick: int) -> dict[str, Tensor]:
        """The inputs that come with a root tick, counted from 1."""
        due = {name: period for name, period in self.periods.items() if (tick - 1) % period == 0}
        chosen = {period: self._indices(tick, period) for period in set(due.values())}
        return {name: self._take(name, chosen[period]) for name, period in due.items()}

    def held_apart(self, size: int) -> Iterator[dict[str, Tensor]]:
        """The held-out items in batches of a size; the last may be smaller."""
        for start in range(0, len(self.held), size):
            indices = self.held[start : start + size]
            yield {name: self._take(name, indices) for name in self.tensors}

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
