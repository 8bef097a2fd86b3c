"""Functions of each element alone, of tensors and plain numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

Number = int | float | bool
Value = Tensor | Number


def where(c: Value, a: Value, b: Value, *, dtype: torch.dtype | None = None) -> Any:  # noqa: ANN401
    """`if c then a else b`, elementwise; both become `dtype` where one is given."""
    if dtype is not None:
        device = next((x.device for x in (c, a, b) if isinstance(x, Tensor)), None)
        a, b = cast(a, dtype=dtype, device=device), cast(b, dtype=dtype, device=device)
    if isinstance(c, Tensor):
        return torch.where(c, a, b)
    chosen, other = (a, b) if c else (b, a)
    if not isinstance(other, Tensor):
        return chosen
    if not isinstance(chosen, Tensor):
        return torch.full_like(other, chosen)
    return torch.where(torch.ones_like(other, dtype=torch.bool), chosen, other)


def cast(x: Value, *, dtype: torch.dtype, device: torch.device | None = None) -> Tensor:
    """The same value in another dtype; a number becomes a tensor without dimensions."""
    if isinstance(x, Tensor):
        return x.to(dtype)
    return torch.tensor(x, dtype=dtype, device=device)


def maximum(a: Value, b: Value) -> Any:  # noqa: ANN401
    """The larger one, elementwise, of tensors and numbers."""
    if isinstance(a, Tensor):
        return torch.maximum(a, b) if isinstance(b, Tensor) else torch.clamp(a, min=b)
    return torch.clamp(b, min=a) if isinstance(b, Tensor) else max(a, b)


def minimum(a: Value, b: Value) -> Any:  # noqa: ANN401
    """The smaller one, elementwise, of tensors and numbers."""
    if isinstance(a, Tensor):
        return torch.minimum(a, b) if isinstance(b, Tensor) else torch.clamp(a, max=b)
    return torch.clamp(b, max=a) if isinstance(b, Tensor) else min(a, b)


def clip(x: Value, low: Value, high: Value) -> Any:  # noqa: ANN401
    """x, but at least low and at most high."""
    return minimum(maximum(x, low), high)


def hardsigmoid(x: Tensor) -> Tensor:
    """clip(x / 6 + 0.5, 0, 1); torch's own has no second derivative."""
    return torch.clamp(x / 6 + 0.5, 0, 1)


def dropout_apply(x: Tensor, draw: Tensor, learning: Number, *, p: float) -> Tensor:
    """Dropout by a uniform draw of x's shape: while learning, 0 where the draw is below p."""
    return torch.where(draw < p, 0.0, x / (1 - p)) if learning else x
