"""What each step calls: a target, its args and keywords, once sizes and dtypes are known."""

from __future__ import annotations

import operator
from collections.abc import Mapping

import torch

from nlgraph.functional import leaf, with_axes
from nlgraph.graph.call import Call, function
from nlgraph.graph.mapping import map_call
from nlgraph.graph.steps import Step
from nlgraph.ops.lower import lower, sizes_of
from nlgraph.ops.op import registry
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, TensorType

Dtypes = Mapping[str, torch.dtype]
Sizes = Mapping[str, int]


def call_of(step: Step, sizes: Sizes, dtypes: Dtypes) -> Call:
    """How a step is computed from its args."""
    args = step.args
    if step.op in registry():
        return _operator(step, sizes, dtypes)
    match step.op:
        case "call":
            names = step.attrs["keywords"]
            given, named = args[: len(args) - len(names)], args[len(args) - len(names) :]
            return Call(function(step.attrs["target"]), given, dict(zip(names, named, strict=True)))
        case "function":
            return Call(function(step.attrs["target"]), args, step.attrs["kwargs"])
        case "backward":
            return _backward(step)
        case "part":
            return Call(operator.getitem, (*args, step.attrs["index"]), {})
        case "detach":
            return Call("detach", args, {})
        case "alias":
            return Call(leaf, args, {})
        case "axes":
            return Call(with_axes, args, step.attrs)
        case "sum_all":
            return Call(torch.sum, args, {})
        case "fill":
            type_ = step.attrs["type"]
            shape = sizes_of(type_.dims, sizes)
            return Call(torch.full, (shape, *args), {"dtype": dtypes[type_.dtype]})
        case "spread":
            return Call("expand", (*args, sizes_of(step.attrs["type"].dims, sizes)), {})
        case "to_dtype":
            return Call("to", (*args, dtypes[step.attrs["dtype"]]), {})
        case "zeros_like" | "ones_like":
            return Call(getattr(torch, step.op), args, {})
        case "stacked":
            return Call("movedim", (*args, 0, step.attrs["axis"]), {})
        case "as_number":
            return Call("item", args, {})
        case _:
            message = f"no call is known for {step.op}"
            raise AssertionError(message)


def _operator(step: Step, sizes: Sizes, dtypes: Dtypes) -> Call:
    types = tuple(_own(type_of(arg), step.mapped) for arg in step.args)
    own = _own(step.type, step.mapped)
    lowered = lower(step.op, step.attrs, types, own, sizes)
    kwargs = dict(lowered.kwargs)
    if "dtype" in kwargs:
        kwargs["dtype"] = dtypes[kwargs["dtype"]]
    casts = None if lowered.cast is None else dtypes[lowered.cast]
    if step.mapped:
        return map_call(step, lowered.target, kwargs, types, casts)
    return Call(function(lowered.target), step.args, kwargs, casts)


def _own(type_: TensorType, mapped: int) -> TensorType:
    """A type without the axes that an operator is mapped over."""
    return type_ if type_.is_number else TensorType(type_.dtype, type_.dims[mapped:])


def _backward(step: Step) -> Call:
    value, *leaves = step.args
    kwargs = {
        key: True
        for key in ("create_graph", "retain_graph", "materialize_grads")
        if step.attrs.get(key)
    }
    return Call(torch.autograd.grad, (value, tuple(leaves)), kwargs)


def type_of(arg: Step | float) -> TensorType:
    """The type of an arg."""
    if isinstance(arg, Step):
        return arg.type
    return TensorType({bool: TRUTH, int: WHOLE}.get(type(arg), NUMBER))
