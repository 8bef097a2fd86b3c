"""From a typed call of an operator to a call of its target: `target(*args, **kwargs)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nlgraph.ops.dims import position
from nlgraph.ops.dtypes import FLOATS
from nlgraph.ops.externs import EXTERN
from nlgraph.ops.op import Op, Param, registry
from nlgraph.ops.types import Dim, TensorType


@dataclass(frozen=True, slots=True)
class Lowered:
    """What to call: `target(*args, **kwargs)`.

    `target` is dotted text, or what is called itself: a module or a function of the user's. Where
    kwargs have a `dtype`, it is the language's name of one, for the caller to replace by torch's.
    `cast`, a dtype's name too, is not None where tensors among the args that are integers or
    booleans are to be cast to it first (torch alone would compute them in its default dtype).
    `makes` says that the target makes a tensor of numbers alone and takes a `device`.
    """

    target: str | Callable[..., Any]
    kwargs: Mapping[str, Any]
    cast: str | None
    makes: bool


def lower(
    name: str,
    attrs: Mapping[str, Any],
    arg_types: tuple[TensorType, ...],
    result: TensorType,
    sizes: Mapping[str, int],
    hidden: tuple[str, ...] = (),
) -> Lowered:
    """The target of a call and its keyword arguments.

    `arg_types` and `result` are the types as seen with `hidden` (the `per` dims) away; axes in
    attrs become their numbers in the first arg's type, and shapes become sizes, from the types or,
    for a dimension that a call binds, from `sizes`.
    """
    if name == EXTERN:
        return Lowered(attrs["module"], {}, None, makes=False)
    op = registry()[name]
    own = not isinstance(op.target, str)
    kwargs: dict[str, Any] = {}
    for param in op.params:
        if param.name in attrs:
            value = _positional(op, param, attrs[param.name], arg_types, sizes, hidden)
            if own or (value is not None and value is not False):
                kwargs[param.keyword or param.name] = value
    if name == "eye":
        kwargs["shape"] = sizes_of(result.dims, sizes)
    if kwargs.get("keepdim") and "dim" not in kwargs and _has_axes(op):
        kwargs["dim"] = tuple(range(len(arg_types[0].dims)))
    target = _target(op, arg_types)
    if _needs_dtype(name, arg_types, result):
        kwargs["dtype"] = result.dtype
        target = op.mixed or target
    return Lowered(target, kwargs, _cast(op, arg_types, result), _makes(name, arg_types))


def visible(op: Op, attrs: Mapping[str, Any], hidden: tuple[str, ...]) -> Mapping[str, Any]:
    """The attributes as they are inside copies: shapes without the dims that are hidden there."""
    shaped = [
        param.name
        for param in op.params
        if param.kind == "shape" and attrs.get(param.name) is not None
    ]
    if not hidden or not shaped:
        return attrs
    return {
        key: _without(value, hidden) if key in shaped else value for key, value in attrs.items()
    }


def sizes_of(dims: tuple[Dim, ...], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The length of each dimension."""
    return tuple(_size(dim, sizes) for dim in dims)


def _size(dim: Dim, sizes: Mapping[str, int]) -> int:
    # A call may bring another length than the file's, where no state has the dimension.
    size = dim.size if dim.name is None else sizes.get(dim.name, dim.size)
    assert size is not None, "a dimension without a size has a name, which a call binds"
    return size


def _without(dims: tuple[Dim, ...], hidden: tuple[str, ...]) -> tuple[Dim, ...]:
    return tuple(dim for dim in dims if dim.name not in hidden)


def _positional(
    op: Op,
    param: Param,
    value: Any,  # noqa: ANN401
    arg_types: tuple[TensorType, ...],
    sizes: Mapping[str, int],
    hidden: tuple[str, ...],
) -> Any:  # noqa: ANN401
    """An attribute as the target takes it."""
    if value is None:
        return None
    match param.kind:
        case "axis" | "axis_or_value":
            return position(op.name, arg_types[0], value)
        case "axes":
            axes = value if isinstance(value, tuple) else (value,)
            return tuple(position(op.name, arg_types[0], axis) for axis in axes)
        case "shape":
            return sizes_of(_without(value, hidden), sizes)
        case "integer" if op.name == "stack":
            return value % (len(arg_types[0].dims) + 1)
        case _:
            return value


def _target(op: Op, arg_types: tuple[TensorType, ...]) -> str | Callable[..., Any]:
    numbers = [t.is_number for t in arg_types]
    if arg_types and all(numbers):
        return op.scalar or op.target
    if any(numbers) and op.mixed is not None:
        return op.mixed
    return op.target


def _makes(name: str, arg_types: tuple[TensorType, ...]) -> bool:
    """Whether the target makes a tensor of numbers alone."""
    if name in ("full", "expand", "cast"):
        return arg_types[0].is_number
    return name in ("eye", "arange")


def _needs_dtype(name: str, arg_types: tuple[TensorType, ...], result: TensorType) -> bool:
    """Whether the target is to be told the result's dtype."""
    if name == "where":
        # torch alone would make its default dtype of numbers and integers.
        branches = [t.dtype for t in arg_types[1:]]
        return not result.is_number and not any(dtype in FLOATS for dtype in branches)
    return name in ("eye", "one_hot") or (_makes(name, arg_types) and name != "arange")


def _has_axes(op: Op) -> bool:
    return any(param.kind == "axes" for param in op.params)


def _cast(op: Op, arg_types: tuple[TensorType, ...], result: TensorType) -> str | None:
    if not op.promotes or result.dtype not in FLOATS:
        return None
    exact = [t.dtype for t in arg_types if t.dtype in ("int", "bool")]
    return result.dtype if exact else None
