import pytest
import torch

import nlgraph

TEXT = "clock step\ninput x : f32[] every step\ny = 2 * x\noutput z = y + 1"


@pytest.fixture
def system():
    return nlgraph.loads(TEXT)


def test_a_system_becomes_a_module(system):
    module = nlgraph.compile(system, backend="reference", watch="y")
    assert isinstance(module, torch.nn.Module)
    results = module.step(x=1.0)
    assert {name: value.item() for name, value in results.items()} == {"z": 3.0, "y": 2.0}


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"backend": "fast"}, ValueError, "backend is 'fast'; there are 'reference'"),
        ({"dtype": torch.int64}, TypeError, "must be a floating"),
        ({"dtype": "f64"}, TypeError, "must be a floating"),
        ({"seed": 1.5}, TypeError, "must be a whole number"),
        ({"seed": -1}, ValueError, "from 0 to"),
        ({"watch": ("z2", "yy")}, ValueError, "'z2', which is no signal"),
        ({"watch": ("Y",)}, ValueError, "did you mean 'y'"),
    ],
)
def test_a_wrong_argument_is_named(system, options, error, match):
    with pytest.raises(error, match=match):
        nlgraph.compile(system, **options)


def test_only_systems_are_compiled():
    with pytest.raises(TypeError, match="takes a system that load or loads gave, not str"):
        nlgraph.compile(TEXT)
