"""Dimensions that meet, by name.

In a broadcast two dimensions must have one name, or one of them length 1; an unnamed one is
compared by length. What a product sums over must have one name, length 1 or not. A size that only
a call will bind fits any length here and is checked when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops import faults
from nlgraph.ops.types import Dim, TensorType


def broadcast(types: Sequence[TensorType]) -> tuple[Dim, ...]:
    """The dimensions of types that meet from the right; numbers fit everything.

    Raises:
        TypeFault: where two dimensions do not meet.
    """
    result: TensorType | None = None
    for type_ in types:
        if type_.is_number:
            continue
        result = type_ if result is None else _broadcast_two(result, type_)
    return () if result is None else result.dims


def meet(x: Dim, y: Dim) -> Dim | None:
    """The dimension of two that a broadcast brings together; None where they do not meet."""
    if fits(x, y):
        return merge(x, y)
    if x.size == 1:
        return y
    if y.size == 1:
        return x
    return None


def fits(x: Dim, y: Dim) -> bool:
    """Whether two are the same dimension: one name; where one has no name, one length."""
    if x.name is not None and y.name is not None:
        return x.name == y.name
    return x.size is None or y.size is None or x.size == y.size


def merge(x: Dim, y: Dim) -> Dim:
    """The same dimension seen twice: with what is known of it."""
    return Dim(x.name or y.name, y.size if x.size is None else x.size)


def same_dims(a: Sequence[Dim], b: Sequence[Dim]) -> tuple[Dim, ...] | None:
    """The common dimensions of two shapes without any broadcast; None where they differ."""
    if len(a) != len(b) or not all(fits(x, y) for x, y in zip(a, b, strict=True)):
        return None
    return tuple(merge(x, y) for x, y in zip(a, b, strict=True))


def position(op: str, of: TensorType, axis: str | int, arg: int = 0) -> int:
    """The number, from 0, of a dimension given by name or number.

    Raises:
        TypeFault: where there is none, or a name stands twice.
    """
    if isinstance(axis, int):
        if not -len(of.dims) <= axis < len(of.dims):
            raise faults.axis_range(op, of, axis, arg)
        return axis % len(of.dims)
    found = [i for i, dim in enumerate(of.dims) if dim.name == axis]
    if not found:
        names = tuple(dim.name for dim in of.dims if dim.name is not None)
        raise faults.no_axis(op, of, axis, nearest(axis, names), arg)
    if len(found) > 1:
        raise faults.axis_twice(op, of, axis, arg)
    return found[0]


def size_product(dims: Sequence[Dim]) -> tuple[int, tuple[str, ...]] | None:
    """The length of all dimensions together: a number, and names that a call binds, sorted.

    None where an unnamed dimension has no known length.
    """
    total, open_names = 1, []
    for dim in dims:
        if dim.size is not None:
            total *= dim.size
        elif dim.name is not None:
            open_names.append(dim.name)
        else:
            return None
    return total, tuple(sorted(open_names))


def _broadcast_two(a: TensorType, b: TensorType) -> TensorType:
    longer, shorter = (a, b) if len(a.dims) >= len(b.dims) else (b, a)
    offset = len(longer.dims) - len(shorter.dims)
    dims = list(longer.dims)
    for i, y in enumerate(shorter.dims):
        x = longer.dims[offset + i]
        met = meet(x, y)
        if met is None:
            pair = (x, y) if longer is a else (y, x)
            raise faults.do_not_meet(a, b, *pair, _advice(longer, shorter))
        dims[offset + i] = met
    return TensorType(a.dtype, tuple(dims))


def _advice(longer: TensorType, shorter: TensorType) -> str | None:
    """What to write where the shorter one's dimensions are all in the longer one, elsewhere."""
    names = [dim.name for dim in shorter.dims]
    if None in names or len(set(names)) != len(names):
        return None
    if len(longer.dims) == len(shorter.dims):
        if len(names) == 2 and names == [dim.name for dim in reversed(longer.dims)]:
            return "one of them transposed fits: .T"
        return None
    if any(name not in [dim.name for dim in longer.dims] for name in names):
        return None
    first = min(i for i, dim in enumerate(longer.dims) if dim.name in names)
    lined = [dim.name if dim.name in names else "1" for dim in longer.dims[first:]]
    if [name for name in lined if name != "1"] != names:
        return None
    return f"dimensions meet from the right: reshape(…, [{', '.join(map(str, lined))}]) lines it up"
