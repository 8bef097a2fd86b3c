"""Entries: dimensions rearranged, made longer, and asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import fits, merge, position, size_product
from nlgraph.ops.op import Op, Param, Sample, register
from nlgraph.ops.types import WHOLE, Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


def need_tensor(op: str, of: TensorType, arg: int = 0) -> None:
    """Raise a TypeFault where a type is a plain number."""
    if of.is_number:
        raise faults.wrong_dtype(op, of, "a tensor", arg)


def dims_text(dims: Sequence[Dim]) -> str:
    """Dimensions as a list's inside: `B, d`."""
    return ", ".join(map(str, dims))


def _transpose(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("transpose", of)
    i, j = (position("transpose", of, attrs[name]) for name in ("a", "b"))
    dims = list(of.dims)
    dims[i], dims[j] = dims[j], dims[i]
    return TensorType(of.dtype, tuple(dims))


def _permute(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("permute", of)
    order = tuple(position("permute", of, axis) for axis in attrs["axes"])
    if sorted(order) != list(range(len(of.dims))):
        raise faults.wrong_size(
            f"`permute` needs every dimension of `{of}` once, and is given {len(order)}"
        )
    return TensorType(of.dtype, tuple(of.dims[i] for i in order))


def _reshape(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("reshape", of)
    dims: tuple[Dim, ...] = attrs["shape"]
    before, after = size_product(of.dims), size_product(dims)
    if before is None or after is None:
        return TensorType(of.dtype, dims)
    lost, made = Counter(before[1]), Counter(after[1])
    lost, made = lost - made, made - lost
    if lost and made:
        return TensorType(of.dtype, dims)
    if lost or made:
        names = ", ".join(f"`{name}`" for name in lost or made)
        found = "is lost" if lost else "is not in the value"
        raise faults.wrong_size(f"`reshape` of `{of}` to [{dims_text(dims)}]: {names} {found}")
    if before[0] != after[0]:
        raise faults.wrong_size(
            f"`reshape` of `{of}` ({_count(of.dims)}) to [{dims_text(dims)}] ({_count(dims)})",
            _reshape_advice(of, dims),
        )
    return TensorType(of.dtype, dims)


def _reshape_advice(of: TensorType, dims: Sequence[Dim]) -> str | None:
    lost = [str(dim) for dim in of.dims if dim.name is not None and dim not in dims]
    if not lost:
        return None
    return f"{', '.join(f'`{name}`' for name in lost)} of the value is not in the new shape"


def _count(dims: Sequence[Dim]) -> str:
    found = size_product(dims)
    assert found is not None, "only known sizes are compared"
    return " * ".join([f"{found[0]} elements", *found[1]])


def _expand(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    dims: tuple[Dim, ...] = attrs["shape"]
    offset = len(dims) - len(of.dims)
    fitting = offset >= 0 and all(
        fits(x, y) or x.size == 1 for x, y in zip(of.dims, dims[max(offset, 0) :], strict=True)
    )
    if not fitting:
        raise faults.wrong_size(f"`expand` of `{of}` to [{dims_text(dims)}]: they do not fit")
    tail = (merge(x, y) if fits(x, y) else y for x, y in zip(of.dims, dims[offset:], strict=True))
    dtype = of.dtype if not of.is_number else ("bool" if of.dtype == "truth" else "f32")
    return TensorType(dtype, (*dims[:offset], *tail))


def _pad(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("pad", of)
    widths = attrs["widths"]
    widths = widths if isinstance(widths, tuple) else (widths, widths)
    if len(widths) % 2 or len(widths) > 2 * len(of.dims) or any(width < 0 for width in widths):
        raise faults.wrong_option(
            "pad",
            "widths",
            widths,
            ("[before, after] of the last dimension, then of the one before",),
        )
    dims = list(of.dims)
    for i in range(len(widths) // 2):
        extra = widths[2 * i] + widths[2 * i + 1]
        dim = dims[-1 - i]
        if widths[2 * i] or widths[2 * i + 1]:
            dims[-1 - i] = Dim(None, None if dim.size is None else dim.size + extra)
    return TensorType(of.dtype, tuple(dims))


def _roll(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("roll", of)
    position("roll", of, attrs["axis"])
    if not isinstance(attrs["shift"], int):
        raise faults.wrong_option("roll", "shift", attrs["shift"], ("one number",))
    return of


def _flip(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("flip", of)
    position("flip", of, attrs["axis"])
    return of


def _triangle(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    if len(of.dims) < 2:
        raise faults.wrong_rank("tril", of, "a matrix (two dimensions or more)", 0)
    if not isinstance(attrs["diagonal"], int):
        raise faults.wrong_option("tril", "diagonal", attrs["diagonal"], ("one number",))
    return of


def _size(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("size", of)
    position("size", of, attrs["axis"])
    return TensorType(WHOLE)


def _rank(types: Types, attrs: Attrs) -> TensorType:
    del types, attrs
    return TensorType(WHOLE)


_X = Param("x")

register(
    Op(
        "transpose",
        (_X, Param("a", "axis", -2, "dim0"), Param("b", "axis", -1, "dim1")),
        _transpose,
        "torch.transpose",
        "Two dimensions exchanged; the last two where none are given.",
        "x[..., a, ..., b, ...] -> [..., b, ..., a, ...]",
        (
            Sample(("f32[B, d]",), {"a": -2, "b": -1}),
            Sample(("f32[B, T, d]",), {"a": "B", "b": "T"}),
            Sample(("f32[B, T, d]",), {"a": 1, "b": 2}),
        ),
    )
)
register(
    Op(
        "permute",
        (_X, Param("axes", "axes", keyword="dims")),
        _permute,
        "torch.permute",
        "All dimensions in another order.",
        "x[a, b, c] -> [b, c, a]",
        (Sample(("f32[B, T, d]",), {"axes": (1, "B", -1)}),),
    )
)
register(
    Op(
        "reshape",
        (_X, Param("shape", "shape")),
        _reshape,
        "torch.reshape",
        "The same elements, in the same order, in another shape.",
        "x[...] -> shape",
        (
            Sample(("f32[B, d]",), {"shape": (Dim("d", 4), Dim("B", 3))}),
            Sample(("f32[B, d]",), {"shape": (Dim("B", 3), Dim(None, 2), Dim(None, 2))}),
        ),
    )
)
register(
    Op(
        "expand",
        (_X, Param("shape", "shape")),
        _expand,
        "nlgraph.functional.expand",
        "The same values, repeated along new dimensions and those of length 1.",
        "x[...] -> shape",
        (
            Sample(("f32[d]",), {"shape": (Dim("B", 3), Dim("d", 4))}),
            Sample(("f32[B, 1]",), {"shape": (Dim("B", 3), Dim("d", 4))}),
        ),
    )
)
register(
    Op(
        "pad",
        (_X, Param("widths", "integer", keyword="pad"), Param("value", "number", 0)),
        _pad,
        "nlgraph.functional.pad",
        "More elements before and after: [before, after] of the last dimension, then of the one "
        "before it.",
        "x[..., n] -> [..., before + n + after]",
        (
            Sample(("f32[B, d]",), {"widths": (1, 2), "value": 0}),
            Sample(("f32[B, d]",), {"widths": (0, 0, 1, 1), "value": 3.0}),
        ),
    )
)
register(
    Op(
        "roll",
        (_X, Param("shift", "integer", keyword="shifts"), Param("axis", "axis", keyword="dims")),
        _roll,
        "torch.roll",
        "Elements moved along a dimension; what leaves one end comes in at the other.",
        "x[..., axis, ...] -> [..., axis, ...]",
        (Sample(("f32[B, d]",), {"shift": 1, "axis": "d"}),),
    )
)
register(
    Op(
        "flip",
        (_X, Param("axis", "axis", keyword="dims")),
        _flip,
        "nlgraph.functional.flip",
        "The elements of a dimension in the reverse order.",
        "x[..., axis, ...] -> [..., axis, ...]",
        (Sample(("f32[B, d]",), {"axis": "d"}),),
    )
)
for _name, _doc in (("tril", "below"), ("triu", "above")):
    register(
        Op(
            _name,
            (_X, Param("diagonal", "integer", 0)),
            _triangle,
            f"torch.{_name}",
            f"A matrix with what is not on or {_doc} the diagonal set to 0.",
            "x[..., n, m] -> [..., n, m]",
            (Sample(("f32[n, n]",), {"diagonal": 0}), Sample(("f32[B, n, k]",), {"diagonal": -1})),
        )
    )
register(
    Op(
        "size",
        (_X, Param("axis", "axis", keyword="dim")),
        _size,
        "nlgraph.functional.size",
        "The length of a dimension, known when compiling where the dimension has a number.",
        "x[..., axis, ...] -> a number",
        (Sample(("f32[B, d]",), {"axis": "d"}), Sample(("f32[B, d]",), {"axis": 0})),
    )
)
register(
    Op(
        "rank",
        (_X,),
        _rank,
        "nlgraph.functional.rank",
        "How many dimensions a value has, known when compiling.",
        "x[...] -> a number",
        (Sample(("f32[B, d]",), {}),),
        scalar="nlgraph.functional.rank",
    )
)
