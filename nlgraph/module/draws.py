"""Draws: initial values, and the streams that a file draws in each tick."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod, sqrt

import torch
from torch import Tensor

from nlgraph.system.model import Draw

Args = tuple[int | float, ...]
Shape = tuple[int, ...]


def draw(
    kind: str, args: Args, shape: Shape, dtype: torch.dtype, generator: torch.Generator
) -> Tensor:
    """A tensor of random numbers (or, of kind `eye`, of none).

    Floating ones are drawn in float32 and cast, so that a module compiled for another precision
    sees the same numbers.

    Args:
        kind: one of `DRAWS`.
        args: its numbers, as in `system.model.Draw`.
        shape: the result's.
        dtype: the result's.
        generator: where the numbers come from, on the result's device.
    """
    return DRAWS[kind](args, shape, generator).to(dtype)


def draw_copies(
    expr: Draw, copies: Shape, shape: Shape, dtype: torch.dtype, generator: torch.Generator
) -> Tensor:
    """A draw for each copy, one after the other, with the copies in front."""
    drawn = [draw(expr.kind, expr.args, shape, dtype, generator) for _ in range(prod(copies))]
    return torch.stack(drawn).reshape((*copies, *shape))


def _normal(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    mean, std = args
    return mean + std * torch.randn(shape, generator=generator, device=generator.device)


def _uniform(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    low, high = args
    drawn = torch.rand(shape, generator=generator, device=generator.device)
    return low + (high - low) * drawn


def _randint(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    low, high = (int(arg) for arg in args)
    return torch.randint(low, high, shape, generator=generator, device=generator.device)


def _bernoulli(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    return _uniform((0, 1), shape, generator) < args[0]


def _xavier(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    """Uniform with variance 2 / (fan-in + fan-out): Glorot and Bengio 2010, (16)."""
    del args
    fan_in, fan_out = fans(shape)
    bound = sqrt(6 / (fan_in + fan_out))
    return _uniform((-bound, bound), shape, generator)


def _kaiming(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    """Uniform with variance 2 / fan-in: He et al. 2015, (10)."""
    del args
    bound = sqrt(6 / fans(shape)[0])
    return _uniform((-bound, bound), shape, generator)


def _orthogonal(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    """Orthonormal columns, or rows where these are fewer: Saxe et al. 2014, as torch has it."""
    del args
    rows, columns = shape[0], prod(shape[1:])
    matrix = torch.randn(rows, columns, generator=generator, device=generator.device)
    # In float64, so that the result does not depend on how much of it is rounding.
    q, r = torch.linalg.qr((matrix.T if rows < columns else matrix).double())
    signed: Tensor = q * r.diagonal().sign()
    return (signed.T if rows < columns else signed).reshape(shape)


def _eye(args: Args, shape: Shape, generator: torch.Generator) -> Tensor:
    del args
    *batch, rows, columns = shape
    return torch.eye(rows, columns, device=generator.device).expand(*batch, rows, columns)


def fans(shape: Shape) -> tuple[int, int]:
    """Fan-in and fan-out: a matrix maps its first dimension to its second.

    With more dimensions it is a convolution's weight, [out, in, …], as torch has it.
    """
    if len(shape) > 2:
        field = prod(shape[2:])
        return shape[1] * field, shape[0] * field
    padded = (*shape, 1, 1)
    return max(padded[0], 1), max(padded[1], 1)


DRAWS: Mapping[str, Callable[[Args, Shape, torch.Generator], Tensor]] = {
    "normal": _normal,
    "uniform": _uniform,
    "randint": _randint,
    "bernoulli": _bernoulli,
    "xavier": _xavier,
    "kaiming": _kaiming,
    "orthogonal": _orthogonal,
    "eye": _eye,
}
