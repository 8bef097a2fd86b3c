import pytest
import torch

import nlgraph
from tests.graph.conftest import HEAD, targets

STATES = """
component W : [d, c] ~ xavier() { W' = W*0.9 + 0.1*tanh(W) }
component V : like W = 1 { V' = EXPR }
output z = x @ W
"""


@pytest.mark.parametrize(
    ("expr", "call"),
    [
        ("0.9*V + (1 - 0.9)*W", "lerp"),
        ("V*0.25 + W*0.75", "lerp"),
        ("0.9*V + 0.2*W", "add"),
        ("V - 0.2*W", "sub"),
        ("V + 0.2*W^2", "addcmul"),
        ("0.5*(V*W) + W", "addcmul"),
        ("0.9*V + 0.1*W^2", "addcmul"),
        ("V + 0.2*(W / (V + 3))", "addcdiv"),
        ("W - 0.1*(V + 0.5*W)", "sub"),
        ("V*0.9 - (W - V) / 4", "lerp"),
        ("V - (W - 2*V) / 4 + tanh(W)", "sub"),
        ("-(V - W)*0.5 + V", "lerp"),
        ("V - 0.1*(0.5*W / 3 / (V^2 + 2) + 0.1*V)", "addcdiv"),
        ("V - (1 / tick)*(W*0.3 / (V^2 + 2) + 0.1*V) / (1 - 0.9^tick)", "addcdiv"),
        ("V + (W - W) - (V - V) / tick", "sub"),
        ("(V + W)*0.25 + (V + W)*0.25*tanh(V)", "addcmul"),
    ],
)
def test_a_sum_of_products_is_one_call(batch, expr, call):
    text = HEAD + STATES.replace("EXPR", expr)
    eager, reference = (
        nlgraph.compile(nlgraph.loads(text), backend=backend, dtype=torch.float64)
        for backend in ("eager", "reference")
    )
    for tick in range(1, 5):
        eager.step(**batch(tick))
        reference.step(**batch(tick))
    torch.testing.assert_close(eager.state["V"], reference.state["V"], rtol=1e-13, atol=1e-13)
    assert call in targets(eager.graph(1))


@pytest.mark.parametrize("expr", ["V - 0.1*W*tick", "V + 0.1*W[0, 0]", "0.1*W + f16(V)"])
def test_what_has_another_form_is_left(graph_of, expr):
    names = targets(graph_of(HEAD + STATES.replace("EXPR", expr)))
    assert names.count("add") + names.count("sub") + names.count("lerp") == 2


def test_a_product_that_others_read_is_kept(graph_of):
    text = HEAD + STATES.replace("EXPR", "V + p") + "p = 0.5*W\noutput q = p\n"
    assert targets(graph_of(text)).count("mul") >= 1


MEMORY = """
use std.optim (gd)
dim B = 3, T = 4, d = 3, c = 2
clock seq
clock token = seq along T
input x : [B, T, d] every seq
input v : [B, T, c] every seq
component P : [d, d] ~ normal(0, 0.5)
k = x @ P
component M : [d, c] = 0.1 per B every token reset every seq {
  map (q) = q @ M
  rate = sigmoid(k[token])
  M' = EXPR
}
loss = mse(collect(M'(k[token])), v)
train P minimize loss by gd(lr = 0.1)
metric loss
"""


@pytest.mark.parametrize(
    ("expr", "is_one_call"),
    [
        ("M + outer(k[token], v[token])", True),
        ("0.9*M - 0.1*outer(k[token], v[token] - k[token] @ M)", True),
        ("outer(k[token], v[token])*rate[0]*rate[1:2] + M*0.9", True),
        ("rate[0]*M - (-outer(k[token], v[token]))*rate[0]", True),
        ("M*0.9^tick - 0.5^tick*outer(P[0], v[token])", True),
        ("outer(k[token], v[token]) - M", False),
        ("M + outer(k[token], v[token])*outer(rate, v[token])", False),
        ("M - outer(k[token], v[token]) / 3", False),
    ],
)
def test_a_sum_with_an_outer_product(expr, is_one_call):
    system = nlgraph.loads(MEMORY.replace("EXPR", expr))
    eager, reference = (
        nlgraph.compile(system, backend=backend, dtype=torch.float64)
        for backend in ("eager", "reference")
    )
    for _ in range(3):
        given = {"x": torch.randn(3, 4, 3).double(), "v": torch.randn(3, 4, 2).double()}
        eager.step(**given)
        reference.step(**given)
    torch.testing.assert_close(eager.state["P"], reference.state["P"], rtol=1e-12, atol=1e-12)
    called = [
        name
        for graph in eager.graph(1).modules()
        if isinstance(graph, torch.fx.GraphModule)
        for name in targets(graph)
    ]
    assert ("add_outer" in called) == is_one_call
