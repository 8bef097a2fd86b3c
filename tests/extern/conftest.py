import pytest
import torch

import nlgraph

HEAD = """
use std.optim (adamw, clip_norm, gd, sgd)
dim B = 6, c = 4, h = 3
clock step
input x : [B, c] every step
input y : int[B] every step
"""


class Encoder(torch.nn.Module):
    """Two layers, a buffer, and parameters that no call uses."""

    def __init__(self, width=5):
        super().__init__()
        self.body = torch.nn.Sequential(
            torch.nn.Linear(4, width), torch.nn.Tanh(), torch.nn.Linear(width, 3)
        )
        self.unused = torch.nn.Parameter(torch.ones(2))
        self.register_buffer("offset", torch.linspace(-1, 1, 3))

    def forward(self, x):
        return self.body(x) + self.offset


@pytest.fixture
def encoder():
    torch.manual_seed(3)
    return Encoder()


@pytest.fixture(params=["reference", "eager"])
def build(request):
    """Compile a text with modules, in float64."""

    def compile_text(text, **modules):
        system = nlgraph.loads(HEAD + text)
        return nlgraph.compile(
            system, backend=request.param, dtype=torch.float64, modules=modules, seed=1
        )

    return compile_text


@pytest.fixture
def batches():
    """The inputs of so many ticks."""

    def make(count):
        generator = torch.Generator().manual_seed(7)
        return [
            {
                "x": torch.randn(6, 4, generator=generator, dtype=torch.float64),
                "y": torch.randint(0, 3, (6,), generator=generator),
            }
            for _ in range(count)
        ]

    return make
