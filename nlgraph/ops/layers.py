"""Entries: normalisation, attention, convolution, pooling."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast, fits, position
from nlgraph.ops.dtypes import is_condition, need_float, need_one_dtype
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.reductions import reduced
from nlgraph.ops.types import Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


def _normalized(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (of,) = types
        need_float(op, of, 0)
        reduced(op, of, {**attrs, "keepdim": False})
        return of

    return infer


def _batch_norm(types: Types, attrs: Attrs) -> TensorType:
    of, *statistics = types
    need_float("batch_norm", of, 0)
    axis = position("batch_norm", of, attrs["axis"])
    if len(of.dims) < 2:
        raise faults.wrong_rank("batch_norm", of, "a batch of features", 0)
    if len(statistics) == 1:
        raise faults.wrong_size("`batch_norm` takes a mean and a variance, or neither of them")
    for i, t in enumerate(statistics, start=1):
        if len(t.dims) != 1 or not fits(t.dims[0], of.dims[axis]):
            raise faults.wrong_rank("batch_norm", t, f"a number for each `{of.dims[axis]}`", i)
    return of


def _attention(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    q, k, v, *mask = types
    for i, t in enumerate((q, k, v)):
        need_float("attention", t, i)
        if len(t.dims) < 2:
            raise faults.wrong_rank("attention", t, "[…, positions, features]", i)
    need_one_dtype("attention", q, k)
    need_one_dtype("attention", q, v)
    if not fits(q.dims[-1], k.dims[-1]):
        raise faults.not_contracted("attention", q, k, q.dims[-1], k.dims[-1], None)
    if not fits(k.dims[-2], v.dims[-2]):
        raise faults.not_contracted("attention", k, v, k.dims[-2], v.dims[-2], None)
    front = broadcast([TensorType(t.dtype, t.dims[:-2]) for t in (q, k, v)])
    if mask:
        scores = TensorType(q.dtype, (*front, q.dims[-2], k.dims[-2]))
        if not is_condition(mask[0]):
            need_float("attention", mask[0], 3)
        met = broadcast((scores, mask[0]))
        if [dim.size for dim in met] != [dim.size for dim in scores.dims]:
            raise faults.do_not_match("attention", scores, mask[0])
    return TensorType(q.dtype, (*front, q.dims[-2], v.dims[-1]))


def _convolution(op: str, spatial: int) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        x, kernel, *bias = types
        need_float(op, x, 0)
        need_one_dtype(op, x, kernel)
        if len(x.dims) not in (spatial + 1, spatial + 2):
            raise faults.wrong_rank(op, x, f"[batch, channels, …] with {spatial + 2} dimensions", 0)
        if len(kernel.dims) != spatial + 2:
            raise faults.wrong_rank(op, kernel, f"a kernel with {spatial + 2} dimensions", 1)
        channels, taken = x.dims[-spatial - 1], kernel.dims[1]
        groups = attrs["groups"]
        if groups == 1:
            if not fits(channels, taken):
                raise faults.not_contracted(op, x, kernel, channels, taken, None)
        elif None not in (channels.size, taken.size) and channels.size != groups * (
            taken.size or 0
        ):
            raise faults.wrong_size(
                f"`{op}` in {groups} groups: the kernel takes {taken} channels, and `{x}` has "
                f"{channels} (length {channels.size})"
            )
        if bias and (len(bias[0].dims) != 1 or not fits(bias[0].dims[0], kernel.dims[0])):
            raise faults.wrong_rank(op, bias[0], f"a bias for each `{kernel.dims[0]}`", 2)
        places = tuple(
            _window(
                op,
                x.dims[i - spatial],
                kernel.dims[2 + i].size,
                _at(op, "stride", attrs["stride"], i, spatial, 1),
                _at(op, "padding", attrs["padding"], i, spatial, 0),
                _at(op, "dilation", attrs["dilation"], i, spatial, 1),
            )
            for i in range(spatial)
        )
        return TensorType(x.dtype, (*x.dims[: -spatial - 1], kernel.dims[0], *places))

    return infer


def _pool(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        (x,) = types
        need_float(op, x, 0)
        if len(x.dims) not in (3, 4):
            raise faults.wrong_rank(op, x, "[batch, channels, height, width]", 0)
        stride = attrs["size"] if attrs["stride"] is None else attrs["stride"]
        places = tuple(
            _window(
                op,
                x.dims[i - 2],
                _at(op, "size", attrs["size"], i, 2, 1),
                _at(op, "stride", stride, i, 2, 1),
                _pool_padding(op, attrs, i),
                1,
            )
            for i in range(2)
        )
        return TensorType(x.dtype, (*x.dims[:-2], *places))

    return infer


def _pool_padding(op: str, attrs: Attrs, i: int) -> int:
    padding = _at(op, "padding", attrs["padding"], i, 2, 0)
    if 2 * padding > _at(op, "size", attrs["size"], i, 2, 1):
        raise faults.wrong_option(op, "padding", padding, ("half the window's size at most",))
    return padding


def _at(op: str, param: str, given: int | tuple[int, ...], i: int, count: int, least: int) -> int:
    """The number for one direction of a parameter that has one number, or one for each."""
    numbers = given if isinstance(given, tuple) else (given,) * count
    if len(numbers) != count or any(number < least for number in numbers):
        raise faults.wrong_option(op, param, given, (f"a number from {least}, or {count} of them",))
    return numbers[i]


def _window(op: str, dim: Dim, size: int | None, stride: int, padding: int, dilation: int) -> Dim:
    """The dimension that a sliding window leaves: with its name where the length always stays."""
    if size is None:
        return Dim(None, None)
    reach = dilation * (size - 1)
    if stride == 1 and 2 * padding == reach:
        return dim
    if dim.size is None:
        return Dim(None, None)
    places = dim.size + 2 * padding - reach
    if places < 1:
        raise faults.wrong_size(
            f"`{op}`: a window of {reach + 1} does not fit into `{dim}` (length {dim.size})"
            + (f" with padding {padding}" if padding else "")
        )
    return Dim(None, (places - 1) // stride + 1)


_X = Param("x")
_KERNEL = (
    Param("x"),
    Param("kernel"),
    Param("bias", default=None),
    Param("stride", "integer", 1),
    Param("padding", "integer", 0),
    Param("dilation", "integer", 1),
    Param("groups", "integer", 1),
)
_PLAIN = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}

register(
    Op(
        "layer_norm",
        (_X, Param("axis", "axes", -1), Param("eps", "number", 1e-5)),
        _normalized("layer_norm"),
        "nlgraph.functional.layer_norm",
        "x with mean 0 and variance 1 along the last dimension, or along others.",
        "x[..., axis] -> [..., axis]",
        (
            Sample(("f32[B, d]",), {"axis": -1, "eps": 1e-5}),
            Sample(("f32[B, T, d]",), {"axis": ("T", "d"), "eps": 1e-5}),
            Sample(("f32[B, d]",), {"axis": ("B",), "eps": 1e-5}),
        ),
    )
)
register(
    Op(
        "rms_norm",
        (_X, Param("axis", "axes", -1), Param("eps", "number", None)),
        _normalized("rms_norm"),
        "nlgraph.functional.rms_norm",
        "x divided by its root mean square along the last dimension, or along others; eps, unless "
        "given, is the dtype's epsilon, as torch has it.",
        "x[..., axis] -> [..., axis]",
        (
            Sample(("f32[B, d]",), {"axis": -1, "eps": None}),
            Sample(("f32[B, T, d]",), {"axis": ("T",), "eps": 1e-6}),
        ),
    )
)
register(
    Op(
        "batch_norm",
        (
            _X,
            Param("mean", default=None),
            Param("var", default=None),
            Param("axis", "axis", 1),
            Param("eps", "number", 1e-5),
        ),
        _batch_norm,
        "nlgraph.functional.batch_norm",
        "x with mean 0 and variance 1 over all dimensions but one, by the batch's statistics, or "
        "by those that are given.",
        "x[B, c, ...] -> [B, c, ...]",
        (
            Sample(("f32[B, d]",), {"axis": 1, "eps": 1e-5}),
            Sample(("f32[B, T, d]",), {"axis": -1, "eps": 1e-5}),
            Sample(("f32[B, d]", "f32[d]", "f32[d] > 0"), {"axis": "d", "eps": 1e-5}),
        ),
    )
)
register(
    Op(
        "attention",
        (
            Param("q"),
            Param("k"),
            Param("v"),
            Param("mask", default=None),
            Param("causal", "flag", default=False),
            Param("scale", "number", None),
        ),
        _attention,
        "nlgraph.functional.attention",
        "softmax(q @ k.T * scale) @ v, scale 1/sqrt(d); causal: each position sees those up to it. "
        "A mask is added to the scores, or says where to look.",
        "q[..., n, d], k[..., m, d], v[..., m, e] -> [..., n, e]",
        (
            Sample(
                ("f32[B, T, d]", "f32[B, T, d]", "f32[B, T, k]"), {"causal": True, "scale": None}
            ),
            Sample(
                ("f32[B, T, d]", "f32[B, n, d]", "f32[B, n, d]"), {"causal": False, "scale": 0.5}
            ),
            Sample(
                ("f32[T, d]", "f32[T, d]", "f32[T, d]", "f32[T, T]"),
                {"causal": False, "scale": None},
            ),
        ),
    )
)
for _name, _count, _samples in (
    (
        "conv1d",
        1,
        (
            Sample(("f32[B, C, X]", "f32[k, C, 3]"), {**_PLAIN, "padding": 1}),
            Sample(("f32[C, X]", "f32[k, C, 3]", "f32[k]"), {**_PLAIN, "stride": 2}),
        ),
    ),
    (
        "conv2d",
        2,
        (
            Sample(("f32[B, C, X, Y]", "f32[k, C, 3, 3]"), {**_PLAIN, "padding": 1}),
            Sample(("f32[B, C, X, Y]", "f32[k, C, 2, 3]", "f32[k]"), {**_PLAIN, "stride": (2, 1)}),
            Sample(("f32[B, C, X, Y]", "f32[C, 1, 2, 2]"), {**_PLAIN, "groups": 2, "dilation": 2}),
        ),
    ),
):
    _places = "X" if _count == 1 else "X, Y"
    register(
        Op(
            _name,
            _KERNEL,
            _convolution(_name, _count),
            f"torch.nn.functional.{_name}",
            "A window slides over the places, one product with the kernel at each.",
            f"x[B, c, {_places}], kernel[k, c, …] -> [B, k, …]",
            _samples,
        )
    )
for _name, _doc in (("max_pool2d", "The largest element"), ("avg_pool2d", "The mean")):
    register(
        Op(
            _name,
            (
                _X,
                Param("size", "integer", keyword="kernel_size"),
                Param("stride", "integer", None),
                Param("padding", "integer", 0),
            ),
            _pool(_name),
            f"torch.nn.functional.{_name}",
            f"{_doc} of each window; the stride is the window's size unless given.",
            "x[B, c, X, Y] -> [B, c, …]",
            (
                Sample(("f32[B, C, X, Y]",), {"size": 2, "stride": None, "padding": 0}),
                Sample(("f32[B, C, X, Y]",), {"size": (3, 2), "stride": 1, "padding": 1}),
            ),
        )
    )
