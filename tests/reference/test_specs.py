"""Every spec runs for some ticks: results of the right types, and nothing that is not finite."""

from pathlib import Path

import pytest
import torch

import nlgraph

SPECS = sorted((Path(__file__).parents[1] / "specs").glob("*.nl"))
TICKS = 6


def small(text):
    """A system with fewer copies, and tokens, where no longer period needs them."""
    if "along T" not in text:
        return nlgraph.loads(text)
    shorter = {} if "T = 512" in text or "16 token" in text else {"T": 8}
    return nlgraph.loads(text, set={"B": 2, **shorter})


def inputs_of(system, tick, generator):
    clocked = system.shaped.clocked
    given = {}
    for name, definition in clocked.equations.inputs.items():
        if (tick - 1) % clocked.durations[definition.clock] == 0:
            shape = [4 if dim.size is None else dim.size for dim in definition.type.dims]
            if definition.type.dtype == "int":
                given[name] = torch.randint(0, 2, shape, generator=generator)
            else:
                given[name] = torch.randn(shape, generator=generator)
    return given


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_it_runs(path):
    text = path.read_text(encoding="utf-8")
    system = small(text)
    clocked = system.shaped.clocked
    ticks = 1 if "T = 512" in text else TICKS
    module = nlgraph.compile(system, backend="reference")
    before = {name: tensor.clone() for name, tensor in module.state.items()}
    generator = torch.Generator().manual_seed(0)
    for tick in range(1, ticks + 1):
        results = module.step(**inputs_of(system, tick, generator))
        due = {
            result.name
            for result in clocked.equations.results
            if tick % (clocked.duration(clocked.timings[result.value].clock) or 1) == 0
        }
        assert results.keys() == due
        assert all(torch.isfinite(value).all() for value in results.values())
    for name, tensor in module.state.items():
        assert torch.isfinite(tensor).all(), name
        state = clocked.equations.states[name]
        period = clocked.duration(clocked.components[state.component])
        fires = state.update is not None and period is not None and period <= ticks
        if fires and state.reset is None:
            assert not torch.equal(tensor, before[name]), f"{name} never changed"
