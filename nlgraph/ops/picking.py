"""Entries: values joined, cut, picked and made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import position, same_dims
from nlgraph.ops.dtypes import need_int, promote
from nlgraph.ops.op import Op, Param, Sample, register
from nlgraph.ops.reshaping import dims_text, need_tensor
from nlgraph.ops.types import WHOLE, Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


def _concat(types: Types, attrs: Attrs) -> TensorType:
    first = _joined("concat", types)
    axis = position("concat", first, attrs["axis"])
    total: int | None = 0
    dims = first.dims
    for i, of in enumerate(types):
        if len(of.dims) != len(dims):
            raise faults.do_not_match("concat", first, of)
        rest = same_dims(_without(dims, axis), _without(of.dims, axis))
        if rest is None:
            raise faults.wrong_size(
                f"`concat` joins along `{dims[axis]}`: `{first}` and `{of}` differ elsewhere",
                None,
                i,
            )
        dims = (*rest[:axis], dims[axis], *rest[axis:])
        size = of.dims[axis].size
        total = None if total is None or size is None else total + size
    joined = dims[axis] if len(types) == 1 else Dim(None, total)
    return TensorType(promote(types), (*dims[:axis], joined, *dims[axis + 1 :]))


def _stack(types: Types, attrs: Attrs) -> TensorType:
    first = _joined("stack", types)
    dims = first.dims
    for i, of in enumerate(types):
        common = same_dims(dims, of.dims)
        if common is None:
            raise faults.wrong_size(
                f"`stack` takes values with the same dimensions, not `{first}` and `{of}`", None, i
            )
        dims = common
    axis = attrs["axis"]
    if not isinstance(axis, int):
        raise faults.wrong_option("stack", "axis", axis, ("one number",))
    if not -len(dims) - 1 <= axis <= len(dims):
        raise faults.axis_range("stack", first, axis)
    axis %= len(dims) + 1
    return TensorType(promote(types), (*dims[:axis], Dim(None, len(types)), *dims[axis:]))


def _joined(op: str, types: Types) -> TensorType:
    if not types:
        raise faults.wrong_size(f"`{op}` of nothing")
    for i, of in enumerate(types):
        need_tensor(op, of, i)
    return types[0]


def _without(dims: Sequence[Dim], axis: int) -> tuple[Dim, ...]:
    return (*dims[:axis], *dims[axis + 1 :])


def _split(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("split", of)
    axis = position("split", of, attrs["axis"])
    (size,) = _one_dim("split", "size", attrs["size"])
    whole = of.dims[axis].size
    count = None
    if whole is not None and size.size is not None:
        if size.size < 1 or whole % size.size:
            raise faults.wrong_size(
                f"`split` cuts `{of.dims[axis]}` (length {whole}) into pieces of {size.size}, "
                "and these do not fill it"
            )
        count = whole // size.size
    return TensorType(of.dtype, (Dim(None, count), *of.dims[:axis], size, *of.dims[axis + 1 :]))


def _one_dim(op: str, param: str, dims: tuple[Dim, ...]) -> tuple[Dim]:
    if len(dims) != 1:
        raise faults.wrong_size(f"`{op}` takes one dimension as `{param}`, not [{dims_text(dims)}]")
    return (dims[0],)


def _gather(types: Types, attrs: Attrs) -> TensorType:
    of, index = types
    need_tensor("gather", of)
    need_int("gather", index, 1)
    axis = position("gather", of, attrs["axis"])
    picks_one = len(index.dims) == len(of.dims) - 1
    if not picks_one and len(index.dims) != len(of.dims):
        raise faults.wrong_rank(
            "gather",
            index,
            f"an index with {len(of.dims)} dimensions, or one less to pick one each",
            1,
        )
    rest = _without(of.dims, axis)
    given = index.dims if picks_one else _without(index.dims, axis)
    common = same_dims(rest, given)
    if common is None:
        raise faults.do_not_match("gather", of, index)
    if picks_one:
        return TensorType(of.dtype, common)
    return TensorType(of.dtype, (*common[:axis], index.dims[axis], *common[axis:]))


def _one_hot(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_int("one_hot", of, 0)
    (count,) = _one_dim("one_hot", "count", attrs["count"])
    return TensorType("f32", (*of.dims, count))


def _embedding(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    ids, table = types
    need_int("embedding", ids, 0)
    if len(table.dims) != 2:
        raise faults.wrong_rank("embedding", table, "a table (one row for each id)", 1)
    return TensorType(table.dtype, (*ids.dims, table.dims[1]))


def _index(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_tensor("[…]", of)
    items = attrs["items"]
    if items.count("...") > 1:
        raise faults.wrong_rank("[…]", of, "one `...` at most", 0)
    used = len(items) - items.count("...")
    if used > len(of.dims):
        raise faults.wrong_rank("[…]", of, f"at least {used} dimensions here", 0)
    at = items.index("...") if "..." in items else len(items)
    middle = (("slice", None, None),) * (len(of.dims) - used)
    full = (*items[:at], *middle, *items[at + 1 :])
    dims = [_indexed(of, dim, item) for dim, item in zip(of.dims, full, strict=True)]
    return TensorType(of.dtype, tuple(dim for dim in dims if dim is not None))


def _indexed(
    of: TensorType, dim: Dim, item: int | tuple[str, int | None, int | None]
) -> Dim | None:
    if isinstance(item, int):
        if dim.size is not None and not -dim.size <= item < dim.size:
            raise faults.wrong_size(
                f"index {item} of `{of}`: its `{dim}` has {dim.size}",
                f"indices run from 0 to {dim.size - 1}",
            )
        return None
    _, start, stop = item
    if start is None and stop is None:
        return dim
    if dim.size is None:
        return Dim(None, None)
    return Dim(None, len(range(dim.size)[slice(start, stop)]))


def _full(types: Types, attrs: Attrs) -> TensorType:
    (value,) = types
    if value.dims:
        raise faults.wrong_rank("full", value, "one number", 0)
    if not value.is_number:
        return TensorType(value.dtype, attrs["shape"])
    dtype = {WHOLE: "f32", "truth": "bool"}.get(value.dtype, "f32")
    return TensorType(dtype, attrs["shape"])


def _eye(types: Types, attrs: Attrs) -> TensorType:
    del types
    dims = attrs["shape"]
    if dims is None:
        raise faults.wrong_size(
            "`eye()` has a size only where it is a state's initial value", "say it: eye(d)"
        )
    if len(dims) == 1:
        dims = (*dims, *dims)
    if len(dims) < 2:
        raise faults.wrong_option("eye", "shape", "[]", ("one dimension, or two",))
    return TensorType("f32", dims)


def _arange(types: Types, attrs: Attrs) -> TensorType:
    del types
    return TensorType("int", _one_dim("arange", "count", attrs["count"]))


_X = Param("x")

register(
    Op(
        "concat",
        (Param("values", "values"), Param("axis", "axis", 0, "dim")),
        _concat,
        "nlgraph.functional.concat",
        "Several values behind each other along a dimension.",
        "[a[..., n, ...], b[..., m, ...]] -> [..., n + m, ...]",
        (
            Sample(("f32[B, d]", "f32[B, k]"), {"axis": -1}),
            Sample(("f32[B, d]", "f32[T, d]"), {"axis": "B"}),
        ),
    )
)
register(
    Op(
        "stack",
        (Param("values", "values"), Param("axis", "integer", 0, "dim")),
        _stack,
        "nlgraph.functional.stack",
        "Several values along a new dimension, in front where none is given.",
        "[a[...], b[...]] -> [2, ...]",
        (
            Sample(("f32[B, d]", "f32[B, d]"), {"axis": 0}),
            Sample(("f32[B, d]", "f32[B, d]"), {"axis": -1}),
        ),
    )
)
register(
    Op(
        "split",
        (_X, Param("size", "shape"), Param("axis", "axis", 0, "dim")),
        _split,
        "nlgraph.functional.split",
        "A dimension cut into pieces of one size, along a new dimension in front: "
        "`qkv = split(x, d, -1)`, then `qkv[0]`.",
        "x[..., n * size, ...] -> [n, ..., size, ...]",
        (
            Sample(("f32[B, d]",), {"size": (Dim(None, 2),), "axis": -1}),
            Sample(("f32[B, d]",), {"size": (Dim(None, 1),), "axis": "B"}),
        ),
    )
)
register(
    Op(
        "gather",
        (_X, Param("index"), Param("axis", "axis", -1, "dim")),
        _gather,
        "nlgraph.functional.gather",
        "Elements picked along a dimension; an index with one dimension less picks one each.",
        "x[..., n], index int[..., k] -> [..., k]",
        (
            Sample(("f32[B, d]", "int[B] < 4"), {"axis": -1}),
            Sample(("f32[B, d]", "int[B, k] < 4"), {"axis": "d"}),
            Sample(("f32[B, d]", "int[n, d] < 3"), {"axis": 0}),
        ),
    )
)
register(
    Op(
        "one_hot",
        (Param("ids"), Param("count", "shape")),
        _one_hot,
        "nlgraph.functional.one_hot",
        "1 at the id's place, else 0, along a new last dimension.",
        "ids int[...] -> f32[..., count]",
        (Sample(("int[B] < 4",), {"count": (Dim("d", 4),)}),),
    )
)
register(
    Op(
        "embedding",
        (Param("ids"), Param("table")),
        _embedding,
        "torch.nn.functional.embedding",
        "The table's row for each id.",
        "ids int[...], table[n, d] -> [..., d]",
        (
            Sample(("int[B] < 4", "f32[d, k]"), {}),
            Sample(("int[B, T] < 4", "f32[d, k]"), {}),
        ),
    )
)
register(
    Op(
        "index",
        (_X, Param("items", "integer")),
        _index,
        "nlgraph.functional.index",
        "Parts by number and slice: `x[0]`, `x[1:3]`, `x[:, 0]`, `x[..., 0]`.",
        "x[n, ...] -> [...]",
        (
            Sample(("f32[B, d]",), {"items": (0,)}),
            Sample(("f32[B, d]",), {"items": (("slice", 1, -1),)}),
            Sample(("f32[B, d]",), {"items": (("slice", None, None), -1)}),
            Sample(("f32[B, T, d]",), {"items": ("...", 0)}),
        ),
        bundled="leaf",
    )
)
register(
    Op(
        "full",
        (Param("value"), Param("shape", "shape")),
        _full,
        "nlgraph.functional.full",
        "One number everywhere.",
        "value -> shape",
        (Sample(("number",), {"shape": (Dim("B", 3), Dim("d", 4))}),),
        scalar="nlgraph.functional.full",
    )
)
register(
    Op(
        "eye",
        (Param("shape", "shape", None),),
        _eye,
        "nlgraph.functional.eye",
        "1 on the diagonal, else 0; as an initial value it has the state's shape.",
        "-> [n, n]",
        (
            Sample((), {"shape": (Dim("d", 4),)}),
            Sample((), {"shape": (Dim("B", 3), Dim("d", 4))}),
        ),
    )
)
register(
    Op(
        "arange",
        (Param("count", "shape"),),
        _arange,
        "nlgraph.functional.arange",
        "0, 1, 2, … along a dimension: `embedding(arange(T), positions)`.",
        "-> int[count]",
        (Sample((), {"count": (Dim("d", 4),)}),),
    )
)
