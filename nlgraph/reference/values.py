"""Values, and operators applied to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from nlgraph.ops.lower import lower
from nlgraph.ops.types import TensorType
from nlgraph.reference.facts import Facts
from nlgraph.system.model import Call

if TYPE_CHECKING:
    from nlgraph.reference.views import Context

Value = Any
"""A tensor, a plain number, or (of a Grad) a tuple of tensors."""


def conform(value: Tensor | float, type_: TensorType | None, context: Context) -> Tensor:
    """A value as a tensor of a type: a number filled in, dtype and dimensions broadcast."""
    assert type_ is not None, "a system with faults is never compiled"
    facts = context.view.facts
    found = tensor(value, type_.dtype, facts)
    shape = facts.shape(type_, context.tick)
    return found if shape is None or found.shape == shape else found.expand(shape)


def tensor(value: Tensor | float, dtype: str, facts: Facts) -> Tensor:
    """A value as a tensor of a dtype."""
    if isinstance(value, Tensor):
        return value.to(facts.dtypes[dtype])
    return torch.tensor(value, dtype=facts.dtypes[dtype], device=facts.device)


def apply(call: Call, args: Sequence[Tensor | float], context: Context) -> Tensor | float:
    """The result of an operator."""
    shaped, facts, hidden = context.view.plan.shaped, context.view.facts, context.hidden
    types = tuple(shaped.type_of(arg, hidden) for arg in call.args)
    result_type = shaped.type_of(call, hidden)
    lowered = lower(call.op, call.attrs, types, result_type, facts.sizes_at(context.tick), hidden)
    kwargs = dict(lowered.kwargs)
    if "dtype" in kwargs:
        kwargs["dtype"] = facts.dtypes[kwargs["dtype"]]
    if lowered.makes:
        kwargs["device"] = facts.device
    if lowered.cast is not None:
        wanted = facts.dtypes[lowered.cast]
        args = [_exact_to(arg, wanted) for arg in args]
    result: Tensor | float = _target(lowered.target)(*args, **kwargs)
    return result


def _exact_to(value: Tensor | float, dtype: torch.dtype) -> Tensor | float:
    if isinstance(value, Tensor) and not value.dtype.is_floating_point:
        return value.to(dtype)
    return value


@cache
def _target(path: str | Callable[..., Any]) -> Callable[..., Any]:
    """What a dotted text names: a function of a module, or of a class in it."""
    if not isinstance(path, str):
        return path
    module, _, name = path.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
