"""The outputs of a module over many batches: told in numbers, or kept."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor

from nlgraph.train.files import write_whole


class Outputs:
    """Sums over all batches and, where they are to be written, the outputs themselves."""

    def __init__(self, *, keep: bool) -> None:
        """Nothing was taken yet."""
        self._keep = keep
        self._kept: dict[str, list[Tensor]] = {}
        self._sums: dict[str, tuple[int, float, float]] = {}
        self._shapes: dict[str, list[int]] = {}

    def take(self, size: int, outputs: Mapping[str, Tensor]) -> None:
        """Take a batch of a size: an output as long as it holds one value for each item."""
        for name, tensor in outputs.items():
            value = tensor if tensor.dim() and len(tensor) == size else tensor[None]
            numbers = value.double()
            count, total, squares = self._sums.get(name, (0, 0.0, 0.0))
            self._sums[name] = (
                count + numbers.numel(),
                total + numbers.sum().item(),
                squares + numbers.square().sum().item(),
            )
            first = self._shapes.setdefault(name, [0, *value.shape[1:]])
            first[0] += len(value)
            if self._keep:
                self._kept.setdefault(name, []).append(value.cpu())

    def rows(self) -> list[tuple[str, str, float, float]]:
        """For each output its name, its shape over all items, its mean and its deviation."""
        found = []
        for name, (count, total, squares) in self._sums.items():
            mean = total / count if count else 0.0
            spread = max(0.0, squares / count - mean**2) ** 0.5 if count else 0.0
            found.append((name, str(self._shapes[name]), mean, spread))
        return found

    def write(self, file: Path) -> None:
        """Write what was kept, as safetensors, whole or not at all.

        Raises:
            OSError: the file cannot be written.
        """
        joined = {name: torch.cat(parts).contiguous() for name, parts in self._kept.items()}
        write_whole(file, save(joined))
