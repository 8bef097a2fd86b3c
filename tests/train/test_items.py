import numpy as np
import pytest

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import Input
from nlgraph.text.source import Source
from nlgraph.text.span import Origin, Span
from nlgraph.train.items import BATCH, fit_items

_SIZES = {"d": 4, "B": 8}


def _input(name, type_, **sizes):
    """`f32[B, d]`; a dim is a name of known size, an unbound name, or a number."""
    dtype, _, dims = type_.rstrip("]").partition("[")
    known = _SIZES | sizes
    parsed = [
        Dim(None, int(dim)) if dim.isdigit() else Dim(dim, known.get(dim))
        for dim in filter(None, dims.split(", "))
    ]
    line = f"input {name} : {type_} every step"
    origin = Origin(Span(Source("spec.nl", line), 6, 6 + len(name)))
    return Input(InputId(name), TensorType(dtype, tuple(parsed)), ClockId("step"), origin)


def _fit(arrays, *inputs):
    report = Report()
    return fit_items(arrays, inputs, "the data", report), report


def test_arrays_are_found_by_the_inputs_names():
    x, y = np.ones((20, 4), np.float32), np.zeros(20, np.int64)
    items, report = _fit({"y": y, "x": x, "z": x}, _input("x", "f32[B, d]"), _input("y", "int[B]"))
    assert not report.diagnostics
    assert items.arrays == {"x": x, "y": y}
    assert (items.count, items.batch, items.batch_dim) == (20, 8, "B")
    assert items.batched == {"x", "y"}


def test_an_array_with_one_axis_more_than_its_input_gives_one_item_a_tick():
    arrays = {"x": np.ones((20, 4)), "y": np.zeros(20, np.int8)}
    items, report = _fit(arrays, _input("x", "f32[d]"), _input("y", "int"))
    assert not report.diagnostics
    assert (items.batch, items.batch_dim, items.batched) == (1, None, frozenset())


def test_an_unbound_batch_dim_gets_the_default_and_other_dims_the_datas_size():
    items, report = _fit({"x": np.ones((50, 7))}, _input("x", "f32[N, k]"))
    assert not report.diagnostics
    assert items.batch == BATCH
    assert items.sizes == {"N": BATCH, "k": 7}


def test_a_batch_of_a_plain_number_has_no_name():
    items, _ = _fit({"x": np.ones((50, 4))}, _input("x", "f32[16, d]"))
    assert (items.batch, items.batch_dim) == (16, None)


X = _input("x", "f32[B, d]")
Y = _input("y", "int[B]")


@pytest.mark.parametrize(
    ("arrays", "inputs", "code", "said"),
    [
        ({}, [X], "NL0802", "the data has nothing called `x`; it has no arrays at all"),
        ({"X": np.ones((20, 4))}, [X], "NL0802", "it has `X`"),
        (
            {"x": np.ones((20, 5))},
            [X],
            "NL0803",
            "`x` needs items of shape [d = 4], and the data's are [5]",
        ),
        ({"x": np.ones(20)}, [X], "NL0803", "and the data's are []"),
        ({"x": np.array(1.0)}, [X], "NL0803", "`x` needs items"),
        ({"x": np.ones((20, 2, 2))}, [X], "NL0803", "and the data's are [2, 2]"),
        ({"x": np.ones((20, 4), np.int64)}, [X], "NL0804", "`x` is f32, and the data holds int64"),
        ({"y": np.ones(20)}, [Y], "NL0804", "`y` is int, and the data holds float64"),
        ({"y": np.array(["a"] * 20)}, [Y], "NL0804", "the data holds <U1"),
        (
            {"x": np.array([[1.0] * 4, [1, 2, np.nan, 4], [np.inf] * 4])},
            [X],
            "NL0805",
            "item 1 holds a NaN or an infinity, and 1 more",
        ),
        (
            {"x": np.ones((20, 4)), "y": np.zeros(19, np.int64)},
            [X, Y],
            "NL0807",
            "`x` has 20, `y` has 19",
        ),
        (
            {"x": np.ones((20, 4)), "z": np.ones((20, 4))},
            [X, _input("z", "f32[K, d]", K=5)],
            "NL0808",
            "`x` takes 8, `z` takes 5",
        ),
        (
            {"u": np.ones((20, 3)), "v": np.ones((20, 5))},
            [_input("u", "f32[B, k]"), _input("v", "f32[B, k]")],
            "NL0809",
            "gives `k` two sizes: 3 in `u`, 5 in `v`",
        ),
        ({"x": np.ones((20, 4))}, [], "NL0810", "no input"),
    ],
)
def test_data_that_does_not_fit_is_named_with_what_was_expected_and_found(
    arrays, inputs, code, said
):
    items, report = _fit(arrays, *inputs)
    assert items is None
    (fault,) = report.errors
    assert fault.code == code
    assert said in fault.message


def test_all_faults_of_the_data_come_at_once():
    arrays = {"x": np.ones((20, 5)), "y": np.ones(20)}
    _, report = _fit(arrays, X, Y, _input("z", "f32[B]"))
    assert [fault.code for fault in report.errors] == ["NL0802", "NL0803", "NL0804"]


def test_items_of_another_shape_with_as_many_numbers_get_advice():
    _, report = _fit({"x": np.ones((20, 2, 2))}, X)
    assert report.errors[0].help == "x = x.reshape(-1, 4) where it is made"


def test_a_dim_that_could_have_the_datas_size_gets_advice():
    _, report = _fit({"x": np.ones((20, 5))}, X)
    assert report.errors[0].help == "--set d=5 takes the data's size"


def test_a_fault_points_at_the_input():
    _, report = _fit({}, X)
    assert report.errors[0].labels[0].span.text == "x"
