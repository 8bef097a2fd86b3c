"""Components with a copy for each index of some dims: from inside one, and from outside.

Inside a copy a value that has such a dim is seen without it; from outside the copies stand in
front, in the order in which the component names them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor

from nlgraph.ops.types import TensorType
from nlgraph.reference.plan import Atom
from nlgraph.reference.views import Context, Copy, Key, Steps


def read(context: Context, atom: Atom) -> Steps:
    """A state or signal as it is seen from a context."""
    if not context.copy and not context.view.plan.per(atom):
        return (yield context, atom)
    value = yield from across(context, atom)
    per = context.view.plan.per(atom)
    front = len([dim for dim in per if dim not in context.hidden])
    gone = tuple(dim for dim in context.hidden if dim not in per)
    return picked(value, context.view.plan.type_of(atom), dict(context.copy), gone, front)


def across(context: Context, atom: Atom) -> Steps:
    """A state or signal with its copies in front, but for those that the context stands in."""
    per = context.view.plan.per(atom)
    at = dict(context.copy)
    others = tuple(dim for dim in per if dim not in at)
    values = []
    for indices in _indices(context, others):
        chosen = {**at, **dict(zip(others, indices, strict=True))}
        own: Copy = tuple((dim, chosen[dim]) for dim in per)
        values.append((yield context.view.at(context.time, own), atom))
    return stacked(values, _sizes(context, others))


def for_each(context: Context, key: Key, dims: Sequence[str]) -> Steps:
    """An expression for each index of dims, in front; those that are hidden are left alone."""
    others = tuple(dim for dim in dims if dim not in context.hidden)
    values = []
    for indices in _indices(context, others):
        copy = (*context.copy, *zip(others, indices, strict=True))
        values.append((yield context.view.at(context.time, copy), key))
    return stacked(values, _sizes(context, others))


def stacked(values: Sequence[Any], sizes: tuple[int, ...]) -> Any:  # noqa: ANN401
    """Values of all copies with their dims in front; a plain number is the same in all."""
    if not sizes or not isinstance(values[0], Tensor):
        return values[0]
    return torch.stack(list(values)).reshape(*sizes, *values[0].shape)


def picked(
    value: Any,  # noqa: ANN401
    type_: TensorType,
    at: dict[str, int],
    gone: tuple[str, ...],
    front: int = 0,
) -> Any:  # noqa: ANN401
    """A value at the index of each hidden dim that it has, each once; behind `front` others."""
    if not isinstance(value, Tensor):
        return value
    left = list(gone)
    axis = front
    for dim in type_.dims:
        if dim.name in left:
            left.remove(dim.name)
            value = value.select(axis, at[dim.name])
        else:
            axis += 1
    return value


def _indices(context: Context, dims: tuple[str, ...]) -> list[tuple[int, ...]]:
    return list(product(*(range(size) for size in _sizes(context, dims))))


def _sizes(context: Context, dims: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(context.view.facts.sizes_at(context.tick)[dim] for dim in dims)
