"""Which operation made the first number that is not finite, and where it stands."""

import pytest
import torch

import nlgraph

HEAD = "use std.optim (adamw, gd)\ndim B = 3, T = 4\nclock step\nclock token = step along T\n"


def found_in(text, *calls, **options):
    module = nlgraph.compile(nlgraph.loads(HEAD + text), **options)
    for inputs in calls:
        before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
        found = module.find_nan(**inputs)
        after = module.state_dict()
        assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
        if found is not None:
            return found
        module.step(**inputs)
    return None


def test_an_update_that_overflows():
    found = found_in(
        "input x : f32[] every step\n"
        "component calm : scalar = 1 every step { calm' = 0.5 * calm + 0 * W' }\n"
        "component W : scalar = 1 every 2 step { W' = W * W * 1e15 }\n"
        "output y = calm + x",
        *[{"x": 0.0}] * 8,
    )
    assert (found.name, found.component, found.level, found.tick) == ("calm", "calm", 1, 4)
    assert (found.cause.operation, found.cause.component, found.cause.line) == ("mul", "W", 7)
    assert found.source == "component W : scalar = 1 every 2 step { W' = W * W * 1e15 }"
    assert str(found).startswith(
        "`calm`, of level 1, is not finite after tick 4: the first such number is made by `mul` "
        "of `W`, line 7"
    )


@pytest.mark.parametrize("call", ["log(x)", "1 / x", "sqrt(0 - x - 1)", "x / x"])
def test_a_function_outside_of_its_domain(call):
    found = found_in(
        f"input x : [B] every step\nz = 2 * {call}\noutput y = z", {"x": torch.zeros(3)}
    )
    name = {"log(x)": "log", "sqrt(0 - x - 1)": "sqrt"}.get(call, "div")
    assert (found.name, found.component, found.cause.operation) == ("y", None, name)
    assert found.cause.line == 6


def test_an_infinity_that_is_masked_is_no_fault():
    found = found_in(
        "input x : [B] every step\nz = where(x > 0, 1 / x, 0)\n"
        "component W : [B] = 1 { W' = W + z / (W - 1) }\noutput y = sum(W)",
        {"x": torch.tensor([0.0, 1, 2])},
    )
    assert (found.name, found.cause.component, found.cause.line) == ("W", "W", 7)
    clean = found_in(
        "input x : [B] every step\noutput y = where(x > 0, 1 / x, 0)", {"x": torch.zeros(3)}
    )
    assert clean is None


def test_a_derivative_where_the_value_is_finite():
    found = found_in(
        "input x : [B] every step\ncomponent W : [B] = 1 { minimize loss by adamw(lr = 0.1) }\n"
        "h = sqrt(x * W)\nloss = sum(h)\noutput loss",
        {"x": torch.ones(3)},
        {"x": torch.tensor([0.0, 1, 2])},
    )
    assert (found.component, found.tick) == ("W.m", 2)
    assert (found.cause.operation, found.cause.backward, found.cause.line) == ("sqrt", True, 7)
    assert "made by the derivative of `sqrt`, line 7" in str(found)


def test_a_turn_of_a_loop():
    found = found_in(
        "input x : [T] every step\n"
        "component a : scalar = 1 every token { a' = exp(3 * a) + x[token] }\n"
        "output y = latest(a', step)",
        {"x": torch.zeros(4)},
    )
    assert (found.cause.operation, found.cause.turns) == ("exp", ((3, 4),))
    assert "in turn 3 of 4" in str(found)


def test_a_derivative_through_a_loop():
    found = found_in(
        "input x : [T] every step\ncomponent W : scalar = 1 { minimize loss by gd(lr = 0.1) }\n"
        "component a : scalar = 0 every token reset every step {\n"
        "  a' = 0.5 * tanh(a) + sqrt(W * x[token])\n}\n"
        "loss = latest(a', step)\noutput loss",
        {"x": torch.tensor([1.0, 1, 0, 1])},
    )
    assert (found.component, found.cause.operation, found.cause.backward) == ("W", "sqrt", True)


def test_a_bundle_that_is_updated_by_one_call():
    found = found_in(
        "input x : [B] every step\n"
        "component n { state a, b, c : [B] = 1 }\n"
        "loss = sum(n.a * x + n.b * x + n.c * x)\n"
        "train n minimize loss by adamw(lr = 1e30, decay = 10)\noutput loss",
        *[{"x": torch.ones(3)}] * 3,
    )
    assert found.component == "n"
    assert (found.cause.component, found.cause.line) == ("n", 8)


def test_what_was_not_finite_before():
    found = found_in(
        "input x : [B] every step\ncomponent W : [B] = 1 { W' = W + x }\noutput y = sum(W)",
        {"x": torch.tensor([1.0, float("nan"), 1])},
    )
    assert found.cause.given == "input 'x'"
    assert str(found).endswith("tick 1: input 'x' was not finite before")


def test_a_window_that_is_under_way():
    found = found_in(
        "input x : [B] every step\n"
        "component W : scalar = 1 every 3 step { W' = W + accumulate(sum(log(x))) }\noutput y = x",
        {"x": torch.zeros(3)},
    )
    assert (found.component, found.tick, found.cause.operation) == (None, 1, "log")
    assert str(found).startswith("what `accumulate` keeps of `sum` is not finite after tick 1")


def test_the_oracle_names_the_state_and_the_tick():
    found = found_in(
        "input x : [B] every step\ncomponent W : [B] = 1 { W' = log(W - x) }\noutput y = sum(W)",
        {"x": torch.ones(3)},
        backend="reference",
    )
    assert (found.name, found.level, found.tick, found.cause) == ("W", 1, 1, None)
    assert str(found) == "`W`, of level 1, is not finite after tick 1"


def test_only_what_is_asked_about_is_looked_at():
    module = nlgraph.compile(
        nlgraph.loads(HEAD + "input x : [B] every step\noutput y = 1 / x\noutput z = log(x)")
    )
    assert module.find_nan({"z"}, x=torch.zeros(3)).name == "z"
    assert module.find_nan(set(), x=torch.zeros(3)) is None
