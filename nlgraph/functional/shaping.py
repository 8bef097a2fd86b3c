"""Values rearranged, joined, picked and made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

Value = Tensor | float


def concat(*values: Tensor, dim: int) -> Tensor:
    """Values behind each other along a dimension."""
    return torch.cat(values, dim)


def stack(*values: Tensor, dim: int = 0) -> Tensor:
    """Values along a new dimension."""
    return torch.stack(values, dim)


def split(x: Tensor, *, size: Sequence[int], dim: int) -> Tensor:
    """[..., n * size, ...] to [n, ..., size, ...]."""
    pieces = x.reshape(*x.shape[:dim], -1, size[0], *x.shape[dim + 1 :])
    return pieces.movedim(dim, 0)


def pad(x: Tensor, *, pad: int | Sequence[int], value: float = 0) -> Tensor:
    """Elements before and after: of the last dimension, then of the one before it."""
    widths = (pad, pad) if isinstance(pad, int) else tuple(pad)
    return F.pad(x, widths, value=value)


def flip(x: Tensor, *, dims: int) -> Tensor:
    """One dimension in reverse order."""
    return torch.flip(x, (dims,))


def gather(x: Tensor, index: Tensor, *, dim: int) -> Tensor:
    """Elements picked along a dimension; an index without that dimension picks one each."""
    if index.dim() < x.dim():
        return torch.gather(x, dim, index.unsqueeze(dim)).squeeze(dim)
    return torch.gather(x, dim, index)


def one_hot(ids: Tensor, *, count: Sequence[int], dtype: torch.dtype) -> Tensor:
    """[...] to [..., count]: 1 at the id's place."""
    places = torch.arange(count[0], device=ids.device)
    return (ids.unsqueeze(-1) == places).to(dtype)


def index(x: Tensor, *, items: Sequence[int | str | Sequence[Any]]) -> Tensor:
    """`x[0, 1:3, ...]`: an item is a number, `...`, or ("slice", start, stop)."""
    picked: list[Any] = []
    for item in items:
        if item == "...":
            picked.append(Ellipsis)
        elif isinstance(item, int):
            picked.append(item)
        else:
            picked.append(slice(item[1], item[2]))
    return x[tuple(picked)]


def size(x: Tensor, *, dim: int) -> int:
    """The length of a dimension."""
    return x.shape[dim]


def rank(x: Value) -> int:
    """How many dimensions a value has."""
    return x.dim() if isinstance(x, Tensor) else 0


def full(
    value: Value,
    *,
    shape: Sequence[int],
    dtype: torch.dtype | None = None,
    device: torch.device | None = None,
) -> Tensor:
    """One number, or a tensor without dimensions, everywhere."""
    if isinstance(value, Tensor):
        return value.expand(tuple(shape))
    return torch.full(tuple(shape), value, dtype=dtype, device=device)


def expand(
    x: Value,
    *,
    shape: Sequence[int],
    dtype: torch.dtype | None = None,
    device: torch.device | None = None,
) -> Tensor:
    """The same values along new dimensions and those of length 1."""
    return full(x, shape=shape, dtype=dtype, device=device)


def eye(*, shape: Sequence[int], dtype: torch.dtype, device: torch.device | None = None) -> Tensor:
    """1 on the diagonal of the last two dimensions, else 0."""
    rows, columns = shape[-2:]
    return torch.eye(rows, columns, dtype=dtype, device=device).expand(tuple(shape))


def arange(*, count: Sequence[int], device: torch.device | None = None) -> Tensor:
    """0, 1, 2, …"""  # noqa: D415
    return torch.arange(count[0], device=device)
