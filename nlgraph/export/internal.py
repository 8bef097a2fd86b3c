"""The operators that only graphs have."""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.export.code import Code, call, infix, method
from nlgraph.export.where import Arg, Where, only
from nlgraph.graph.steps import Step
from nlgraph.ops.lower import sizes_of

Internal = Callable[[Step, list[Arg], Where], Code]


def _fill(step: Step, args: list[Arg], where: Where) -> Code:
    type_ = step.attrs["type"]
    shape = where.literal(sizes_of(type_.dims, where.sizes))
    dtype = where.dtype_of(type_.dtype)
    return call("torch.full", shape, args[0], dtype=dtype, device=where.device)


def _spread(step: Step, args: list[Arg], where: Where) -> Code:
    shape = where.literal(sizes_of(step.attrs["type"].dims, where.sizes))
    return method(only(args[0]), "expand", shape)


def _to_dtype(step: Step, args: list[Arg], where: Where) -> Code:
    return method(only(args[0]), "to", where.dtype_of(step.attrs["dtype"]))


def _like(step: Step, args: list[Arg], where: Where) -> Code:
    del where
    return call(f"torch.{step.op}", args[0])


def _place(step: Step, args: list[Arg], where: Where) -> Code:
    del step, where
    stack, value, position = map(only, args)
    counted = position.text.removesuffix(" + 1")
    from_zero = Code(counted) if counted != position.text else infix(position, "-", Code("1"))
    return call("torch.select_scatter", stack, value, 0, from_zero)


def _stacked(step: Step, args: list[Arg], where: Where) -> Code:
    del where
    axis = step.attrs["axis"]
    return method(only(args[0]), "movedim", 0, axis) if axis else only(args[0])


def _as_number(step: Step, args: list[Arg], where: Where) -> Code:
    del step, where
    return method(only(args[0]), "item")


def _dim_size(step: Step, args: list[Arg], where: Where) -> Code:
    del args
    return Code(where.literal(where.sizes[step.attrs["dim"]]))


def _leaf(step: Step, args: list[Arg], where: Where) -> Code:
    del step, where
    return method(method(only(args[0]), "detach"), "requires_grad_")


def _alias(step: Step, args: list[Arg], where: Where) -> Code:
    del step, where
    return method(only(args[0]), "view_as", args[0])


INTERNAL: dict[str, Internal] = {
    "alias": _alias,
    "as_number": _as_number,
    "dim_size": _dim_size,
    "fill": _fill,
    "leaf": _leaf,
    "ones_like": _like,
    "place": _place,
    "spread": _spread,
    "stacked": _stacked,
    "to_dtype": _to_dtype,
    "zeros_like": _like,
}
