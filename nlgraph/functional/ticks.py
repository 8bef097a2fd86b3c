"""Functions over all ticks of a frame at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import torch
from torch import Tensor


def shifted(later: Tensor, start: Tensor) -> Tensor:
    """What was before each tick: a start, then the values after all ticks but the last."""
    return torch.cat([start.unsqueeze(0), later[:-1]])


def tick_numbers(
    tick: int, *, count: int, unit: int, at: int, period: int, restart: int | None
) -> Tensor | int:
    """The number of the tick under way at `count` instants of a root tick, from 1.

    Lengths of time are in parts of a root tick, `unit` of them: `at` between two instants,
    `period` of a tick, and `restart` after which these count anew.
    """
    first = (tick - 1) * unit

    def number(time: Any) -> Any:  # noqa: ANN401 - an int, or a tensor of them
        start = 0 if restart is None else restart * ((time - 1) // restart)
        return (time - start + period - 1) // period

    if count == 1:
        found: int = number(first + unit)
        return found
    times: Tensor = number(first + at * torch.arange(1, count + 1))
    return times


def mapped(path: str | Callable[..., Tensor], axes: int, *args: Any, **kwargs: Any) -> Tensor:  # noqa: ANN401
    """A function, or one by its dotted name, mapped over the first axes of its args.

    All tensors among these have the axes, some of length 1.
    """
    function = _named(path)
    tensors = [arg for arg in args if isinstance(arg, Tensor)]
    shape = torch.Size(
        [max(lengths) for lengths in zip(*(t.shape[:axes] for t in tensors), strict=True)]
    )
    flat: list[Any] = []
    dims: list[int | None] = []
    for arg in args:
        if not isinstance(arg, Tensor):
            flat.append(arg)
            dims.append(None)
        elif arg.shape[:axes].numel() == 1 and shape.numel() > 1:
            flat.append(arg.reshape(arg.shape[axes:]))
            dims.append(None)
        else:
            flat.append(arg.expand(*shape, *arg.shape[axes:]).flatten(0, axes - 1))
            dims.append(0)
    result: Tensor = torch.vmap(lambda *parts: function(*parts, **kwargs), tuple(dims))(*flat)
    return result.reshape(*shape, *result.shape[1:])


def mapped_matmul(a: Tensor, b: Tensor, *, axes: int) -> Tensor:
    """A matrix product mapped over the first axes of both, some of length 1.

    Where only the left side has an axis, its indices are rows of one product: so a matrix that all
    ticks share is not written out for each.
    """
    vector_a, vector_b = a.dim() == axes + 1, b.dim() == axes + 1
    left = a.unsqueeze(-2) if vector_a else a
    right = b.unsqueeze(-1) if vector_b else b
    rows = [i for i in range(axes) if right.shape[i] == 1 and left.shape[i] > 1]
    if rows and left.dim() == axes + 2 and right.dim() == axes + 2:
        kept = [i for i in range(axes) if i not in rows]
        moved = left.permute(*kept, *rows, axes, axes + 1)
        lengths = moved.shape[len(kept) : -1]
        shared = right.reshape(*(right.shape[i] for i in kept), *right.shape[axes:])
        product = moved.flatten(len(kept), -2) @ shared
        product = product.reshape(*product.shape[:-2], *lengths, product.shape[-1])
        back = [0] * axes
        for place, axis in enumerate((*kept, *rows)):
            back[axis] = place
        result: Tensor = product.permute(*back, axes, axes + 1)
    else:
        result = _aligned(left, right, axes)
    if vector_b:
        result = result.squeeze(-1)
    if vector_a:
        result = result.squeeze(-1 if vector_b else -2)
    return result


def _aligned(a: Tensor, b: Tensor, axes: int) -> Tensor:
    """A product of stacks of matrices, whose axes behind the mapped ones meet from the right."""
    rank = max(a.dim(), b.dim())
    return _ranked(a, axes, rank) @ _ranked(b, axes, rank)


def _ranked(x: Tensor, axes: int, rank: int) -> Tensor:
    missing = rank - x.dim()
    return x.reshape(*x.shape[:axes], *([1] * missing), *x.shape[axes:]) if missing else x


def leaf(x: Tensor) -> Tensor:
    """What to differentiate by, on the tape of a gradient further out if there is one."""
    return x.view_as(x) if x.requires_grad else x.detach().requires_grad_()


def with_axes(x: Tensor, *, places: tuple[int, ...]) -> Tensor:
    """A tensor with axes of length 1 put in, at these places of the result."""
    for place in places:
        x = x.unsqueeze(place)
    return x


@cache
def _named(path: str | Callable[..., Tensor]) -> Callable[..., Tensor]:
    if not isinstance(path, str):
        return path
    module, _, name = path.rpartition(".")
    found: Callable[..., Tensor] = getattr(import_module(module), name)
    return found
