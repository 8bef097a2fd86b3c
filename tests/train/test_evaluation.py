"""A trained run over data: nothing updated, or with some components learning on."""

import hashlib
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import nlgraph
from nlgraph.cli.main import main
from nlgraph.train.evaluation import Question, evaluate_run
from nlgraph.train.learners import NotLearnable, find_learners

SPEC = """
use std.optim (adamw)
dim B = 8, d = 4, classes = 3
clock step
input x : [B, d] every step
input y : int[B] every step
input hint : [d] every 3 step
component fast : [d, classes] ~ xavier()
component slow : [d, classes] ~ xavier() every 2 step {
  slow' = slow - 0.05 * average(grad(loss, slow))
}
component follower : like fast = 0 every step reset every 5 step {
  follower' = 0.9 * follower + 0.1 * fast'
}
component noise : scalar = 0 { noise' = 0.5 * noise + normal(0, 1, []) }
logits = (x + hint) @ (fast + slow + 0.01 * follower) + 0.001 * noise
loss = cross_entropy(logits, y)
train fast minimize loss by adamw(lr = 0.05)
output logits
metric accuracy = mean(argmax(logits, -1) == y)
"""

TICKS = 7


def _train(out, steps, backend="eager"):
    given = ["--data", "feeds:batches", "--holdout", "0", "--backend", backend]
    assert main(["train", "spec.nl", *given, "--steps", str(steps), "--out", out]) == 0


@pytest.fixture(autouse=True)
def _run_folder(tmp_path, monkeypatch, capsys):
    """A run of some ticks, stopped in the middle of windows, and data for more of them."""
    monkeypatch.chdir(tmp_path)
    Path("spec.nl").write_text(SPEC)
    random = np.random.default_rng(0)
    x = random.standard_normal((48, 4)).astype(np.float32)
    arrays = {"x": x, "y": x[:, :3].argmax(1)}
    Path("feeds.py").write_text(FEEDS)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "feeds", raising=False)
    np.savez("data.npz", **arrays)
    _train("run", TICKS)
    capsys.readouterr()


FEEDS = """
import numpy as np
data = dict(np.load("data.npz"))

def batches():
    for k in range(12):
        rows = np.arange(8 * k, 8 * k + 8) % 48
        yield {"x": data["x"][rows], "y": data["y"][rows], "hint": data["x"][k]}
"""


def _load(overrides):
    return nlgraph.load("spec.nl", set=overrides)


def _evaluate(learn=None, run="run"):
    question = Question(Path(run), {}, "feeds:batches", learn, None)
    outputs = []
    found = evaluate_run(_load, question, pytest.fail, lambda _, batch: outputs.append(batch))
    return found, outputs


def _trained():
    module = nlgraph.compile(_load({}))
    module.load_state_dict(load_file(f"run/checkpoints/{TICKS}/state.safetensors"))
    return module


def _batches():
    data = dict(np.load("data.npz"))
    for k in range(12):
        rows = np.arange(8 * k, 8 * k + 8) % 48
        values = {"x": data["x"][rows], "y": data["y"][rows], "hint": data["x"][k]}
        yield {name: torch.as_tensor(value) for name, value in values.items()}


def _fingerprint(folder):
    files = sorted(file for file in Path(folder).rglob("*") if file.is_file())
    return {f: (hashlib.sha256(f.read_bytes()).hexdigest(), f.stat().st_mtime_ns) for f in files}


@pytest.mark.parametrize("backend", ["eager", "reference"])
def test_with_nothing_learning_the_outputs_are_those_of_calls_and_the_metrics_their_means(backend):
    _train("other", TICKS, backend)
    before = _fingerprint("other")
    found, outputs = _evaluate(run="other")
    module = _trained()
    losses = []
    for batch, got in zip(_batches(), outputs, strict=True):
        wanted = module(x=batch["x"], hint=batch["hint"])["logits"]
        torch.testing.assert_close(got["logits"], wanted)
        losses.append(torch.nn.functional.cross_entropy(wanted, batch["y"]).item())
    assert found.values["loss"] == pytest.approx(np.mean(losses), rel=1e-5)
    assert (found.tick, found.items, found.batches) == (TICKS, 96, 12)
    assert not found.moved
    assert _fingerprint("other") == before


def _stepped(module):
    """The states after as many steps as there are batches, and each batch's loss before it."""
    losses = []
    for batch in _batches():
        given = batch if module.tick % 3 == 0 else {"x": batch["x"], "y": batch["y"]}
        seen = module(x=batch["x"], hint=batch["hint"])["logits"]
        losses.append(torch.nn.functional.cross_entropy(seen, batch["y"]).item())
        module.step(**given)
    return module.state, np.mean(losses)


@pytest.mark.parametrize("backend", ["eager", "reference"])
def test_with_all_learning_the_states_are_those_of_further_steps(backend):
    _train("other", TICKS, backend)
    found, _ = _evaluate("fast,slow,follower,noise", "other")
    module = _trained()
    before = {name: tensor.clone() for name, tensor in module.state.items()}
    state, loss = _stepped(module)
    assert found.during["loss"] == pytest.approx(loss, rel=1e-4)
    for name, old in before.items():
        moved = (state[name] - old).norm() / (old.norm() or 1)
        assert found.moved[name] == pytest.approx(moved.item(), rel=1e-4), name


@pytest.mark.parametrize("backend", ["eager", "reference"])
def test_what_does_not_learn_stays_and_is_a_constant_to_what_does(backend):
    """`slow` alone, written out in torch: its window goes on from the middle."""
    _train("other", TICKS, backend)
    found, _ = _evaluate("slow", "other")
    assert found.moved.keys() == {"slow"}
    saved = load_file(f"run/checkpoints/{TICKS}/state.safetensors")
    slow, held = saved["slow"].clone(), saved["fast"] + 0.01 * saved["follower"]
    (window,) = (v.clone() for k, v in saved.items() if k.startswith("@average/"))
    hint = saved["@input/hint"]
    for tick, batch in enumerate(_batches(), TICKS + 1):
        hint = batch["hint"] if (tick - 1) % 3 == 0 else hint
        weight = slow.clone().requires_grad_()
        logits = (batch["x"] + hint) @ (held + weight) + 0.001 * saved["noise"]
        (grad,) = torch.autograd.grad(torch.nn.functional.cross_entropy(logits, batch["y"]), weight)
        window = window + grad
        if tick % 2 == 0:
            slow, window = slow - 0.05 * window / 2, torch.zeros_like(window)
    moved = (slow - saved["slow"]).norm() / saved["slow"].norm()
    assert found.moved["slow"] == pytest.approx(moved.item(), rel=1e-4)


def test_learning_on_lowers_the_loss():
    found, _ = _evaluate(learn="fast")
    assert found.learners == {"fast", "fast.m", "fast.v"}
    assert found.after["loss"] < 0.9 * found.values["loss"]


MEMORY = """
use std.optim (gd)
dim B = 8, d = 4, classes = 3, T = 2
clock step
clock token = step along T
input x : [B, d] every step
input y : int[B] every step
input hint : [d] every 3 step
component W : [d, classes] = 0.1
component hid : [d] = 1 every token reset every step to hid { hid' = 0.5 * hid + 0.25 }
component mem : [d] = 1 every token reset every step { mem' = mem * 2 }
logits = (x + latest(hid', step) + latest(mem', step)) @ W
loss = cross_entropy(logits, y)
train W minimize loss by gd(lr = 0.1)
output logits
"""


@pytest.mark.parametrize("backend", ["eager", "reference"])
def test_what_runs_within_a_tick_runs_and_is_put_back(backend):
    Path("spec.nl").write_text(MEMORY)
    _train("run2", 2, backend)
    saved = load_file("run2/checkpoints/2/state.safetensors")
    question = Question(Path("run2"), {}, "feeds:batches", "W", 4)
    found = evaluate_run(_load, question, pytest.fail, lambda *_: None)
    weight, hid = saved["W"].clone(), saved["hid"]
    for _ in range(2):
        hid = 0.5 * hid + 0.25
    for batch, _ in zip(_batches(), range(4), strict=False):
        leaf = weight.clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy((batch["x"] + hid + 4) @ leaf, batch["y"])
        weight = weight - 0.1 * torch.autograd.grad(loss, leaf)[0]
    moved = (weight - saved["W"]).norm() / saved["W"].norm()
    assert found.moved == {"W": pytest.approx(moved.item(), rel=1e-4)}


# ----------------------------------------------------------------------------- learners


@pytest.mark.parametrize(
    ("named", "learners"),
    [
        ("fast", {"fast", "fast.m", "fast.v"}),
        ("slow, noise", {"slow", "noise"}),
        ("fast.m", {"fast.m"}),
        ("layer", {"layer[1]", "layer[2]"}),
        ("layer[2]", {"layer[2]"}),
        ("1", {"fast.m", "fast.v", "noise", "layer[1]", "layer[2]"}),
    ],
)
def test_a_name_brings_what_belongs_to_it_and_a_level_its_own(named, learners):
    layers = "for i in 1 .. 2 { component layer[i] : scalar = 0 { layer[i]' = layer[i] + 1 } }\n"
    system = nlgraph.loads(SPEC + layers)
    assert find_learners(system, named) == learners


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("9", "there is no level 9: there are 1 to"),
        ("0", "there is no level 0"),
        ("fsat", "there is no component fsat; did you mean fast?"),
        ("fixed", "fixed has nothing that is ever updated"),
        (",", "no level and no component is named"),
    ],
)
def test_what_cannot_learn_is_named(named, said):
    system = nlgraph.loads(SPEC + "component fixed : scalar = 1\n")
    with pytest.raises(NotLearnable, match=re.escape(said)):
        find_learners(system, named)


# ----------------------------------------------------------------------------- the command


def _eval(*arguments):
    return main(["eval", "spec.nl", "--data", "feeds:batches", "--from", "run", *arguments])


def test_the_command_shows_metrics_outputs_and_what_moved(capsys):
    assert _eval("--learn", "fast", "--out", "outputs.safetensors") == 0
    shown = capsys.readouterr().out
    assert "tick 7 of run, 96 items of feeds:batches in 12 batches; 3 components learn on" in shown
    assert re.search(r"^ +before +while learning +after$", shown, re.MULTILINE)
    assert re.search(r"^ loss( +0\.\d{4}| +1\.\d{4}){3}$", shown, re.MULTILINE)
    assert re.search(r"^ fast\.v +1 +[\d.e+]+$", shown, re.MULTILINE)
    logits = load_file("outputs.safetensors")["logits"]
    assert logits.shape == (96, 3)
    row = re.search(r"^ logits +\[96, 3\] +(\S+) +(\S+)$", shown, re.MULTILINE)
    assert float(row[1]) == pytest.approx(logits.mean().item(), abs=1e-4)
    assert float(row[2]) == pytest.approx(logits.std(correction=0).item(), abs=1e-4)
    first = _trained()(**{k: v for k, v in next(_batches()).items() if k != "y"})["logits"]
    torch.testing.assert_close(logits[:8], first)


def test_one_component_learns_on_in_the_singular(capsys):
    assert _eval("--learn", "fast.m", "--steps", "2") == 0
    assert "in 2 batches; 1 component learns on\n" in capsys.readouterr().out


def test_an_output_of_an_endless_function_is_bounded_by_steps(capsys):
    assert _eval("--steps", "3") == 0
    assert "24 items of feeds:batches in 3 batches; nothing is updated" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--learn", "9"], 2, "--learn 9: there is no level 9"),
        (["--out", "file.npz"], 2, "outputs are written as FILE.safetensors"),
        (["--out", "no/such/folder.safetensors"], 2, "cannot be written: No such file"),
        (["--from", "nowhere"], 1, "nowhere cannot be evaluated: there is no such folder"),
        (["--set", "d=5"], 1, "error[NL08"),
        (["--set", "B=16"], 1, "error[NL08"),
        (["--data", "data.npz"], 1, "has nothing called `hint`"),
        (["--steps", "0"], 2, "'0' is no number from 1"),
    ],
)
def test_what_cannot_be_evaluated_is_one_clear_error(capsys, arguments, status, said):
    before = _fingerprint("run")
    assert _eval(*arguments) == status
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err
    assert _fingerprint("run") == before


def test_a_spec_that_means_something_else_is_refused(capsys):
    Path("spec.nl").write_text(SPEC.replace("0.05 * average", "0.06 * average"))
    assert _eval() == 1
    assert "error[NL0831]" in capsys.readouterr().err


def test_all_items_of_a_file_are_taken_and_a_batch_without_a_number_is_that_of_the_run(capsys):
    Path("spec.nl").write_text(
        "dim B, d = 4\nclock step\ninput x : [B, d] every step\n"
        "component W : [d] = 0 { W' = W + mean(x, B) }\noutput z = x @ W\nmetric m = mean(z)\n"
    )
    given = ["--data", "data.npz", "--steps", "2", "--out", "plain"]
    assert main(["train", "spec.nl", *given]) == 0
    capsys.readouterr()
    assert main(["eval", "spec.nl", "--data", "data.npz", "--from", "plain"]) == 0
    shown = capsys.readouterr().out
    assert "48 items of data.npz in 2 batches" in shown
    weight = load_file("plain/checkpoints/2/state.safetensors")["W"]
    mean = (torch.from_numpy(np.load("data.npz")["x"]) @ weight).mean().item()
    assert float(re.search(r"^ m +(\S+)$", shown, re.MULTILINE)[1]) == pytest.approx(mean, abs=1e-4)
