"""Entries: what a random draw decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import same_dims
from nlgraph.ops.dtypes import need_float
from nlgraph.ops.op import Op, Param, Sample, register
from nlgraph.ops.types import TRUTH, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


def _dropout(types: Types, attrs: Attrs) -> TensorType:
    x = types[0]
    need_float("dropout", x, 0)
    if not 0 <= attrs["p"] < 1:
        raise faults.wrong_option("dropout", "p", attrs["p"], ("a probability below 1",))
    return x


def _dropout_apply(types: Types, attrs: Attrs) -> TensorType:
    result = _dropout(types[:1], attrs)
    need_float("dropout", types[1], 1)
    if same_dims(types[0].dims, types[1].dims) is None:
        raise faults.do_not_match("dropout", types[0], types[1])
    if types[2].dtype != TRUTH:
        raise faults.wrong_dtype("dropout", types[2], "one true or false", 2)
    return result


register(
    Op(
        "dropout",
        (Param("x"), Param("p", "number", 0.5)),
        _dropout,
        "torch.nn.functional.dropout",
        "In a step, each element is 0 with probability p, else divided by 1 - p.",
        "x[...] -> [...]",
        (),
        bundled="leaf",
    )
)
register(
    Op(
        "dropout_apply",
        (Param("x"), Param("draw"), Param("learning"), Param("p", "number", 0.5)),
        _dropout_apply,
        "nlgraph.functional.dropout_apply",
        "`dropout` by a given uniform draw.",
        "x[...], draw[...], learning -> [...]",
        (
            Sample(("f32[B, d]", "f32[B, d] > 0", "true"), {"p": 0.3}),
            Sample(("f32[B, d]", "f32[B, d] > 0", "false"), {"p": 0.3}),
        ),
    )
)
