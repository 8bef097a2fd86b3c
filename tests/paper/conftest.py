import pytest
import torch

import nlgraph


@pytest.fixture(params=["reference", "eager"])
def run(request):
    """Run a text over ticks of inputs in float64: what each gives, and the states after all."""

    def steps(text, ticks, start=None):
        module = nlgraph.compile(
            nlgraph.loads(text), backend=request.param, dtype=torch.float64, seed=1
        )
        for name, value in (start or {}).items():
            module.state[name].copy_(value)
        found = [module.step(**given) for given in ticks]
        return found, {name: value.clone() for name, value in module.state.items()}

    return steps


@pytest.fixture
def numbers():
    """A stream of random float64 tensors, the same in every run."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return draw


@pytest.fixture
def same():
    """Equal up to rounding."""

    def check(found, expected):
        torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)

    return check
