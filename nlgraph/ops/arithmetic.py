"""Entries: infix arithmetic, comparisons, logic, choice, casts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast
from nlgraph.ops.dtypes import floating, is_condition, need_condition, promote
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.types import TRUTH, WHOLE, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]

_PAIR = (Param("a"), Param("b"))
_SAMPLES = (
    Sample(("f32[B, d]", "f32[B, d]"), {}),
    Sample(("f32[B, d]", "f32[d]"), {}),
    Sample(("f32[B, 1]", "number"), {}),
    Sample(("number", "f32[]"), {}),
)


def _arithmetic(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        del attrs
        _no_booleans(op, types)
        return TensorType(promote(types), broadcast(types))

    return infer


def _no_booleans(op: str, types: Types) -> None:
    """Booleans take part in arithmetic only where a floating value makes numbers of them."""
    result = promote(types)
    for i, t in enumerate(types):
        if t.dtype == "bool" and result in ("bool", "int"):
            raise faults.wrong_dtype(op, t, "numbers", i, "f32(…) makes 0 and 1 of it")
        if t.dtype == TRUTH and not TensorType(result).is_number:
            raise faults.wrong_dtype(op, t, "numbers", i, "if … then 1 else 0")


def _div(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    if any(t.dtype == TRUTH for t in types):
        _no_booleans("/", types)
    return TensorType(floating(promote(types)), broadcast(types))


def _compare(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    dims = broadcast(types)
    return TensorType(TRUTH if all(t.is_number for t in types) else "bool", dims)


def _logic(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        del attrs
        for i, t in enumerate(types):
            need_condition(op, t, i)
        return _compare(types, {})

    return infer


def _where(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    need_condition("if", types[0], 0)
    return TensorType(_chosen(types), broadcast(types))


def _chosen(types: Types) -> str:
    """The dtype of a choice: numbers become a tensor's dtype where the condition is a tensor."""
    condition, *branches = types
    if all(is_condition(t) for t in branches):
        return "bool" if any(not t.is_number for t in types) else TRUTH
    dtype = promote(branches)
    if all(t.is_number for t in branches) and not condition.is_number:
        return "int" if dtype == WHOLE else "f32"
    return dtype


def _cast(types: Types, attrs: Attrs) -> TensorType:
    return TensorType(attrs["dtype"], types[0].dims)


for _name, _sign, _function, _doc in (
    ("add", "+", "add", "The sum, elementwise."),
    ("sub", "-", "sub", "The difference, elementwise."),
    ("mul", "*", "mul", "The product, elementwise."),
):
    register(
        Op(
            _name,
            _PAIR,
            _arithmetic(_sign),
            f"operator.{_function}",
            _doc,
            f"x[...] {_sign} y[...] -> [...]",
            _SAMPLES,
            scalar=f"operator.{_function}",
            promotes=True,
            bundled="leaf",
            foreach=f"torch._foreach_{_function}",
        )
    )

register(
    Op(
        "div",
        _PAIR,
        _div,
        "operator.truediv",
        "The quotient, elementwise; of integers a floating one.",
        "x[...] / y[...] -> [...]",
        _SAMPLES,
        scalar="nlgraph.functional.numbers.divide",
        promotes=True,
        bundled="leaf",
        foreach="torch._foreach_div",
    )
)
register(
    Op(
        "pow",
        _PAIR,
        _arithmetic("^"),
        "operator.pow",
        "The power, elementwise.",
        "x[...] ^ y[...] -> [...]",
        (Sample(("f32[B, d] > 0", "number"), {}), Sample(("number > 0", "f32[d]"), {})),
        scalar="nlgraph.functional.numbers.power",
        promotes=True,
        bundled="leaf",
        foreach="torch._foreach_pow",
    )
)
register(
    Op(
        "neg",
        (Param("x"),),
        _arithmetic("-"),
        "operator.neg",
        "The negative, elementwise.",
        "-x[...] -> [...]",
        (Sample(("f32[B, d]",), {}),),
        scalar="operator.neg",
        bundled="leaf",
        foreach="torch._foreach_neg",
    )
)

for _name, _sign in (
    ("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="),
):  # fmt: skip
    register(
        Op(
            _name,
            _PAIR,
            _compare,
            f"operator.{_name}",
            f"Whether x {_sign} y, elementwise.",
            f"x[...] {_sign} y[...] -> bool[...]",
            (Sample(("f32[B, d]", "f32[d]"), {}), Sample(("int[B]", "number"), {})),
            scalar=f"operator.{_name}",
            bundled="leaf",
        )
    )

for _name, _doc in (("and", "Whether both are true."), ("or", "Whether one is true.")):
    register(
        Op(
            _name,
            _PAIR,
            _logic(_name),
            f"operator.{_name}_",
            f"{_doc[:-1]}, elementwise.",
            f"x[...] {_name} y[...] -> bool[...]",
            (Sample(("bool[B]", "bool[B]"), {}),),
            scalar=f"operator.{_name}_",
            bundled="leaf",
        )
    )

register(
    Op(
        "not",
        (Param("x"),),
        _logic("not"),
        "torch.logical_not",
        "The opposite of true or false, elementwise.",
        "not x[...] -> bool[...]",
        (Sample(("bool[B]",), {}),),
        scalar="operator.not_",
        bundled="leaf",
    )
)
register(
    Op(
        "where",
        (Param("c"), Param("a"), Param("b")),
        _where,
        "torch.where",
        "a where c is true, else b, elementwise; also `where(c, a, b)`.",
        "c bool[...], a[...], b[...] -> [...]",
        (
            Sample(("bool[B, d]", "f32[B, d]", "f32[d]"), {}),
            Sample(("bool[B]", "f32[B]", "number"), {}),
            Sample(("bool[B]", "number", "number"), {}),
        ),
        scalar="nlgraph.functional.where",
        mixed="nlgraph.functional.where",
        bundled="leaf",
    )
)
register(
    Op(
        "cast",
        (Param("x"), Param("dtype", "text")),
        _cast,
        "nlgraph.functional.cast",
        "The same values in another dtype: `f32(x)`, `int(x)`.",
        "x[...] -> [...]",
        (Sample(("int[B]",), {"dtype": "f32"}), Sample(("f32[B]",), {"dtype": "bool"})),
        scalar="nlgraph.functional.cast",
        bundled="leaf",
    )
)
