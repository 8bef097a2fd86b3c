"""`--ops MODULE`: functions of the user's, from the command line alone."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODULE = """\
import nlgraph
import torch

@nlgraph.op("swish", "[...] -> [...]")
def swish(x, *, beta=1.0):
    return x * torch.sigmoid(beta * x)
"""
SPEC = """\
use std.optim (gd)
dim B = 32
clock step
input x : [B, 64] every step
input y : int[B] every step
component W : [64, 10] = 0
logits = swish(x @ W, beta = 2)
loss = cross_entropy(logits, y)
train W minimize loss by gd(lr = 0.1)
output logits
metric loss
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "functions.py").write_text(MODULE)
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "needs.py").write_text("import nothing_of_that_name\n")
    (tmp_path / "taken.py").write_text(MODULE.replace('"swish"', '"relu"'))
    (tmp_path / "s.nl").write_text(SPEC)

    def nlgraph(*arguments):
        code = "import sys; from nlgraph.cli.main import main; sys.exit(main(sys.argv[1:]))"
        return subprocess.run(
            [sys.executable, "-P", "-c", code, *arguments],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "PATH": "", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return nlgraph


def test_a_spec_alone_knows_no_function(run):
    done = run("check", "s.nl")
    assert done.returncode == 1
    assert "NL0201" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("check", "s.nl"),
        ("levels", "s.nl", "--json"),
        ("train", "s.nl", "--data", "digits", "--steps", "3", "--out", "run"),
    ],
)
def test_commands_import_it_before_they_read_the_spec(run, command):
    done = run(*command, "--ops", "mine.functions")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("module", "said"),
    [
        ("missing", "--ops missing: there is no module missing"),
        ("needs", "--ops needs: there is no module nothing_of_that_name"),
        ("broken", "--ops broken: importing it fails: ZeroDivisionError"),
        ("taken", "--ops taken: importing it fails: ValueError: 'relu' has a meaning"),
        ("mine/functions.py", "it takes a module's name"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told(run, module, said):
    done = run("check", "s.nl", "--ops", module)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
