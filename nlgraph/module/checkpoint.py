"""What a state_dict holds, and whether another one fits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nlgraph.module.backends import INITIAL
from nlgraph.ops.types import TensorType

TICK = "@tick"
SEED = "@seed"
INPUT = "@input/"
"""Before an input's name: where a slower input is held during its tick."""

SIZE = "@size/"
"""Before a dimension's name: its length in the last step, where that is not the file's."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was read of a state_dict, and what is wrong with it.

    `tensors` are the states and all else that lives between ticks; `sizes` the dimensions that
    the states bind, `brought` those that the last step had otherwise than the file. `tick` and
    `seed` are None where they are missing.
    """

    tensors: dict[str, Tensor] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    brought: dict[str, int] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    tick: int | None = None
    seed: int | None = None


def clock_tensors(tick: int, seed: int, brought: Mapping[str, int]) -> dict[str, Tensor]:
    """Time, seed and lengths as a state_dict has them."""
    lengths = {SIZE + dim: torch.tensor(size) for dim, size in brought.items()}
    return {TICK: torch.tensor(tick), SEED: torch.tensor(seed), **lengths}


def read_checkpoint(
    found: Mapping[str, Tensor],
    types: Mapping[str, TensorType],
    sizes: Mapping[str, int],
    memory: Collection[str],
    keeps: Callable[[str], bool],
) -> Checkpoint:
    """Compare a state_dict with what a module has.

    Args:
        found: the state_dict.
        types: the type of each state, and of each kept initial value under its name.
        sizes: the dimensions that are bound already.
        memory: names of the backend's buffers that must be there.
        keeps: whether a name could be that of a buffer of the backend.
    """
    read = Checkpoint(
        sizes=dict(sizes),
        missing=[name for name in (*types, *memory, TICK, SEED) if name not in found],
        tick=int(found[TICK]) if TICK in found else None,
        seed=int(found[SEED]) if SEED in found else None,
    )
    for name, tensor in found.items():
        if name in types:
            # Initial values stay as many copies as they were made for, whatever calls bring.
            bound = dict(sizes) if name.startswith(INITIAL) else read.sizes
            error = _bind(name, types[name], tensor, bound)
            if error is not None:
                read.errors.append(error)
                continue
        elif name in (TICK, SEED):
            continue
        elif name.startswith(SIZE):
            read.brought[name.removeprefix(SIZE)] = int(tensor)
            continue
        elif not (name.startswith((INPUT, INITIAL)) or keeps(name)):
            read.unexpected.append(name)
            continue
        read.tensors[name] = tensor
    return read


def _bind(name: str, type_: TensorType, tensor: Tensor, sizes: dict[str, int]) -> str | None:
    """Bind the dimensions of a state that no call has bound; what is wrong, or None."""
    fits = tensor.dim() == len(type_.dims)
    for dim, length in zip(type_.dims, tensor.shape, strict=False):
        wanted = dim.size if dim.name is None else sizes.setdefault(dim.name, length)
        fits = fits and wanted in (None, length)
    if fits:
        return None
    lengths = ", ".join(str(sizes.get(str(dim), dim)) for dim in type_.dims)
    return f"{name} is {type_}, of shape [{lengths}]; the one given has {list(tensor.shape)}"
