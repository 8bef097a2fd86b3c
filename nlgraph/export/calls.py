"""Every operator as the Python that a person would write for it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from nlgraph.export.code import Code, call, infix, method
from nlgraph.export.internal import FUNCTIONS, INTERNAL
from nlgraph.export.mapped import each_by_itself, loss_of_each, over_axes, own_type
from nlgraph.export.where import Arg, Where, only
from nlgraph.export.written import WRITTEN, index_code
from nlgraph.graph.calls import type_of
from nlgraph.graph.steps import Step
from nlgraph.ops.lower import Lowered, lower
from nlgraph.ops.types import TensorType

VIEWS = frozenset(
    {
        "alias", "axes", "cast", "detach", "diagonal", "dropout_apply", "expand", "full",
        "function", "index", "leaf", "mT", "permute", "reshape", "split", "spread", "stacked",
        "to_dtype", "transpose", "where",
    }
)  # fmt: skip
"""Operators whose result may share its storage with an argument."""

_INFIX = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**", "matmul": "@", "mod": "%",
    "eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">=", "and": "&", "or": "|",
}  # fmt: skip

_METHODS = frozenset(
    {
        "all", "amax", "amin", "any", "argmax", "argmin", "mean", "permute", "reshape", "roll",
        "std", "sum", "transpose", "tril", "triu", "var",
    }
)  # fmt: skip

_SAFE_NUMBERS = ("atan", "cos", "erf", "erfc", "sin", "tanh")
"""Functions of numbers that no finite one is too much for, so that Python's own will do."""


_CUBE = 3
"""A power up to which no count of ticks overflows."""


def expression(step: Step, args: list[Arg], where: Where) -> Code:
    """The code of a step whose args have theirs."""
    internal = INTERNAL.get(step.op)
    if internal is not None:
        return internal(step, args, where)
    if step.op == "function":
        of_schedule = FUNCTIONS.get(step.attrs["target"])
        if of_schedule is not None:
            return of_schedule(step, args, where)
        return _called(step.attrs["target"], step.attrs["kwargs"], args, where, makes=False)
    types = tuple(own_type(type_of(arg), step.mapped) for arg in step.args)
    lowered = lower(step.op, step.attrs, types, own_type(step.type, step.mapped), where.sizes)
    target = lowered.target
    assert isinstance(target, str), f"{step.op} calls code of the user's, which was refused"
    if lowered.cast is not None:
        args = [_cast(arg, of, lowered.cast, where) for arg, of in zip(args, types, strict=True)]
    if step.mapped:
        return _mapped(step, target, lowered, args, where)
    written = WRITTEN.get(step.op)
    if written is not None:
        found = written(step, args, lowered, where)
        if found is not None:
            return found
    if step.op in _INFIX and not _is_guarded(step, target):
        return infix(only(args[0]), _INFIX[step.op], only(args[1]))
    return _called(target, lowered.kwargs, args, where, makes=lowered.makes)


def _mapped(step: Step, target: str, lowered: Lowered, args: list[Arg], where: Where) -> Code:
    """The code of an operator mapped over axes in front."""
    if step.op == "index":
        items = (("slice", None, None),) * step.mapped
        return index_code(only(args[0]), (*items, *lowered.kwargs["items"]))
    moved = over_axes(step, lowered.kwargs)
    if moved is not None:
        return _called(target, moved, args, where, makes=False)
    loss = loss_of_each(step, args, where)
    if loss is not None:
        return loss
    named = {key: _keyword(key, value, where) for key, value in lowered.kwargs.items()}
    return each_by_itself(step, _callable(target, where), named, args, where)


def _callable(target: str, where: Where) -> str:
    """The name of a function, which the file has from now on."""
    module, _, name = target.rpartition(".")
    if module == "torch.nn.functional":
        where.used.add("from torch.nn import functional as F")
        return f"F.{name}"
    if module == "operator":
        where.used.add("import operator")
    return where.functions.need(target) if module.startswith("nlgraph.") else target


def _cast(arg: Arg, of: TensorType, dtype: str, where: Where) -> Arg:
    exact = of.dtype in ("int", "bool") and not of.is_number
    return method(only(arg), "to", where.dtype_of(dtype)) if exact else arg


def _is_guarded(step: Step, target: str) -> bool:
    """Whether a quotient or power of plain numbers may be one that Python refuses."""
    if not target.startswith("nlgraph.functional.numbers."):
        return False
    a, b = step.args
    counted = isinstance(b, Step) and b.op == "input"
    if step.op in ("div", "mod"):
        return not (counted or (not isinstance(b, Step) and b != 0))
    fraction = not isinstance(a, Step) and 0 < a <= 1
    of_count = isinstance(a, Step) and a.op == "input" and not isinstance(b, Step) and b <= _CUBE
    return not ((fraction and counted) or of_count)


def _called(
    target: str, given: Mapping[str, Any], args: list[Arg], where: Where, *, makes: bool
) -> Code:
    """A call of the target, by its shortest name."""
    module, _, name = target.rpartition(".")
    kwargs = {
        key: _keyword(key, value, where)
        for key, value in given.items()
        if not _is_usual(target, key, value)
    }
    if makes:
        kwargs["device"] = where.device
    positional = [str(part) for arg in args for part in (arg if isinstance(arg, list) else [arg])]
    match module:
        case "builtins":
            return call(name, *positional, **kwargs)
        case "math" | "operator":
            where.used.add(f"import {module}")
            return call(f"{module}.{name}", *positional, **kwargs)
        case "nlgraph.functional.numbers" if name in _SAFE_NUMBERS:
            where.used.add("import math")
            return call(f"math.{name}", *positional)
        case "torch.nn.functional":
            where.used.add("from torch.nn import functional as F")
            return call(f"F.{name}", *positional, **kwargs)
        case "torch" if name in _METHODS:
            return _reduction(name, args, kwargs, given)
        case "torch" | "torch.linalg":
            return call(target, *positional, **kwargs)
        case _ if module.startswith("nlgraph."):
            return call(where.functions.need(target), *positional, **kwargs)
        case _:
            message = f"{target} is no function that a file may call"
            raise AssertionError(message)


def _keyword(key: str, value: object, where: Where) -> str:
    return where.dtype_of(str(value)) if key == "dtype" else where.literal(value)


def _reduction(
    name: str, args: list[Arg], kwargs: dict[str, str], given: Mapping[str, Any]
) -> Code:
    """A method; its dimensions stand first, a single one without brackets."""
    first, *rest = (only(arg) for arg in args)
    for key in ("dim", "dims", "shape", "diagonal", "shifts"):
        if key in kwargs:
            value = given[key]
            single = isinstance(value, tuple) and len(value) == 1 and key == "dim"
            text = kwargs.pop(key)
            rest.append(Code(text.strip("(),") if single or key == "shape" else text))
    if name == "transpose":
        rest += [Code(kwargs.pop("dim0")), Code(kwargs.pop("dim1"))]
    return method(first, name, *rest, **kwargs)


def _is_usual(target: str, key: str, value: object) -> bool:
    """Whether a keyword has the value that the target gives it anyway."""
    module, _, name = target.rpartition(".")
    if (name, key, value) in _DEFAULTS:
        return True
    found: Callable[..., Any] = getattr(import_module(module), name)
    try:
        parameter = inspect.signature(found).parameters.get(key)
    except ValueError:  # some functions of torch do not tell theirs
        return False
    if parameter is None or type(parameter.default) is not type(value):
        return False
    return bool(parameter.default == value)


_DEFAULTS = {("gelu", "approximate", "none"), ("vector_norm", "ord", 2), ("softplus", "beta", 1)}
