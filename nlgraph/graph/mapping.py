"""Operators over axes in front: as they broadcast, where they do so by themselves; else mapped.

To map a function costs some ten times its call on small tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nlgraph.functional import mapped, mapped_matmul
from nlgraph.graph.call import Call, function
from nlgraph.graph.steps import Step
from nlgraph.ops.op import registry
from nlgraph.ops.types import TensorType

if TYPE_CHECKING:
    import torch

_FROM_BEHIND = ("mT", "cast", "rank", "size", "index", "dropout")
"""What is computed leaf by leaf, but is not elementwise."""

OVER_AXES = (
    "sum", "mean", "max", "min", "argmax", "argmin", "any", "all", "norm", "var", "std",
    "logsumexp", "softmax", "log_softmax", "cumsum", "cumprod",
)  # fmt: skip
"""Operators that take the axes along which they work."""

_OVER_ALL = ("sum", "mean", "max", "min", "norm")


def map_call(
    step: Step,
    path: str | Callable[..., Any],
    kwargs: dict[str, Any],
    types: tuple[TensorType, ...],
    casts: torch.dtype | None,
) -> Call:
    """The call of an operator over the first axes of its args; `types` are without them."""
    axes, args = step.mapped, step.args
    target = function(path)
    rank = len(step.type.dims) - axes
    tensors = [
        isinstance(arg, Step) and not type_.is_number
        for arg, type_ in zip(args, types, strict=True)
    ]
    if is_elementwise(step.op):
        ranks = tuple(
            rank - len(type_.dims) if tensor else 0
            for tensor, type_ in zip(tensors, types, strict=True)
        )
        return Call(target, args, kwargs, casts, axes, ranks)
    if step.op in ("mT", "cast", "outer") and (step.op != "outer" or _plain(types)):
        return Call(target, args, kwargs, casts)
    if step.op == "matmul" and all(tensors):
        return Call(mapped_matmul, args, {**kwargs, "axes": axes}, casts)
    if step.op == "dot" and all(tensors) and _plain(types):
        return Call(mapped_dot, args, {"axes": axes}, casts)
    if step.op in OVER_AXES:
        moved = moved_axes(step, kwargs, axes, len(types[0].dims))
        if moved is not None:
            return Call(target, args, moved, casts)
    return Call(mapped, (path, axes, *args), kwargs, casts)


def mapped_dot(a: torch.Tensor, b: torch.Tensor, *, axes: int) -> torch.Tensor:
    """The inner product over all but the first axes."""
    product = a * b
    return product.sum(tuple(range(axes, product.dim()))) if product.dim() > axes else product


def is_elementwise(op: str) -> bool:
    """Whether an operator's numbers each come from those at the same place."""
    return registry()[op].bundled == "leaf" and op not in _FROM_BEHIND


def _plain(types: tuple[TensorType, ...]) -> bool:
    """Whether all have one number of dimensions."""
    return len({len(type_.dims) for type_ in types}) == 1


def moved_axes(
    step: Step, kwargs: Mapping[str, Any], axes: int, rank: int
) -> dict[str, Any] | None:
    """The keywords with positions counted past the axes in front; None if they say too little."""
    dim = kwargs.get("dim")
    if rank == 0:
        return None
    if dim is None:
        if step.op not in _OVER_ALL or "dim" in kwargs:
            return None
        return {**kwargs, "dim": tuple(range(axes, axes + rank))}
    if isinstance(dim, int):
        return {**kwargs, "dim": dim if dim < 0 else dim + axes}
    return {**kwargs, "dim": tuple(i if i < 0 else i + axes for i in dim)}
