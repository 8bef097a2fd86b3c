import numpy as np
import pytest
import torch


@pytest.fixture
def module(build, text):
    return build(text)


def snapshot(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def refused(module, error, match, **inputs):
    before = snapshot(module)
    with pytest.raises(error, match=match):
        module.step(**inputs)
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_missing_input_is_named_with_its_type(module, batch):
    inputs = batch(1)
    del inputs["y"]
    refused(module, TypeError, r"missing input 'y': 'y' is int\[B\]", **inputs)


def test_an_unknown_input_is_named_with_the_nearest(module, batch):
    refused(module, TypeError, r"unknown input 'X' \(did you mean 'x'\?\)", **batch(1), X=1)


def test_another_number_of_dimensions_is_refused(module, batch):
    inputs = {**batch(1), "x": torch.randn(3)}
    refused(module, ValueError, r"'x' is f32\[B, d\], of 2 dimensions.*\[3\]", **inputs)


def test_a_length_that_states_have_cannot_change(module, batch):
    inputs = {**batch(1), "x": torch.randn(5, 7)}
    refused(module, ValueError, r"'x'.*\[5, 7\]: d is 7, where the states have d = 3", **inputs)


def test_two_inputs_must_agree_on_a_dimension(module, batch):
    inputs = {**batch(1), "y": torch.zeros(4, dtype=torch.int64)}
    refused(module, ValueError, r"'y'.*\[4\]: B is 4, where input 'x' has B = 5", **inputs)


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("x", torch.zeros(5, 3, dtype=torch.float64), r"f64.*\.to\(torch\.float32\)"),
        ("x", torch.zeros(5, 3, dtype=torch.int64), "a tensor of int"),
        ("y", torch.zeros(5), "a tensor of f32"),
        ("y", torch.zeros(5, dtype=torch.bool), "a tensor of bool"),
        ("x", np.zeros((5, 3)), "f64"),
        ("x", np.array([["a"] * 3] * 5), "an array of <U1"),
        ("x", [[0.0] * 3] * 5, "given list, no tensor"),
        ("x", None, "given NoneType"),
    ],
)
def test_another_dtype_is_refused(module, batch, name, value, match):
    refused(module, TypeError, rf"input '{name}' is .*{match}", **{**batch(1), name: value})


def test_casts_that_lose_nothing_and_arrays_are_taken(build, text, batch):
    tensors, arrays = build(text), build(text)
    inputs = batch(1)
    tensors.step(**inputs)
    arrays.step(
        x=inputs["x"].numpy(), y=inputs["y"].numpy().astype(np.int32), z=inputs["z"].numpy()
    )
    for name, tensor in tensors.state.items():
        assert torch.equal(tensor, arrays.state[name])


def test_a_plain_number_is_an_input_without_dimensions(build):
    module = build(
        "clock step\ninput a : f32[] every step\ninput n : int[] every step\noutput b = a * n"
    )
    assert module.step(a=1.5, n=2)["b"].item() == 3.0
    with pytest.raises(TypeError, match="'n' is int"):
        module.step(a=1.5, n=2.5)


def test_a_call_may_bring_another_length_where_no_state_has_it(module, batch):
    module.step(**batch(1))
    assert module.step(**batch(2, size=2))["logits"].shape == (2, 4)
    assert module.step(**batch(3, size=7))["logits"].shape == (7, 4)


def test_a_slow_input_at_the_wrong_tick_is_refused(module, batch):
    inputs = batch(1)
    refused(module, TypeError, "missing input 'z'", x=inputs["x"], y=inputs["y"])
    module.step(**inputs)
    refused(
        module,
        ValueError,
        r"'z' comes with the first of every 3 ticks; this is tick 2, and its value of tick 1",
        **inputs,
    )


def test_a_held_input_is_a_copy(build, batch, text):
    one, two = build(text), build(text)
    for tick in range(1, 4):
        inputs = batch(tick)
        one.step(**inputs)
        two.step(**{name: tensor.clone() for name, tensor in inputs.items()})
        for tensor in inputs.values():
            tensor.zero_()
    for name, tensor in one.state.items():
        assert torch.equal(tensor, two.state[name])


def test_inputs_are_never_written_into(build):
    module = build(
        "clock step\ninput x : f32[] every step\noutput x\n"
        "component a : scalar = 0 { a' = prev(x, 0) }\n"
        "component b : scalar = 0 every 3 step { b' = accumulate(x) }"
    )
    x = torch.arange(6.0)
    for value in x:
        module.step(x=value)
    assert torch.equal(x, torch.arange(6.0))


def test_the_first_call_binds_a_dimension_that_states_have(build):
    module = build(
        "dim d\nclock step\ninput x : [d] every step\n"
        "component W : [d, 2] ~ xavier() { W' = W + sum(x) }\noutput y = x @ W"
    )
    with pytest.raises(KeyError, match="has no value before a call"):
        module.state["W"]
    assert module(x=torch.ones(3))["y"].shape == (2,)
    assert module.state["W"].shape == (3, 2)
    with pytest.raises(ValueError, match="where the states have d = 3"):
        module.step(x=torch.ones(4))
