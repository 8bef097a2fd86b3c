"""Entries: losses. Each is the mean over all elements unless `reduction` says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import same_dims
from nlgraph.ops.dtypes import is_float, need_float, need_one_dtype, promote
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.types import TRUTH, Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]

_REDUCTION = Param("reduction", "text", "mean")
_PAIR = (Param("input"), Param("target"), _REDUCTION)
_SAMPLES = tuple(
    Sample(("f32[B, d]", "f32[B, d]"), {"reduction": reduction})
    for reduction in ("mean", "sum", "none")
)


def _reduced(op: str, dtype: str, dims: tuple[Dim, ...], attrs: Attrs) -> TensorType:
    allowed = ("mean", "sum", "none")
    if attrs["reduction"] not in allowed:
        raise faults.wrong_option(
            op, "reduction", attrs["reduction"], (f'"{name}"' for name in allowed)
        )
    return TensorType(dtype, dims if attrs["reduction"] == "none" else ())


def _pair(op: str) -> Infer:
    """A loss of two values with the same dimensions; the target may be a number."""

    def infer(types: Types, attrs: Attrs) -> TensorType:
        value, target = types
        need_float(op, value, 0)
        if target.dtype == TRUTH:
            raise faults.wrong_dtype(op, target, "numbers", 1)
        if target.is_number:
            return _reduced(op, value.dtype, value.dims, attrs)
        dims = same_dims(value.dims, target.dims)
        if dims is None:
            raise faults.do_not_match(op, value, target)
        return _reduced(op, promote(types), dims, attrs)

    return infer


def _cross_entropy(types: Types, attrs: Attrs) -> TensorType:
    logits, target = types
    need_float("cross_entropy", logits, 0)
    if not logits.dims:
        raise faults.wrong_rank("cross_entropy", logits, "logits, classes in the last dimension", 0)
    if is_float(target):
        need_one_dtype("cross_entropy", logits, target)
        if same_dims(logits.dims, target.dims) is None:
            raise _unmatched_target(logits, target)
    elif target.dtype != "int":
        raise faults.wrong_dtype("cross_entropy", target, "class numbers (int) or probabilities", 1)
    elif same_dims(logits.dims[:-1], target.dims) is None:
        raise _unmatched_target(logits, target)
    return _reduced("cross_entropy", logits.dtype, logits.dims[:-1], attrs)


def _unmatched_target(logits: TensorType, target: TensorType) -> Exception:
    wanted = TensorType("int", logits.dims[:-1])
    return faults.wrong_size(
        f"`cross_entropy` of logits `{logits}` takes a target `{wanted}`, not `{target}`",
        "classes are in the last dimension of the logits",
        1,
    )


register(
    Op(
        "cross_entropy",
        (Param("logits"), Param("target"), _REDUCTION),
        _cross_entropy,
        "nlgraph.functional.cross_entropy",
        "-log(softmax(logits)) at the target: a class number, or a probability for each class. "
        "Classes are in the last dimension.",
        "logits[..., classes], target int[...] -> []",
        (
            Sample(("f32[B, d]", "int[B] < 4"), {"reduction": "mean"}),
            Sample(("f32[B, T, d]", "int[B, T] < 4"), {"reduction": "none"}),
            Sample(("f32[B, T, d]", "int[B, T] < 4"), {"reduction": "sum"}),
            Sample(("f32[d]", "int[] < 4"), {"reduction": "mean"}),
            Sample(("f32[B, d]", "f32[B, d] > 0"), {"reduction": "mean"}),
        ),
    )
)
for _name, _doc in (
    ("mse", "(input - target)^2."),
    ("l1", "abs(input - target)."),
):
    register(
        Op(
            _name,
            _PAIR,
            _pair(_name),
            f"nlgraph.functional.{_name}",
            _doc,
            "input[...], target[...] -> []",
            (*_SAMPLES, Sample(("f32[B, d]", "number"), {"reduction": "mean"})),
            promotes=True,
        )
    )
register(
    Op(
        "huber",
        (*_PAIR, Param("delta", "number", 1.0)),
        _pair("huber"),
        "nlgraph.functional.huber",
        "Half the square of input - target where it is at most delta, else delta times its "
        "absolute value, less delta/2.",
        "input[...], target[...] -> []",
        tuple(Sample(s.args, {**s.attrs, "delta": 0.5}) for s in _SAMPLES),
        promotes=True,
    )
)
register(
    Op(
        "bce",
        (*_PAIR, Param("logits", "flag", default=False)),
        _pair("bce"),
        "nlgraph.functional.bce",
        "Binary cross entropy of probabilities; of logits with logits = true.",
        "input[...], target[...] -> []",
        (
            *(
                Sample(("f32[B, d] > 0", "f32[B, d] > 0"), {**s.attrs, "logits": False})
                for s in _SAMPLES
            ),
            Sample(("f32[B, d]", "f32[B, d] > 0"), {"reduction": "mean", "logits": True}),
        ),
        promotes=True,
    )
)
register(
    Op(
        "kl",
        _PAIR,
        _pair("kl"),
        "nlgraph.functional.kl",
        "Kullback-Leibler divergence target * (log(target) - input), input being log "
        "probabilities, as torch has it.",
        "input[...], target[...] -> []",
        tuple(Sample(("f32[B, d]", "f32[B, d] > 0"), s.attrs) for s in _SAMPLES),
        promotes=True,
    )
)
