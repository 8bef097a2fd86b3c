"""Operators for which torch, or Python, has words of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from nlgraph.export.code import ATOM, CHOICE, Code, attribute, call, infix, method, negative
from nlgraph.export.names import quoted
from nlgraph.export.where import Arg, Where, only
from nlgraph.graph.calls import type_of
from nlgraph.graph.steps import Step
from nlgraph.ops.lower import Lowered

TORCH_EPS = 1e-5
"""The default of torch.nn.functional.layer_norm."""

Written = Callable[[Step, list[Arg], Lowered, Where], Code | None]
"""The code of an operator in the cases in which torch has words of its own for it."""


def _neg(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, lowered, where
    return negative(only(args[0]))


def _choice(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    condition, a, b = map(only, args)
    if isinstance(step.args[0], Step) and not step.args[0].type.is_number:
        if "dtype" in lowered.kwargs:
            return None
        return call("torch.where", condition, a, b)
    del where
    return Code(f"{a.within(CHOICE - 1)} if {condition.within(CHOICE - 1)} else {b}", CHOICE)


def _bound(keyword: str) -> Written:
    """`maximum` and `minimum` of a tensor and a number."""

    def written(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
        del lowered, where
        numbers = [type_of(arg).is_number for arg in step.args]
        if sum(numbers) != 1:
            return None
        value, bound = map(only, args if numbers[1] else reversed(args))
        return method(value, "clamp", **{keyword: bound})

    return written


def _clip(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    del lowered, where
    if type_of(step.args[0]).is_number or not all(type_of(a).is_number for a in step.args[1:]):
        return None
    return method(only(args[0]), "clamp", *args[1:])


def _dot(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, lowered, where
    return method(infix(only(args[0]), "*", only(args[1])), "sum")


def _cross_entropy(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    logits, target = step.args
    ranks = len(logits.type.dims), len(target.type.dims)
    reduction = lowered.kwargs.get("reduction", "mean")
    where.used.add("from torch.nn import functional as F")
    kwargs = {} if reduction == "mean" else {"reduction": quoted(reduction)}
    if ranks in ((2, 1), (2, 2)):
        return call("F.cross_entropy", *args, **kwargs)
    if reduction == "none" or ranks[0] != ranks[1] + 1 or ranks[1] == 0:
        return None
    flat = method(only(args[0]), "flatten", 0, -2), method(only(args[1]), "flatten")
    return call("F.cross_entropy", *flat, **kwargs)


def _loss(function: str) -> Written:
    """A loss that torch has, where both sides are tensors of one form."""

    def written(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
        a, b = step.args
        if not (isinstance(a, Step) and isinstance(b, Step) and a.type == b.type):
            return None
        reduction = lowered.kwargs.get("reduction", "mean")
        kwargs = {} if reduction == "mean" else {"reduction": quoted(reduction)}
        where.used.add("from torch.nn import functional as F")
        return call(f"F.{function}", *args, **kwargs)

    return written


def _transposed(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, lowered, where
    return attribute(only(args[0]), "mT")


def _outer(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    del lowered, where
    vectors = all(len(type_of(arg).dims) == 1 for arg in step.args)
    return call("torch.outer", *args) if vectors else None


def _joined(function: str) -> Written:
    def written(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
        del step, where
        parts = ", ".join(map(str, args))
        return call(function, f"[{parts}]", str(lowered.kwargs.get("dim", 0)))

    return written


def _index(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, where
    return index_code(only(args[0]), lowered.kwargs["items"])


def index_code(value: Code, items: Iterable[Any]) -> Code:
    """`value[items]`; an item is a number, `...`, or ("slice", start, stop)."""
    written = []
    for item in items:
        if isinstance(item, tuple):
            start, stop = ("" if end is None else str(end) for end in item[1:])
            written.append(f"{start}:{stop}")
        else:
            written.append(str(item))
    return Code(f"{value.within(ATOM)}[{', '.join(written)}]")


def _pad(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step
    where.used.add("from torch.nn import functional as F")
    pad = lowered.kwargs["pad"]
    widths = (pad, pad) if isinstance(pad, int) else tuple(pad)
    value = lowered.kwargs.get("value", 0)
    kwargs = {"value": where.literal(value)} if value else {}
    return call("F.pad", args[0], where.literal(widths), **kwargs)


def _size(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, where
    return Code(f"{only(args[0]).within(0)}.shape[{lowered.kwargs['dim']}]")


def _made(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    """A tensor of one value: `full` and `expand`."""
    shape = where.literal(lowered.kwargs["shape"])
    if isinstance(step.args[0], Step) and not step.args[0].type.is_number:
        return method(only(args[0]), "expand", shape)
    dtype = where.dtype_of(step.type.dtype)
    return call("torch.full", shape, args[0], dtype=dtype, device=where.device)


def _to(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    dtype = where.dtype_of(lowered.kwargs["dtype"])
    if isinstance(step.args[0], Step) and not step.args[0].type.is_number:
        return method(only(args[0]), "to", dtype)
    return call("torch.tensor", args[0], dtype=dtype, device=where.device)


def _eye(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del args
    shape = lowered.kwargs["shape"]
    rows, columns = (where.literal(size) for size in shape[-2:])
    dtype = where.dtype_of(step.type.dtype)
    made = call("torch.eye", rows, columns, dtype=dtype, device=where.device)
    return made if len(shape) == 2 else method(made, "expand", where.literal(shape))


def _arange(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step, args
    return call("torch.arange", where.literal(lowered.kwargs["count"][0]), device=where.device)


def _einsum(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code:
    del step
    return call("torch.einsum", where.literal(lowered.kwargs["equation"]), *args)


def _dropout(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    if isinstance(step.args[2], Step):
        return None
    if not step.args[2]:
        return only(args[0])
    x, draw, p = only(args[0]), only(args[1]), Code(where.literal(lowered.kwargs["p"]))
    kept = infix(x, "/", infix(Code("1"), "-", p))
    return call("torch.where", infix(draw, "<", p), "0.0", kept)


def _layer_norm(step: Step, args: list[Arg], lowered: Lowered, where: Where) -> Code | None:
    rank, axis = len(step.type.dims), lowered.kwargs["axis"]
    if tuple(axis) != tuple(range(rank - len(axis), rank)):
        return None
    where.used.add("from torch.nn import functional as F")
    shape = f"{only(args[0]).within(0)}.shape[-{len(axis)}:]"
    eps = lowered.kwargs["eps"]
    kwargs = {} if eps == TORCH_EPS else {"eps": where.literal(eps)}
    return call("F.layer_norm", args[0], shape, **kwargs)


WRITTEN: dict[str, Written] = {
    "arange": _arange,
    "cast": _to,
    "clip": _clip,
    "concat": _joined("torch.cat"),
    "cross_entropy": _cross_entropy,
    "dot": _dot,
    "dropout_apply": _dropout,
    "einsum": _einsum,
    "expand": _made,
    "eye": _eye,
    "full": _made,
    "index": _index,
    "l1": _loss("l1_loss"),
    "layer_norm": _layer_norm,
    "mT": _transposed,
    "maximum": _bound("min"),
    "minimum": _bound("max"),
    "mse": _loss("mse_loss"),
    "neg": _neg,
    "outer": _outer,
    "pad": _pad,
    "size": _size,
    "stack": _joined("torch.stack"),
    "where": _choice,
}
