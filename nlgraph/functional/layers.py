"""Normalisation and attention."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def layer_norm(x: Tensor, *, axis: Sequence[int], eps: float) -> Tensor:
    """Mean 0 and variance 1 along some dimensions."""
    if tuple(axis) == tuple(range(x.dim() - len(axis), x.dim())):
        return F.layer_norm(x, x.shape[x.dim() - len(axis) :], eps=eps)
    centred = x - x.mean(tuple(axis), keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(tuple(axis), keepdim=True) + eps)


def rms_norm(x: Tensor, *, axis: Sequence[int], eps: float | None = None) -> Tensor:
    """Divided by the root mean square along some dimensions; eps is the dtype's unless given."""
    floor = torch.finfo(x.dtype).eps if eps is None else eps
    return x * torch.rsqrt(x.square().mean(tuple(axis), keepdim=True) + floor)


def batch_norm(
    x: Tensor, mean: Tensor | None = None, var: Tensor | None = None, *, axis: int, eps: float
) -> Tensor:
    """Mean 0 and variance 1 over all dimensions but one, or by given statistics."""
    others = tuple(i for i in range(x.dim()) if i != axis % x.dim())
    if mean is None or var is None:
        centred = x - x.mean(others, keepdim=True)
        return centred * torch.rsqrt(centred.square().mean(others, keepdim=True) + eps)
    shape = [1] * x.dim()
    shape[axis] = -1
    return (x - mean.reshape(shape)) * torch.rsqrt(var.reshape(shape) + eps)


def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """softmax(q @ k.T * scale) @ v on [..., positions, features].

    Written out: torch's fused kernels have no second derivative and no `vmap`.
    """
    scores = (q @ k.mT) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if mask is not None:
        scores = (
            scores.masked_fill(~mask, -torch.inf) if mask.dtype == torch.bool else scores + mask
        )
    if causal:
        seen = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).tril()
        scores = scores.masked_fill(~seen, -torch.inf)
    return torch.softmax(scores, -1) @ v
