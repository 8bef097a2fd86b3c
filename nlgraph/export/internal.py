"""The operators that only graphs have."""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.export.code import ATOM, Code, call, infix, method
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
    sizes = sizes_of(step.attrs["type"].dims, where.sizes)
    return method(only(args[0]), "expand", *map(where.literal, sizes))


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
    if not step.attrs["sure"]:
        return call(where.functions.need("nlgraph.functional.leaf"), args[0])
    return method(only(args[0]), "view_as", args[0])


def _axes(step: Step, args: list[Arg], where: Where) -> Code:
    del where
    places = step.attrs["places"]
    items = ["None" if i in places else ":" for i in range(max(places) + 1)]
    return Code(f"{only(args[0]).within(ATOM)}[{', '.join(items)}]")


def _sum_all(step: Step, args: list[Arg], where: Where) -> Code:
    del step, where
    return method(only(args[0]), "sum")


def _permute(step: Step, args: list[Arg], where: Where) -> Code:
    dims = step.attrs["kwargs"]["dims"]
    swapped = [i for i, axis in enumerate(dims) if axis != i]
    if len(swapped) == len(("one", "other")):
        return method(only(args[0]), "transpose", *swapped)
    return method(only(args[0]), "permute", *map(where.literal, dims))


def _select(step: Step, args: list[Arg], where: Where) -> Code:
    del where
    axis, place = step.args[1:]
    items = [":"] * axis + [str(place)]
    return Code(f"{only(args[0]).within(ATOM)}[{', '.join(items)}]")


def _over_ticks(step: Step, args: list[Arg], where: Where) -> Code:
    """A sum, mean or product along an axis, or a value held through several ticks."""
    name = step.attrs["target"].removeprefix("torch.")
    return method(only(args[0]), name, *args[1:], where.literal(step.attrs["kwargs"]["dim"]))


def _unflatten(step: Step, args: list[Arg], where: Where) -> Code:
    kwargs = step.attrs["kwargs"]
    return method(only(args[0]), "unflatten", kwargs["dim"], where.literal(kwargs["sizes"]))


def _flatten(step: Step, args: list[Arg], where: Where) -> Code:
    del where
    kwargs = step.attrs["kwargs"]
    return method(only(args[0]), "flatten", kwargs["start_dim"], kwargs["end_dim"])


def _tile(step: Step, args: list[Arg], where: Where) -> Code:
    return method(only(args[0]), "tile", where.literal(step.attrs["kwargs"]["dims"]))


def _shifted(step: Step, args: list[Arg], where: Where) -> Code:
    """What was before each tick: a start, then the values after all ticks but the last."""
    del step, where
    later, start = map(only, args)
    return Code(f"torch.cat([{start.within(ATOM)}[None], {later.within(ATOM)}[:-1]])")


def _tick_numbers(step: Step, args: list[Arg], where: Where) -> Code:
    kwargs = {key: where.literal(value) for key, value in step.attrs["kwargs"].items()}
    numbers = call(where.functions.need(step.attrs["target"]), *args, **kwargs)
    return method(numbers, "to", where.device) if step.type.dims else numbers


FUNCTIONS: dict[str, Internal] = {
    "nlgraph.functional.shifted": _shifted,
    "nlgraph.functional.tick_numbers": _tick_numbers,
    "torch.flatten": _flatten,
    "torch.mean": _over_ticks,
    "torch.permute": _permute,
    "torch.prod": _over_ticks,
    "torch.repeat_interleave": _over_ticks,
    "torch.select": _select,
    "torch.sum": _over_ticks,
    "torch.tile": _tile,
    "torch.unflatten": _unflatten,
}
"""Functions of a schedule for which a tensor has words of its own."""


INTERNAL: dict[str, Internal] = {
    "alias": _alias,
    "axes": _axes,
    "as_number": _as_number,
    "dim_size": _dim_size,
    "fill": _fill,
    "leaf": _leaf,
    "ones_like": _like,
    "place": _place,
    "spread": _spread,
    "stacked": _stacked,
    "sum_all": _sum_all,
    "to_dtype": _to_dtype,
    "zeros_like": _like,
}
