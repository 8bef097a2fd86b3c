"""Functions over all ticks of a frame at once."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, partial
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
    shape = [max(x.shape[i] for x in tensors) for i in range(axes)]
    # Axes that the same args have are mapped over as one, so that no arg is written out.
    groups: list[tuple[list[int], list[bool]]] = []
    for i, length in enumerate(shape):
        whole = [isinstance(arg, Tensor) and arg.shape[i] == length for arg in args]
        if groups and groups[-1][1] == whole:
            groups[-1][0].append(i)
        else:
            groups.append(([i], whole))
    flat = list(args)
    for place, arg in enumerate(args):
        if isinstance(arg, Tensor):
            lengths = [
                math.prod(shape[i] for i in group) for group, whole in groups if whole[place]
            ]
            flat[place] = arg.reshape((*lengths, *arg.shape[axes:]))
    call: Callable[..., Tensor] = partial(function, **kwargs)
    for _, whole in reversed(groups):
        call = torch.vmap(call, tuple(0 if has else None for has in whole))
    result = call(*flat)
    return result.reshape(*shape, *result.shape[len(groups) :])


def mapped_matmul(a: Tensor, b: Tensor, *, axes: int) -> Tensor:
    """A matrix product mapped over the first axes of both, some of length 1.

    Where only one side has an axis, its indices are rows (or columns) of one product: so a matrix
    that all ticks share is not written out for each.
    """
    vector_a, vector_b = a.dim() == axes + 1, b.dim() == axes + 1
    left = a.unsqueeze(-2) if vector_a else a
    right = b.unsqueeze(-1) if vector_b else b
    matrices = left.dim() == right.dim() == axes + 2
    if matrices and _shares(right, left, axes):
        result = _rows(left, right, axes)
    elif matrices and _shares(left, right, axes):
        result = _rows(right.mT, left.mT, axes).mT
    else:
        result = _aligned(left, right, axes)
    if vector_b:
        result = result.squeeze(-1)
    if vector_a:
        result = result.squeeze(-1 if vector_b else -2)
    return result


def _shares(one: Tensor, other: Tensor, axes: int) -> bool:
    """Whether one matrix stands for several of the other side."""
    return any(one.shape[i] == 1 and other.shape[i] > 1 for i in range(axes))


def _rows(left: Tensor, right: Tensor, axes: int) -> Tensor:
    """A product in which the axes that the right side lacks are rows of the left one.

    The others keep the order that they have in memory, so that little is copied.
    """
    rows = [i for i in range(axes) if right.shape[i] == 1 and left.shape[i] > 1]
    strides = left.stride()
    kept = sorted(set(range(axes)) - set(rows), key=lambda i: -strides[i])
    moved = left.permute(*kept, *rows, axes, axes + 1)
    lengths = moved.shape[len(kept) : -1]
    shared = right.permute(*kept, *rows, axes, axes + 1).flatten(len(kept), axes)
    product = moved.flatten(len(kept), -2) @ shared
    product = product.reshape(*product.shape[:-2], *lengths, product.shape[-1])
    back = [0] * axes
    for place, axis in enumerate((*kept, *rows)):
        back[axis] = place
    return product.permute(*back, axes, axes + 1)


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
