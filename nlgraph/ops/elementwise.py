"""Entries: functions of each element alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast
from nlgraph.ops.dtypes import floating, promote
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.types import TRUTH, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]

_X = (Param("x"),)
_PAIR = (Param("a"), Param("b"))
_MATRIX = Sample(("f32[B, d]",), {})


def _real(types: Types, attrs: Attrs) -> TensorType:
    """A function with real values, of integers too."""
    del attrs
    return TensorType(floating(types[0].dtype), types[0].dims)


def _same(op: str) -> Infer:
    """A function that keeps the dtype."""

    def infer(types: Types, attrs: Attrs) -> TensorType:
        del attrs
        for i, t in enumerate(types):
            if t.dtype in ("bool", "truth"):
                raise faults.wrong_dtype(op, t, "numbers", i, "f32(…) makes 0 and 1 of it")
        return TensorType(promote(types), broadcast(types))

    return infer


def _tensor(op: str) -> Infer:
    """A function with real values that plain numbers have no use for."""

    def infer(types: Types, attrs: Attrs) -> TensorType:
        if types[0].is_number:
            raise faults.wrong_dtype(op, types[0], "a tensor", 0)
        return _real(types, attrs)

    return infer


def _tensors(op: str) -> Infer:
    """A function of two tensors with real values."""

    def infer(types: Types, attrs: Attrs) -> TensorType:
        del attrs
        for i, t in enumerate(types):
            if t.is_number:
                raise faults.wrong_dtype(op, t, "tensors", i)
        return TensorType(floating(promote(types)), broadcast(types))

    return infer


def _test(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    return TensorType(TRUTH if types[0].is_number else "bool", types[0].dims)


def _gelu(types: Types, attrs: Attrs) -> TensorType:
    if attrs["approximate"] not in ("none", "tanh"):
        raise faults.wrong_option("gelu", "approximate", attrs["approximate"], ('"none"', '"tanh"'))
    return _tensor("gelu")(types, attrs)


# What torch and Python's math both have; the third says whether a whole bundle has a function.
for _name, _scalar, _foreach, _doc in (
    ("exp", "nlgraph.functional.numbers.exp", True, "The exponential."),
    ("exp2", "nlgraph.functional.numbers.exp2", False, "2 to the power of x."),
    ("expm1", "nlgraph.functional.numbers.expm1", True, "exp(x) - 1, exact near 0."),
    ("log", "nlgraph.functional.numbers.log", True, "The natural logarithm."),
    ("log2", "nlgraph.functional.numbers.log2", True, "The logarithm to base 2."),
    ("log10", "nlgraph.functional.numbers.log10", True, "The logarithm to base 10."),
    ("log1p", "nlgraph.functional.numbers.log1p", True, "log(1 + x), exact near 0."),
    ("sqrt", "nlgraph.functional.numbers.sqrt", True, "The square root."),
    ("rsqrt", "nlgraph.functional.numbers.rsqrt", True, "1 over the square root."),
    ("sin", "nlgraph.functional.numbers.sin", True, "The sine."),
    ("cos", "nlgraph.functional.numbers.cos", True, "The cosine."),
    ("tan", "nlgraph.functional.numbers.tan", True, "The tangent."),
    ("asin", "nlgraph.functional.numbers.asin", True, "The inverse sine."),
    ("acos", "nlgraph.functional.numbers.acos", True, "The inverse cosine."),
    ("atan", "math.atan", True, "The inverse tangent."),
    ("sinh", "nlgraph.functional.numbers.sinh", True, "The hyperbolic sine."),
    ("cosh", "nlgraph.functional.numbers.cosh", True, "The hyperbolic cosine."),
    ("tanh", "math.tanh", True, "The hyperbolic tangent."),
    ("erf", "math.erf", True, "The error function."),
    ("erfc", "math.erfc", True, "1 - erf(x), exact where erf is near 1."),
    ("sigmoid", "nlgraph.functional.numbers.sigmoid", True, "1 / (1 + exp(-x))."),
    ("reciprocal", "nlgraph.functional.numbers.reciprocal", True, "1 over x."),
):
    register(
        Op(
            _name,
            _X,
            _real,
            f"torch.{_name}",
            _doc,
            "x[...] -> [...]",
            (Sample(("f32[B, d] > 0",), {}), Sample(("number > 0",), {})),
            scalar=_scalar,
            promotes=True,
            bundled="leaf",
            foreach=f"torch._foreach_{_name}" if _foreach else None,
        )
    )

for _name, _target, _scalar, _foreach, _doc in (
    ("abs", "torch.abs", "builtins.abs", True, "The absolute value."),
    ("sign", "torch.sign", "nlgraph.functional.numbers.sign", True, "-1, 0 or 1."),
    (
        "floor",
        "torch.floor",
        "nlgraph.functional.numbers.floor",
        True,
        "The next whole number below.",
    ),
    ("ceil", "torch.ceil", "nlgraph.functional.numbers.ceil", True, "The next whole number above."),
    (
        "round",
        "torch.round",
        "nlgraph.functional.numbers.nearest",
        True,
        "The nearest whole number, halves to even.",
    ),
    ("trunc", "torch.trunc", "nlgraph.functional.numbers.trunc", True, "The whole part."),
    ("square", "torch.square", "nlgraph.functional.numbers.square", False, "x times x."),
    ("relu", "torch.relu", "nlgraph.functional.numbers.relu", False, "max(0, x)."),
):
    register(
        Op(
            _name,
            _X,
            _same(_name),
            _target,
            _doc,
            "x[...] -> [...]",
            (_MATRIX, Sample(("number",), {})),
            scalar=_scalar,
            bundled="leaf",
            foreach=f"torch._foreach_{_name}" if _foreach else None,
        )
    )

for _name, _target, _doc in (
    ("silu", "torch.nn.functional.silu", "x * sigmoid(x)."),
    ("log_sigmoid", "torch.nn.functional.logsigmoid", "log(sigmoid(x)), exact for all x."),
    ("mish", "torch.nn.functional.mish", "x * tanh(softplus(x))."),
    ("selu", "torch.nn.functional.selu", "The scaled exponential linear unit."),
    ("softsign", "torch.nn.functional.softsign", "x / (1 + abs(x))."),
    ("hardsigmoid", "nlgraph.functional.hardsigmoid", "clip(x / 6 + 0.5, 0, 1)."),
    ("hardswish", "torch.nn.functional.hardswish", "x * hardsigmoid(x)."),
    ("relu6", "torch.nn.functional.relu6", "clip(x, 0, 6)."),
):
    register(
        Op(
            _name,
            _X,
            _tensor(_name),
            _target,
            _doc,
            "x[...] -> [...]",
            (_MATRIX,),
            promotes=True,
            bundled="leaf",
        )
    )

register(
    Op(
        "gelu",
        (Param("x"), Param("approximate", "text", "none")),
        _gelu,
        "torch.nn.functional.gelu",
        'x times the normal distribution function of x; approximate = "tanh" for its tanh form.',
        "x[...] -> [...]",
        tuple(Sample(("f32[B, d]",), {"approximate": form}) for form in ("none", "tanh")),
        promotes=True,
        bundled="leaf",
    )
)
register(
    Op(
        "softplus",
        (Param("x"), Param("beta", "number", 1)),
        _tensor("softplus"),
        "torch.nn.functional.softplus",
        "log(1 + exp(beta * x)) / beta.",
        "x[...] -> [...]",
        (Sample(("f32[B, d]",), {"beta": 1}),),
        promotes=True,
        bundled="leaf",
    )
)
register(
    Op(
        "leaky_relu",
        (Param("x"), Param("slope", "number", 0.01, "negative_slope")),
        _tensor("leaky_relu"),
        "torch.nn.functional.leaky_relu",
        "x where it is positive, else slope * x.",
        "x[...] -> [...]",
        (Sample(("f32[B, d]",), {"slope": 0.01}),),
        promotes=True,
        bundled="leaf",
    )
)
register(
    Op(
        "elu",
        (Param("x"), Param("alpha", "number", 1.0)),
        _tensor("elu"),
        "torch.nn.functional.elu",
        "x where it is positive, else alpha * (exp(x) - 1).",
        "x[...] -> [...]",
        (Sample(("f32[B, d]",), {"alpha": 1.0}),),
        promotes=True,
        bundled="leaf",
    )
)
register(
    Op(
        "clip",
        (Param("x"), Param("low"), Param("high")),
        _same("clip"),
        "nlgraph.functional.clip",
        "x, but at least low and at most high.",
        "x[...], low[...], high[...] -> [...]",
        (
            Sample(("f32[B, d]", "number", "number"), {}),
            Sample(("f32[B, d]", "f32[d]", "number"), {}),
        ),
        scalar="nlgraph.functional.clip",
        promotes=True,
        bundled="leaf",
    )
)

for _name, _doc in (("maximum", "The larger one"), ("minimum", "The smaller one")):
    register(
        Op(
            _name,
            _PAIR,
            _same(_name[:3]),
            f"torch.{_name}",
            f"{_doc}, elementwise; `{_name[:3]}(a, b)`.",
            "a[...], b[...] -> [...]",
            (
                Sample(("f32[B, d]", "f32[d]"), {}),
                Sample(("f32[B, d]", "number"), {}),
                Sample(("number", "f32[]"), {}),
                Sample(("number", "number"), {}),
            ),
            scalar=f"builtins.{_name[:3]}",
            mixed=f"nlgraph.functional.{_name}",
            promotes=True,
            bundled="leaf",
            foreach=f"torch._foreach_{_name}",
        )
    )

for _name, _doc in (
    ("atan2", "The angle of the point (b, a)."),
    ("hypot", "sqrt(a^2 + b^2)."),
    ("logaddexp", "log(exp(a) + exp(b)), exact for all a and b."),
):
    register(
        Op(
            _name,
            _PAIR,
            _tensors(_name),
            f"torch.{_name}",
            _doc,
            "a[...], b[...] -> [...]",
            (Sample(("f32[B, d]", "f32[d]"), {}),),
            promotes=True,
            bundled="leaf",
        )
    )

register(
    Op(
        "mod",
        _PAIR,
        _same("mod"),
        "torch.remainder",
        "What a division leaves, with the sign of b, elementwise.",
        "a[...], b[...] -> [...]",
        (Sample(("f32[B, d] > 0", "number > 0"), {}), Sample(("int[B]", "number > 0"), {})),
        scalar="nlgraph.functional.numbers.mod",
        promotes=True,
        bundled="leaf",
    )
)
for _name, _doc in (
    ("isnan", "Whether x is no number."),
    ("isfinite", "Whether x is neither infinite nor no number."),
):
    register(
        Op(
            _name,
            _X,
            _test,
            f"torch.{_name}",
            _doc,
            "x[...] -> bool[...]",
            (_MATRIX,),
            scalar=f"math.{_name}",
            bundled="leaf",
        )
    )
