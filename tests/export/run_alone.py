"""Run exported modules where nlgraph cannot be imported, and compare with what was recorded.

    python -I run_alone.py FOLDER

FOLDER has `NAME/model.py` and `NAME/record.pt` for each system. What differs is printed as JSON.
"""

import importlib.util
import json
import sys
from pathlib import Path

import torch

sys.modules["nlgraph"] = None  # importing it, or a part of it, is an error


def load(path):
    spec = importlib.util.spec_from_file_location(f"exported_{path.parent.name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(found, expected, where):
    assert set(found) == set(expected), f"{where}: {set(found) ^ set(expected)}"
    for name, tensor in expected.items():
        assert not found[name].requires_grad, f"{where}: {name} has a history"
        torch.testing.assert_close(
            found[name], tensor, rtol=1e-12, atol=1e-12, equal_nan=True,
            msg=lambda text, name=name: f"{where}: {name}: {text}",
        )  # fmt: skip


def follow(module, ticks, where):
    for tick in ticks:
        given = tick["inputs"]
        compare(module(**given), tick["call"], f"{where}, a call at tick {module.tick + 1}")
        compare(module.step(**given), tick["step"], f"{where}, step {module.tick}")
        compare(module.state_dict(), tick["state_dict"], f"{where}, state_dict {module.tick}")


def run(folder):
    source = load(folder / "model.py")
    record = torch.load(folder / "record.pt")
    module = source.Module(seed=record["seed"], dtype=torch.float64)
    half = record["half"]
    follow(module, record["ticks"][:half], "from the start")
    torch.save(module.state_dict(), folder / "half.pt")
    resumed = source.Module(seed=99, dtype=torch.float64)
    resumed.load_state_dict(record["ticks"][half - 1]["state_dict"])
    follow(resumed, record["ticks"][half:], "resumed")
    resumed.load_state_dict(record["late"]["state_dict"])
    follow(resumed, record["late"]["ticks"], "where all clocks tick")
    assert not [name for name in sys.modules if name.startswith("nlgraph.")]


def main():
    torch.set_num_threads(1)
    faults = {}
    for folder in sorted(Path(sys.argv[1]).iterdir()):
        try:
            run(folder)
        except Exception as fault:  # noqa: BLE001 - each is told
            faults[folder.name] = f"{type(fault).__name__}: {fault}"
    sys.stdout.write(json.dumps(faults))


if __name__ == "__main__":
    main()
