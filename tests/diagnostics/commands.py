"""The commands that the pages show, run in a folder that has what they name."""

import shlex
import sys

import numpy as np
from safetensors.numpy import save_file

import nlgraph
from nlgraph.cli.main import main

LINE = """\
use std.optim (gd)
const rate = 0.1
dim B = 8, d = 4
clock step
input x : [B, d] every step
input y : [B] every step
component W : [d] = 0
loss = mse(x @ W, y)
train W minimize loss by gd(lr = rate)
"""

CLASSES = """\
use std.optim (gd)
dim B = 8, d = 4, classes = 3
clock step
input x : [B, d] every step
input y : int[B] every step
component W : [d, classes] = 0
train W minimize cross_entropy(x @ W, y) by gd(lr = 0.1)
"""

SPECS = {
    "line.nl": LINE,
    "momentum.nl": LINE,
    "two.nl": LINE.replace("dim B = 8", "dim A = 4, B = 8")
    .replace("y : [B]", "y : [A]")
    .replace("mse(x @ W, y)", "mean((x @ W)^2) + mean(y^2)"),
    "free.nl": """\
use std.optim (gd)
dim B = 8, d
clock step
input x : [B, d] every step
input z : [B, d] every step
component w : scalar = 0
train w minimize mse(w * x, z) by gd(lr = 0.1)
""",
    "alone.nl": """\
clock step
component w : scalar = 1 {
  w' = 0.5 * w
}
""",
    "classes.nl": CLASSES,
    "shifted.nl": CLASSES.replace("@ W, y", "@ W, y + 1"),
    "bytes.nl": """\
use std.optim (gd)
dim B = 8, T, vocab = 256
clock step
input text, target : int[B, T] every step
component W : [vocab, vocab] = 0
train W minimize cross_entropy(embedding(text, W), target) by gd(lr = 0.1)
""",
    "steep.nl": LINE.replace("rate = 0.1", "rate = 1e6"),
    "mine.py": """\
import numpy as np


def two():
    for _ in range(2):
        yield {"x": np.full((8, 4), 0.5), "y": np.ones(8)}


def pairs():
    yield np.full((8, 4), 0.5), np.ones(8)
""",
    "data.csv": "0.5, 0.25, 1.0\n" * 20_000,
    "notes.txt": "this is no spec at all\n" * 1_200,
}


def _data(folder):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(40, 4)).astype(np.float32)
    y = x @ np.array([1, -1, 2, 0.5], np.float32)
    holes = x.copy()
    holes[7, 1] = np.nan
    arrays = {
        "even": {"x": x, "y": y},
        "named": {"inputs": x, "y": y},
        "wide": {"x": np.repeat(x, 2, axis=1), "y": y},
        "whole": {"x": np.arange(160).reshape(40, 4), "y": y},
        "holes": {"x": holes, "y": y},
        "few": {"x": x[:6], "y": y[:6]},
        "uneven": {"x": x, "y": y[:30]},
        "two_sizes": {"x": x, "z": x[:, :3]},
        "classes": {"x": x, "y": np.arange(40) % 4},
    }
    for name, entries in arrays.items():
        np.savez(folder / f"{name}.npz", **entries)
    save_file({"W": np.zeros(8), "V": np.zeros(4)}, folder / "wide.safetensors")


def _runs(folder):
    (folder / "empty").mkdir()
    options = ["line.nl", "--data", "even.npz", "--steps", "4", "--out", "done"]
    assert main(["train", *options]) == 0
    (folder / "begun").mkdir()
    config = (folder / "done" / "run.json").read_text()
    (folder / "begun" / "run.json").write_text(config)
    (folder / "fed").mkdir()
    (folder / "fed" / "run.json").write_text(config.replace("even.npz", "mine:two"))


def said(command, folder, monkeypatch, capsys):
    """What a command writes to a terminal without colour; `2>&1 | tail -n N` is understood."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    for name, text in SPECS.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "latin.nl").write_bytes("# Änderung\nclock step\n".encode("latin-1"))
    _data(folder)
    if "--resume" in command:
        _runs(folder)
        capsys.readouterr()
    command, _, tail = command.partition(" 2>&1 | tail -n ")
    program, *arguments = shlex.split(command)
    if program == "python":
        return _of_python(arguments[-1])
    status = main(arguments)
    assert status == 1
    written = capsys.readouterr()
    lines = (written.out + written.err).splitlines()
    return "\n".join(lines[-int(tail) :] if tail else lines).strip("\n")


def _of_python(code):
    """What the interpreter ends a traceback with; here without the frames."""
    try:
        exec(code, {})
    except nlgraph.SpecError as error:
        return f"nlgraph.diagnostics.diagnostic.SpecError: {error}"
    raise AssertionError
