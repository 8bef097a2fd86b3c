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
