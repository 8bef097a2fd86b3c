"""Entries: functions over all elements, or over one dimension or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast, position, size_product
from nlgraph.ops.dtypes import floating, need_condition, need_numbers, promote
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.types import Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]

_AXES = (Param("axis", "axes", None, "dim"), Param("keepdim", "flag", default=False))
_AXIS = (Param("axis", "axis", None, "dim"), Param("keepdim", "flag", default=False))
_SAMPLES = (
    Sample(("f32[B, d]",), {"axis": None, "keepdim": False}),
    Sample(("f32[B, d]",), {"axis": ("d",), "keepdim": False}),
    Sample(("f32[B, T, d]",), {"axis": ("B", -1), "keepdim": True}),
)


def reduced(op: str, of: TensorType, attrs: Attrs) -> tuple[Dim, ...]:
    """The dimensions that a reduction leaves.

    Raises:
        TypeFault: where an axis is none of the value's, or stands twice.
    """
    if of.is_number:
        raise faults.wrong_dtype(op, of, "a tensor", 0)
    axis = attrs["axis"]
    if axis is None:
        gone = tuple(range(len(of.dims)))
    else:
        axes = axis if isinstance(axis, tuple) else (axis,)
        gone = tuple(position(op, of, one) for one in axes)
        if not gone or len(set(gone)) != len(gone):
            given = "one dimension twice" if gone else "no dimension"
            raise faults.wrong_size(f"`{op}` is given {given}")
    if attrs["keepdim"]:
        return tuple(Dim(None, 1) if i in gone else dim for i, dim in enumerate(of.dims))
    return tuple(dim for i, dim in enumerate(of.dims) if i not in gone)


def _sum(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        dtype = "f32" if of.dtype == "bool" else of.dtype
        return TensorType(dtype, reduced(op, of, attrs))

    return infer


def _mean(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        dims = reduced(op, of, attrs)
        return TensorType(floating(of.dtype), dims)

    return infer


def _spread(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        result = _mean(op)(types, attrs)
        correction = attrs["correction"]
        if not isinstance(correction, int) or correction < 0:
            raise faults.wrong_option(op, "correction", correction, ("a number from 0",))
        whole, left = size_product(types[0].dims), size_product(result.dims)
        if whole is not None and left is not None and whole[1] == left[1]:
            count = whole[0] // max(1, left[0])
            if count <= correction:
                raise faults.wrong_size(
                    f"`{op}` of {count} element{'' if count == 1 else 's'} is not defined",
                    "correction = 0 divides by n, not by n - 1" if count == correction else None,
                )
        return result

    return infer


def _extreme(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        return TensorType(of.dtype, reduced(op, of, attrs))

    return infer


def _arg(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        dims = reduced(op, types[0], attrs)
        if types[0].dtype == "bool":
            raise faults.wrong_dtype(op, types[0], "numbers", 0, "int(…) makes 0 and 1 of it")
        return TensorType("int", dims)

    return infer


def _all(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        dims = reduced(op, types[0], attrs)
        need_condition(op, types[0], 0)
        return TensorType("bool", dims)

    return infer


def _cumulative(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        if of.is_number:
            raise faults.wrong_dtype(op, of, "a tensor", 0)
        if attrs["axis"] is not None:
            position(op, of, attrs["axis"])
        elif len(of.dims) != 1:
            raise faults.wrong_rank(
                op,
                of,
                "a vector where no dimension is given",
                0,
                f"{op}(x, -1) runs along the last",
            )
        return TensorType("f32" if of.dtype == "bool" else of.dtype, of.dims)

    return infer


def _softmax(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        if of.is_number:
            raise faults.wrong_dtype(op, of, "a tensor", 0)
        position(op, of, attrs["axis"])
        return TensorType(floating(of.dtype), of.dims)

    return infer


def _global_norm(types: Types, attrs: Attrs) -> TensorType:
    if attrs["axis"] is not None or attrs["keepdim"]:
        raise faults.wrong_size(
            "`norm` of a bundle runs over all its tensors, and takes no dimension",
            "in a rule, `for each` makes one instance for each tensor",
        )
    _only_tensors("norm", types)
    return TensorType(floating(promote(TensorType(t.dtype, (Dim(None, 1),)) for t in types)))


def _global_dot(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    _only_tensors("dot", types)
    half = len(types) // 2
    for a, b in zip(types[:half], types[half:], strict=True):
        dot((a, b), {})
    return TensorType(floating(promote(TensorType(t.dtype, (Dim(None, 1),)) for t in types)))


def dot(types: Types, attrs: Attrs) -> TensorType:
    """The type of a full inner product: both sides have the same dimensions.

    Raises:
        TypeFault: where they have not.
    """
    del attrs
    _only_tensors("dot", types)
    a, b = types
    if len(a.dims) != len(b.dims):
        raise faults.do_not_match("dot", a, b)
    broadcast(types)
    if any((x.size == 1) != (y.size == 1) for x, y in zip(a.dims, b.dims, strict=True)):
        raise faults.do_not_match("dot", a, b)
    for i, t in enumerate(types):
        need_numbers("dot", t, i)
    return TensorType(promote(types))


def _only_tensors(op: str, types: Types) -> None:
    for i, t in enumerate(types):
        if t.is_number:
            raise faults.wrong_dtype(op, t, "tensors", i)


for _name, _infer, _doc in (
    ("sum", _sum("sum"), "The sum; of booleans, how many are true."),
    ("mean", _mean("mean"), "The mean; of booleans, the share that is true."),
    ("var", _spread("var"), "The variance, with n - correction in the denominator."),
    ("std", _spread("std"), "The standard deviation, with n - correction in the denominator."),
):
    register(
        Op(
            _name,
            (
                Param("x"),
                *_AXES,
                *((Param("correction", "integer", 1),) if _name in ("var", "std") else ()),
            ),
            _infer,
            f"torch.{_name}",
            _doc,
            "x[..., axis, ...] -> [..., ...]",
            _SAMPLES
            if _name in ("sum", "mean")
            else tuple(Sample(s.args, {**s.attrs, "correction": 1}) for s in _SAMPLES),
            promotes=True,
        )
    )

for _name, _doc in (("max", "The largest element"), ("min", "The smallest element")):
    register(
        Op(
            _name,
            (
                Param("x"),
                Param("other", "axis_or_value", None),
                *_AXES,
            ),
            _extreme(_name),
            f"torch.a{_name}",
            f"{_doc}; with a value as second argument, elementwise.",
            "x[..., axis, ...] -> [..., ...]",
            _SAMPLES,
        )
    )

for _name, _doc in (
    ("argmax", "Where the largest element is."),
    ("argmin", "Where the smallest element is."),
):
    register(
        Op(
            _name,
            (Param("x"), *_AXIS),
            _arg(_name),
            f"torch.{_name}",
            _doc,
            "x[..., axis, ...] -> int[..., ...]",
            (
                Sample(("f32[B, d]",), {"axis": None, "keepdim": False}),
                Sample(("f32[B, d]",), {"axis": "d", "keepdim": False}),
                Sample(("f32[B, d]",), {"axis": 0, "keepdim": True}),
            ),
        )
    )

for _name, _doc in (
    ("any", "Whether any element is true."),
    ("all", "Whether all elements are true."),
):
    register(
        Op(
            _name,
            (Param("x"), *_AXES),
            _all(_name),
            f"torch.{_name}",
            _doc,
            "x bool[..., axis, ...] -> bool[..., ...]",
            tuple(Sample(("bool" + s.args[0][3:],), s.attrs) for s in _SAMPLES),
        )
    )

register(
    Op(
        "norm",
        (Param("x"), *_AXES, Param("p", "number", 2, "ord")),
        _mean("norm"),
        "torch.linalg.vector_norm",
        "The root of the sum of squares (the p-th root of the sum of p-th powers); over a bundle, "
        "of all its tensors together.",
        "x[..., axis, ...] -> [..., ...]",
        tuple(Sample(s.args, {**s.attrs, "p": 2}) for s in _SAMPLES),
        promotes=True,
        bundled="all",
    )
)
register(
    Op(
        "global_norm",
        (Param("*tensors", "values"), *_AXES, Param("p", "number", 2)),
        _global_norm,
        "nlgraph.functional.global_norm",
        "`norm` of a bundle: of all its tensors together.",
        "x[...], ... -> []",
        (Sample(("f32[B, d]", "f32[d]"), {"axis": None, "keepdim": False, "p": 2}),),
        promotes=True,
    )
)
register(
    Op(
        "global_dot",
        (Param("*tensors", "values"),),
        _global_dot,
        "nlgraph.functional.global_dot",
        "`dot` of two bundles: the sum of the inner products of their tensors.",
        "x[...], ..., y[...], ... -> []",
        (Sample(("f32[B, d]", "f32[d]", "f32[B, d]", "f32[d]"), {}),),
        promotes=True,
    )
)
register(
    Op(
        "logsumexp",
        (Param("x"), *_AXES),
        _mean("logsumexp"),
        "nlgraph.functional.logsumexp",
        "log(sum(exp(x))), exact for all x.",
        "x[..., axis, ...] -> [..., ...]",
        _SAMPLES,
        promotes=True,
    )
)

for _name, _doc in (("cumsum", "The running sum"), ("cumprod", "The running product")):
    register(
        Op(
            _name,
            (Param("x"), Param("axis", "axis", None, "dim")),
            _cumulative(_name),
            f"nlgraph.functional.{_name}",
            f"{_doc} along a dimension; a vector needs none.",
            "x[..., axis, ...] -> [..., axis, ...]",
            (
                Sample(("f32[B, d]",), {"axis": "d"}),
                Sample(("f32[B, d]",), {"axis": 0}),
                Sample(("f32[d]",), {"axis": None}),
            ),
            promotes=True,
        )
    )

for _name, _doc in (
    ("softmax", "exp(x) / sum(exp(x)) along a dimension."),
    ("log_softmax", "log(softmax(x)), exact for all x."),
):
    register(
        Op(
            _name,
            (Param("x"), Param("axis", "axis", -1, "dim")),
            _softmax(_name),
            f"torch.{_name}",
            _doc,
            "x[..., axis, ...] -> [..., axis, ...]",
            (Sample(("f32[B, d]",), {"axis": -1}), Sample(("f32[B, d]",), {"axis": "B"})),
            promotes=True,
        )
    )
