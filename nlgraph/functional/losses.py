"""Losses: the mean over all elements unless `reduction` says otherwise."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

Value = Tensor | float


def cross_entropy(logits: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Logits [..., classes], a target [...] of classes or [..., classes] of probabilities."""
    if logits.dim() == 2:
        return F.cross_entropy(logits, target, reduction=reduction)
    classes = logits.shape[-1]
    wanted = target.reshape(-1, classes) if target.is_floating_point() else target.reshape(-1)
    loss = F.cross_entropy(logits.reshape(-1, classes), wanted, reduction=reduction)
    return loss.reshape(logits.shape[:-1]) if reduction == "none" else loss


def mse(input: Tensor, target: Value, *, reduction: str = "mean") -> Tensor:  # noqa: A002
    """The squared difference."""
    return _reduce((input - target).square(), reduction)


def l1(input: Tensor, target: Value, *, reduction: str = "mean") -> Tensor:  # noqa: A002
    """The absolute difference."""
    return _reduce((input - target).abs(), reduction)


def huber(
    input: Tensor,  # noqa: A002
    target: Value,
    *,
    reduction: str = "mean",
    delta: float = 1.0,
) -> Tensor:
    """Half the squared difference up to delta, linear beyond."""
    error = input - target
    size_of = error.abs()
    loss = torch.where(size_of <= delta, 0.5 * error.square(), delta * (size_of - 0.5 * delta))
    return _reduce(loss, reduction)


def bce(
    input: Tensor,  # noqa: A002
    target: Value,
    *,
    reduction: str = "mean",
    logits: bool = False,
) -> Tensor:
    """Binary cross entropy of probabilities, or of logits."""
    if logits:
        positive, negative = F.logsigmoid(input), F.logsigmoid(-input)
    else:
        # As torch: a probability of 0 costs 100, not infinity.
        positive, negative = (torch.log(p).clamp(min=-100) for p in (input, 1 - input))
    return _reduce(-(target * positive + (1 - target) * negative), reduction)


def kl(input: Tensor, target: Value, *, reduction: str = "mean") -> Tensor:  # noqa: A002
    """Kullback-Leibler divergence target * (log(target) - input); input is log probabilities."""
    wanted = target if isinstance(target, Tensor) else torch.full_like(input, target)
    return _reduce(torch.xlogy(wanted, wanted) - wanted * input, reduction)


def _reduce(loss: Tensor, reduction: str) -> Tensor:
    match reduction:
        case "mean":
            return loss.mean()
        case "sum":
            return loss.sum()
        case _:
            return loss
