import numpy as np
import pytest
import torch

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import Input
from nlgraph.text.source import Source
from nlgraph.text.span import Origin, Span
from nlgraph.train.fit import fit_batch

_ORIGIN = Origin(Span(Source("spec.nl", "i"), 0, 1))
_SIZES = {"B": 4, "d": 3}


def _input(name, dtype, *dims):
    type_ = TensorType(dtype, tuple(Dim(dim, _SIZES.get(dim)) for dim in dims))
    return Input(InputId(name), type_, ClockId("step"), _ORIGIN)


X, Y, K = _input("x", "f32", "B", "d"), _input("y", "int", "B"), _input("x", "f32", "B", "k")


def _fit(raw, *inputs, varies=None):
    report = Report()
    return fit_batch(raw, inputs, varies, "batch 7 of `m:f`", report), report


@pytest.mark.parametrize(
    ("value", "at", "dtype"),
    [
        (torch.ones(4, 3), X, torch.float32),
        (torch.ones(4, 3, requires_grad=True), X, torch.float32),
        (torch.ones(4, 3).bfloat16(), X, torch.float32),
        (np.ones((4, 3)), X, torch.float32),
        (np.ones(4, np.uint8), _input("x", "int", "B"), torch.int64),
        (torch.ones(4).bool(), _input("x", "bool", "B"), torch.bool),
        (2.5, _input("x", "f32"), torch.float32),
        (torch.ones(2), _input("x", "bf16", "n"), torch.bfloat16),
    ],
)
def test_tensors_arrays_and_numbers_get_the_inputs_dtype(value, at, dtype):
    fitted, report = _fit({"x": value, "other": "not looked at"}, at)
    assert not report.diagnostics
    assert fitted.tensors["x"].dtype == dtype
    assert not fitted.tensors["x"].requires_grad


def test_a_batch_binds_the_dims_without_a_number():
    fitted, _ = _fit({"x": torch.ones(4, 9)}, K)
    assert fitted.sizes == {"B": 4, "k": 9}


def test_only_the_dim_that_may_vary_has_another_length():
    batch = {"x": torch.ones(2, 3), "y": torch.ones(2).long()}
    fitted, _ = _fit(batch, X, Y, varies="B")
    assert fitted.sizes["B"] == 2
    assert _fit(batch, X, Y)[0] is None
    assert _fit({"x": torch.ones(4, 5)}, X, varies="B")[0] is None


@pytest.mark.parametrize(
    ("raw", "inputs", "code", "said"),
    [
        ({"X": 1}, [X], "NL0802", "batch 7 of `m:f` has nothing called `x`; it has `X`"),
        ({"x": None}, [X], "NL0802", "has nothing called `x`"),
        ({"x": torch.ones(4, 5)}, [X], "NL0803", "shape of [B = 4, d = 3], and in batch 7 of"),
        ({"x": torch.ones(4)}, [X], "NL0803", "it has [4]"),
        ({"x": torch.ones(4, 3).long()}, [X], "NL0804", "and batch 7 of `m:f` holds int"),
        ({"y": torch.ones(4)}, [Y], "NL0804", "`y` is int, and batch 7 of `m:f` holds f32"),
        ({"x": [[1.0] * 3] * 4}, [X], "NL0804", "holds list"),
        ({"x": np.full((4, 3), "a")}, [X], "NL0804", "holds ndarray"),
        ({"x": torch.full((4, 3), torch.nan)}, [X], "NL0805", "in batch 7 of `m:f` it holds a NaN"),
        (
            {"x": torch.ones(3, 3), "y": torch.ones(2).long()},
            [X, Y],
            "NL0809",
            "batch 7 of `m:f` gives `B` two sizes: 3 in `x`, 2 in `y`",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_batch(raw, inputs, code, said):
    fitted, report = _fit(raw, *inputs, varies="B")
    assert fitted is None
    (fault,) = report.errors
    assert fault.code == code
    assert said in fault.message
