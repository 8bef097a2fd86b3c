import pytest

import nlgraph

TEXT = """
use std.optim (adamw)
dim B, d = 3
clock step
clock slow = 3 step
input x : [B, d] every step
input y : int[B] every step
input z : [d] every slow
component W : [d, 4] ~ xavier() { minimize loss by adamw(lr = 0.1) }
component net every slow {
  state u : [d] ~ normal()
  u' = u + average(mean(x, 0)) + z + 0.1 * normal([d])
}
component away : [d] = 1 reset every slow { away' = 2 * away + prev(mean(x, 0), 0) }
logits = dropout(x + net.u, 0.5) @ W
loss = cross_entropy(logits, y)
output logits
metric loss
"""


@pytest.fixture
def text():
    """A system with states on two clocks, a slow input, draws, a window, a reset and a `prev`."""
    return TEXT


@pytest.fixture
def build():
    """Compile a text for the oracle."""

    def compile_text(text, **options):
        return nlgraph.compile(nlgraph.loads(text), backend="reference", **options)

    return compile_text


@pytest.fixture
def batch():
    """The inputs of a tick, as a function of its number."""
    import torch

    def make(tick, size=5):
        generator = torch.Generator().manual_seed(tick)
        inputs = {
            "x": torch.randn(size, 3, generator=generator),
            "y": torch.randint(0, 4, (size,), generator=generator),
        }
        if tick % 3 == 1:
            inputs["z"] = torch.randn(3, generator=generator)
        return inputs

    return make
