"""Operators mapped over the axes of ticks and copies that do not broadcast by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.export.code import Code, call, method
from nlgraph.export.where import Where, only
from nlgraph.graph.mapping import OVER_AXES, moved_axes
from nlgraph.graph.steps import Step
from nlgraph.ops.types import TensorType

Args = list[Any]


def own_type(type_: TensorType, mapped: int) -> TensorType:
    """A type without the axes that an operator is mapped over."""
    return type_ if type_.is_number else TensorType(type_.dtype, type_.dims[mapped:])


def over_axes(step: Step, kwargs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The keywords of a reduction, its axes counted past those in front; None of another one."""
    if step.op not in OVER_AXES:
        return None
    return moved_axes(step, kwargs, step.mapped, len(step.args[0].type.dims) - step.mapped)


def loss_of_each(step: Step, args: Args, where: Where) -> Code | None:
    """The cross entropy of each element; None of another operator."""
    if step.op != "cross_entropy" or step.attrs.get("reduction") != "none":
        return None
    where.used.add("from torch.nn import functional as F")
    logits, classes = only(args[0]), len(step.args[0].type.dims) - 1
    if len(step.args[1].type.dims) != classes:
        return None
    if classes > 1:  # which torch has second
        logits = method(logits, "movedim", -1, 1)
    return call("F.cross_entropy", logits, args[1], reduction='"none"')


def each_by_itself(
    step: Step, function: str, kwargs: Mapping[str, str], args: Args, where: Where
) -> Code:
    """A function that is called for each tick and each copy."""
    given = ", ".join(f"{key}={value}" for key, value in kwargs.items())
    if given:
        where.used.add("from functools import partial")
        function = f"partial({function}, {given})"
    shared = [[False] * step.mapped for _ in step.args]
    for place, arg in enumerate(step.args):
        tensor = isinstance(arg, Step) and not arg.type.is_number
        shared[place] = [not tensor or arg.type.dims[i].size == 1 for i in range(step.mapped)]
    for axis in reversed(range(step.mapped)):
        dims = tuple(None if of[axis] else 0 for of in shared)
        keyword = f", in_dims={dims}" if None in dims else ""
        function = f"torch.vmap({function}{keyword})"
    squeezed = []
    for arg, of, code in zip(step.args, shared, args, strict=True):
        tensor = isinstance(arg, Step) and not arg.type.is_number
        ones = [i for i, one in enumerate(of) if one] if tensor else []
        squeezed.append(method(only(code), "squeeze", _axes(ones)) if ones else code)
    return call(function, *squeezed)


def _axes(ones: list[int]) -> str:
    return str(ones[0]) if len(ones) == 1 else f"({', '.join(map(str, ones))})"
