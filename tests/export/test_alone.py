"""What is exported runs as the eager backend does, in a process that has no nlgraph."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import nlgraph
from tests.export.conftest import TEXTS, compiled

RUNNER = Path(__file__).with_name("run_alone.py")


@pytest.fixture(scope="module")
def faults(exported):
    done = subprocess.run(
        [sys.executable, "-I", str(RUNNER), str(exported)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _names(exported):
    return sorted(folder.name for folder in exported.iterdir())


def test_every_system_gives_the_same_and_takes_nlgraphs_state_dict(exported, faults):
    assert faults == {}
    assert _names(exported) == sorted(TEXTS)


def test_nlgraph_takes_its_state_dict_in_the_middle_of_a_window(exported, faults):
    assert not faults
    for name in _names(exported):
        system = nlgraph.loads(TEXTS[name])
        module = compiled(system, seed=98)
        module.load_state_dict(torch.load(exported / name / "half.pt"))
        record = torch.load(exported / name / "record.pt")
        for tick in record["ticks"][record["half"] :]:
            module.step(**tick["inputs"])
            torch.testing.assert_close(
                dict(module.state_dict()), tick["state_dict"], rtol=1e-11, atol=1e-11,
                equal_nan=True,
            )  # fmt: skip


def test_it_imports_torch_and_the_standard_library_alone(exported):
    for name in _names(exported):
        tree = ast.parse((exported / name / "model.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module]
            for module in modules:
                top = module.partition(".")[0]
                assert top == "torch" or top in sys.stdlib_module_names, f"{name}: {module}"


def test_it_is_clean_and_formatted(exported):
    ruff = [sys.executable, "-m", "ruff"]
    common = ["--isolated", "--no-cache", "--line-length", "100", str(exported)]
    rules = "E,F,W,I,UP,B,C4,SIM,RET,PIE"
    for command in (["check", "--quiet", "--select", rules], ["format", "--quiet", "--diff"]):
        done = subprocess.run(
            [*ruff, *command, *common], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout[:4000]


def test_it_has_no_path_of_this_machine(exported):
    for name in _names(exported):
        text = (exported / name / "model.py").read_text(encoding="utf-8")
        assert not re.search(r"/(?:work|home|tmp|usr|root)/", text)
