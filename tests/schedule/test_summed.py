import pytest

HEAD = """
use std.optim (adam, clip_norm, gd)
dim B = 2, T = 8, d = 3, h = 5
clock seq
clock token = seq along T
clock four = 4 token
input x, y : [B, T, d] every seq
component S { state U : [d, h] ~ normal(0, 0.3); state V : [h, d] ~ normal(0, 0.3) }
component R : [d, 1] ~ normal(0, 0.3)
rate = sigmoid(x @ R)
output o = collect(M(x[token]))
"""
MEMORY = """
component M : like S = S per B every four reset every seq {{
  map (q) = tanh(q @ U) @ V
  minimize sum((M(x[token]) - y[token])^2) by {rule}
}}
"""
LINEAR = """
component M : [d, d] = 0 per B every four reset every seq {{
  map (q) = q @ M
  {rule}
}}
"""


def shapes(text):
    """The shapes that a text's values have."""
    return {line.split(" : ")[1].split(" = ")[0] for line in text.splitlines() if " : " in line}


@pytest.mark.parametrize(
    "rule",
    [
        "gd(lr = rate[token][0], retain = 0.9)",
        "gd(lr = 0.1 * rate[token] / (1 + rate[token]))",
        "adam(lr = 0.1)",
    ],
)
def test_a_window_of_gradients_is_one(text_of, rule):
    text = text_of(MEMORY.format(rule=rule), head=HEAD)
    assert text.count("= grad (") == 1
    assert not {"f32[4, B, d, h]", "f32[8, B, d, h]"} & shapes(text)


@pytest.mark.parametrize("rule", ["clip_norm(1) then gd(lr = 0.1)", "squared(lr = 0.1)"])
def test_what_is_not_linear_in_a_gradient_has_one_for_each_tick(text_of, rule):
    squared = "rule squared(lr) for w, g { w' = w - lr * accumulate(g^2) }\n"
    assert "f32[4, B, d, h]" in shapes(text_of(squared + MEMORY.format(rule=rule), head=HEAD))


@pytest.mark.parametrize(
    "rule",
    [
        "z = x[token]; w = y[token]\n"
        "M' = 0.9 * M + accumulate(rate[token][0] * outer(z, w) - outer(w, z))",
        "minimize sum((M(x[token]) - y[token])^2) by gd(lr = rate[token][0])",
        "minimize dot(M, outer(x[token], y[token])) by adam(lr = 0.1)",
    ],
)
def test_a_window_of_outer_products_is_one_product(text_of, rule):
    text = text_of(LINEAR.format(rule=rule), head=HEAD)
    assert "outer(" not in text
    assert "grad (" not in text
    assert not {"f32[4, B, d, d]", "f32[8, B, d, d]"} & shapes(text)
