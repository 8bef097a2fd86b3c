"""Functions of each element alone, of tensors and plain numbers."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

Number = int | float | bool
Value = Tensor | Number


def where(c: Value, a: Value, b: Value, *, dtype: torch.dtype | None = None) -> Any:  # noqa: ANN401
    """`if c then a else b`, elementwise; `dtype` is that of a choice between two numbers."""
    if isinstance(c, Tensor):
        if dtype is not None:
            a, b = (torch.tensor(x, dtype=dtype, device=c.device) for x in (a, b))
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


def sigmoid(x: float) -> float:
    """1 / (1 + exp(-x)) of a plain number, without overflow."""
    e = math.exp(-abs(x))
    return 1 / (1 + e) if x >= 0 else e / (1 + e)


def rsqrt(x: float) -> float:
    """1 over the square root of a plain number."""
    return 1 / math.sqrt(x)


def reciprocal(x: float) -> float:
    """1 over a plain number."""
    return 1 / x


def square(x: float) -> float:
    """The square of a plain number."""
    return x * x


def sign(x: float) -> int:
    """-1, 0 or 1: the sign of a plain number."""
    return (x > 0) - (x < 0)


def relu(x: float) -> float:
    """A plain number, or 0 where it is negative."""
    return max(x, 0)


def hardsigmoid(x: Tensor) -> Tensor:
    """clip(x / 6 + 0.5, 0, 1); torch's own has no second derivative."""
    return torch.clamp(x / 6 + 0.5, 0, 1)


def dropout_apply(x: Tensor, draw: Tensor, learning: Number, *, p: float) -> Tensor:
    """Dropout by a uniform draw of x's shape: while learning, 0 where the draw is below p."""
    return torch.where(draw < p, 0.0, x / (1 - p)) if learning else x
