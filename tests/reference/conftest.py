import pytest
import torch

import nlgraph


@pytest.fixture
def oracle():
    """Compile a text for the oracle, in float64."""

    def compile_text(text):
        return nlgraph.compile(nlgraph.loads(text), backend="reference", dtype=torch.float64)

    return compile_text


@pytest.fixture(params=["reference", "eager"])
def run(request):
    """Compile a text for each backend, in float64: the meaning is one."""

    def compile_text(text):
        system = nlgraph.loads(text)
        return nlgraph.compile(system, backend=request.param, dtype=torch.float64)

    return compile_text


@pytest.fixture
def same():
    """Compare to what the language promises: equal up to rounding."""

    def check(found, expected):
        expected = torch.as_tensor(expected, dtype=found.dtype)
        torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)

    return check


@pytest.fixture
def numbers():
    """A stream of random float64 tensors, the same in every run."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(*shape, generator=generator, dtype=torch.float64)

    return draw
