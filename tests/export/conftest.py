from math import lcm
from pathlib import Path

import pytest
import torch

import nlgraph
from nlgraph.export.python import python_text
from tests.equivalence.inside import INSIDE
from tests.equivalence.snippets import OPEN, SNIPPETS
from tests.equivalence.windows import REPLAYED
from tests.small import small

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "nlgraph/examples").glob("*.nl")}
SPECS = {p.stem: p.read_text(encoding="utf-8") for p in (ROOT / "tests/specs").glob("*.nl")}
TEXTS = {
    **SPECS,
    **{f"example_{name}": small(text) for name, text in EXAMPLES.items()},
    **{f"snippet_{name}": text for name, text in (SNIPPETS | OPEN).items()},
    **{f"inside_{name}": text for name, text in INSIDE.items()},
    **{f"window_{name}": text for name, text in REPLAYED.items()},
}
SEED, CLASSES, BATCH = 3, 2, 5
LONG = 100


def compiled(system, seed=SEED):
    return nlgraph.compile(system, backend="eager", dtype=torch.float64, seed=seed)


def ticks_of(system):
    """How many ticks to run, after which of them to resume, and how many late ones."""
    turns = max(1 / period for period in system.shaped.clocked.durations.values())
    return (2, 1, 1) if turns > LONG else (7, 3, 4)


def inputs_of(system, tick, generator):
    """Inputs of a tick: slower ones come with the first tick of their own."""
    clocked = system.shaped.clocked
    found = {}
    for name, of in clocked.equations.inputs.items():
        if (tick - 1) % clocked.durations[of.clock]:
            continue
        shape = [BATCH if dim.size is None else dim.size for dim in of.type.dims]
        if of.type.dtype == "int":
            found[str(name)] = torch.randint(0, CLASSES, shape, generator=generator)
        elif of.type.dtype == "bool":
            found[str(name)] = torch.rand(shape, generator=generator) < 0.5
        else:
            found[str(name)] = torch.randn(shape, generator=generator, dtype=torch.float64)
    return found


def copied(state_dict):
    return {name: tensor.clone() for name, tensor in state_dict.items()}


def recorded(module, system, ticks, generator):
    """What some ticks of nlgraph's own module take and give, and its state_dict after each."""
    found = []
    for _ in range(ticks):
        inputs = inputs_of(system, module.tick + 1, generator)
        tick = {"inputs": inputs, "call": module(**inputs), "step": module.step(**inputs)}
        found.append({**tick, "state_dict": copied(module.state_dict())})
    return found


def record(system):
    generator = torch.Generator().manual_seed(0)
    module = compiled(system)
    count, half, last = ticks_of(system)
    ticks = recorded(module, system, count, generator)
    periods = [int(period) for period in system.shaped.clocked.durations.values() if period >= 1]
    late = {**copied(module.state_dict()), "@tick": torch.tensor(2 * lcm(*periods) - 2)}
    module.load_state_dict(late)
    ticks_late = recorded(module, system, last, generator)
    late = {"state_dict": late, "ticks": ticks_late}
    return {"seed": SEED, "half": half, "ticks": ticks, "late": late}


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    """A folder with `NAME/model.py` and `NAME/record.pt` for each system."""
    folder = tmp_path_factory.mktemp("exported")
    torch.set_num_threads(1)
    for name, spec in TEXTS.items():
        system = nlgraph.loads(spec)
        (folder / name).mkdir()
        (folder / name / "model.py").write_text(python_text(system), encoding="utf-8")
        torch.save(record(system), folder / name / "record.pt")
    return folder
