"""Gradients through replaced states whose replacements are updates, in numbers of plain torch."""

from __future__ import annotations

import pytest
import torch

import nlgraph

TEXT = """
dim B = 8, d = 3
clock step
input x : [B, d] every step
component net {
  state a : [d] = 1
  state b : [d] = 2
  a' = a - exp(rate) * grad(loss, a)
  b' = b - exp(rate) * grad(loss, b)
}
component rate : scalar = -2.0 {
  rate' = rate - 0.1 * grad(loss with (net = net'), rate)
}
loss = mean((x * net.a + net.b)^2)
output loss
"""


THROUGH_A_SIGNAL = TEXT.replace("grad(loss with (net = net'), rate)", "grad(after, rate)") + (
    "after = loss with (net = net')\n"
)


@pytest.mark.parametrize("text", [TEXT, THROUGH_A_SIGNAL], ids=["written out", "a signal"])
@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_a_rate_learns_through_the_update_of_every_state_that_it_scales(
    backend: str, text: str
) -> None:
    module = nlgraph.compile(nlgraph.loads(text), backend=backend, dtype=torch.float64)
    a = torch.ones(3, dtype=torch.float64)
    b = torch.full((3,), 2.0, dtype=torch.float64)
    rate = torch.tensor(-2.0, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)

    def loss(a: torch.Tensor, b: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return ((x * a + b) ** 2).mean()

    for _ in range(3):
        x = torch.rand(8, 3, dtype=torch.float64, generator=generator)
        module.step(x=x)
        grad_a, grad_b = torch.func.grad(loss, argnums=(0, 1))(a, b, x)
        slope = torch.func.grad(
            lambda r, a=a, b=b, x=x, ga=grad_a, gb=grad_b: loss(
                a - r.exp() * ga, b - r.exp() * gb, x
            )
        )(rate)
        a, b = a - rate.exp() * grad_a, b - rate.exp() * grad_b
        rate = rate - 0.1 * slope
        assert slope.abs() > 0.1
        torch.testing.assert_close(module.state["rate"], rate, rtol=1e-12, atol=0)
        torch.testing.assert_close(module.state["net.a"], a, rtol=1e-12, atol=0)
