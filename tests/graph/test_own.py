"""Functions of the user's inside graphs."""

import pytest
import torch

import nlgraph
from nlgraph.ops.op import remove


@pytest.fixture
def registered():
    def first_alone(a, b):
        del b
        return 2 * a

    nlgraph.op("first_alone", "[n], [n] -> [n]", first_alone)
    yield "first_alone"
    remove("first_alone")


def test_an_argument_that_a_function_ignores_has_a_gradient_of_zero(registered):
    text = f"""
dim d = 4
clock step
input x : [d] every step
component W : [d] = 1 {{ W' = W - grad(loss, W) }}
component V : [d] = 1 {{ V' = V - grad(loss, V) }}
loss = sum({registered}(x * W, x * V))
"""
    module = nlgraph.compile(nlgraph.loads(text), backend="eager")
    x = torch.arange(4.0)
    module.step(x=x)
    torch.testing.assert_close(module.state["W"], 1 - 2 * x)
    torch.testing.assert_close(module.state["V"], torch.ones(4))
