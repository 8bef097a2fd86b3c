"""Whole runs through the command line: what is written, stopping, resuming, and what is refused.

The spec has all that a resume must bring back: draws, partial windows of slow components, resets,
`prev`, `tick`, moments, and an input on a slower clock.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from nlgraph.cli.main import main
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import Input
from nlgraph.train.batches import make_batches
from nlgraph.train.items import Items

ROOT = Path(__file__).resolve().parents[2]

SPEC = """
use std.optim (adamw, gd, clip_norm)
use std.blocks (mlp)
dim B = 16, d = 6, classes = 3
clock step
clock sync = 5 step
input x : [B, d] every step
input y : int[B] every step
input hint : [B, d] every 4 step

component fast = mlp(d, d)
component slow = mlp(d, d) every 7 step
component head : [d, classes] ~ xavier() every step reset every sync to anchor
component anchor : like head = 0 every sync { anchor' = anchor + 0.5 * (head' - anchor) }
component noise : [d] = 0 { noise' = 0.9 * noise + 0.1 * normal(0, 1, [d]) }
component rate : scalar = 0 { rate' = prev(rate + 0.01 * tick, 0.5) }

logits = slow(fast(dropout(x + 0.1 * hint, 0.2) + 0.1 * noise)) @ head
loss = cross_entropy(logits, y)
train fast, slow minimize loss by clip_norm(1.0) then adamw(lr = 0.01)
train head minimize loss by gd(lr = 0.1 / (1 + rate))
output logits
metric accuracy = mean(argmax(logits, -1) == y)
"""

PLAIN = """
dim B = 16, d = 6, classes = 3
clock step
input x : [B, d] every step
input y : int[B] every step
component W : [d, classes] ~ xavier() { W' = W - 0.1 * grad(loss, W) }
logits = x @ W
loss = cross_entropy(logits, y)
metric accuracy = mean(argmax(logits, -1) == y)
output logits
"""

EVERY = 20


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    """A working folder with the spec and data that it can learn from."""
    monkeypatch.chdir(tmp_path)
    Path("spec.nl").write_text(SPEC)
    random = np.random.default_rng(0)
    x = random.standard_normal((200, 6)).astype(np.float32)
    np.savez("data.npz", x=x, y=x[:, :3].argmax(1), hint=x[::-1])


def _train(*arguments):
    return main(["train", "spec.nl", *arguments])


def _begin(out, steps, *arguments):
    return _train(
        "--data", "data.npz", "--out", out, "--steps", str(steps), "--every", str(EVERY), *arguments
    )


def _resume(out, steps, *arguments):
    return _train("--resume", "--out", out, "--steps", str(steps), *arguments)


def _lines(out):
    return [json.loads(line) for line in Path(out, "metrics.jsonl").read_text().splitlines()]


def _state(out, tick):
    return Path(out, "checkpoints", str(tick), "state.safetensors").read_bytes()


def _assert_same_run(one, other, tick):
    assert Path(one, "metrics.jsonl").read_text() == Path(other, "metrics.jsonl").read_text()
    assert _state(one, tick) == _state(other, tick)


# ----------------------------------------------------------------------------- what is written


def test_a_run_writes_its_folder(capsys):
    assert _begin("run", 50) == 0
    assert {entry.name for entry in Path("run").iterdir()} == {
        "run.json",
        "spec.nl",
        "levels.svg",
        "metrics.jsonl",
        "tensorboard",
        "checkpoints",
    }
    assert Path("run", "spec.nl").read_text() == SPEC
    assert {entry.name for entry in Path("run", "checkpoints").iterdir()} == {"20", "40", "50"}
    lines = _lines("run")
    assert [line["tick"] for line in lines] == list(range(1, 51))
    assert all(line.keys() == {"tick", "loss", "accuracy"} for line in lines[:-1])
    assert list(lines[-1]) == ["tick", "loss", "accuracy", "holdout_loss", "holdout_accuracy"]
    config = json.loads(Path("run", "run.json").read_text())
    assert config["steps"] == 50
    assert config["batch"] == 16
    assert config["holdout"] == 0.2
    shown = capsys.readouterr().out
    assert "spec: 50 ticks of step, 16 items each" in shown
    assert "40 of 200 items held out" in shown


def test_the_summary_counts_the_updates_of_every_level(capsys):
    _begin("run", 50)
    shown = capsys.readouterr().out
    for every, updates, components in (
        ("step", 50, "fast"),
        ("7 step", 7, "slow"),
        ("sync", 10, "anchor"),
    ):
        row = rf"^ +\d+  {every} +{updates}  (.*  )?{components}(  .*)?$"
        assert re.search(row, shown, re.MULTILINE), shown


def _held_out(count, *, share):
    """Which items a run with seed 0 holds apart."""
    name = InputId("x")
    at = Input(name, TensorType("f32", (Dim("B", 1),)), ClockId("step"), None)
    items = Items({name: np.zeros(count)}, frozenset([name]), 1, "B", {})
    made = make_batches(
        items, {name: at}, {name: 1}, share=share, seed=0, fits=lambda _: True, report=Report()
    )
    return made.held


def test_the_held_out_values_are_means_over_all_held_out_items():
    """Exact also for the last batch, of 40 items by 16: computed by torch from the states."""
    Path("spec.nl").write_text(PLAIN)
    _begin("run", 30)
    last = _lines("run")[-1]
    weight = load_file("run/checkpoints/30/state.safetensors")["W"]
    data = np.load("data.npz")
    x, y = torch.from_numpy(data["x"]), torch.from_numpy(data["y"])
    held = torch.from_numpy(_held_out(200, share=0.2))
    loss = torch.nn.functional.cross_entropy(x[held] @ weight, y[held]).item()
    accuracy = ((x[held] @ weight).argmax(-1) == y[held]).float().mean().item()
    assert last["holdout_loss"] == pytest.approx(loss, rel=1e-5)
    assert last["holdout_accuracy"] == pytest.approx(accuracy, rel=1e-6)


def test_held_out_items_that_no_reshape_takes_are_left_out(capsys):
    """40 items held out make two batches of 16, and the last 8 no 4 copies of 4."""
    four = "reshape(reshape(x, [4, 4, d]) @ W, [B, classes])"
    Path("spec.nl").write_text(PLAIN.replace("x @ W", four))
    assert _begin("run", 5) == 0
    assert "8 held-out items fill no batch and are left out" in capsys.readouterr().err
    weight = load_file("run/checkpoints/5/state.safetensors")["W"]
    data, held = np.load("data.npz"), _held_out(200, share=0.2)[:32]
    right = (torch.from_numpy(data["x"][held]) @ weight).argmax(-1).numpy() == data["y"][held]
    assert _lines("run")[-1]["holdout_accuracy"] == pytest.approx(right.mean(), rel=1e-6)


def test_holding_nothing_apart_says_nothing_of_held_out_items(capsys):
    assert _begin("run", 5, "--holdout", "0") == 0
    assert list(_lines("run")[-1]) == ["tick", "loss", "accuracy"]
    assert "held out" not in capsys.readouterr().out


def test_a_seed_gives_a_run_again_and_another_seed_another_one():
    _begin("one", 12)
    _begin("two", 12)
    _begin("three", 12, "--seed", "1")
    _assert_same_run("one", "two", 12)
    assert _lines("one")[0] != _lines("three")[0]


def test_without_out_a_run_gets_a_folder_of_its_own():
    arguments = ["--data", "data.npz", "--steps", "2"]
    assert _train(*arguments) == 0
    assert _train(*arguments) == 0
    assert {entry.name for entry in Path("runs").iterdir()} == {"spec", "spec-2"}
    assert _train("--resume", "--steps", "3") == 0
    assert len(_lines("runs/spec-2")) == 3
    assert len(_lines("runs/spec")) == 2


# ----------------------------------------------------------------------------- resuming


@pytest.mark.parametrize("at", [1, 23, 40])
def test_a_resumed_run_is_bit_for_bit_the_unbroken_one(at):
    _begin("whole", 60)
    _begin("broken", at)
    assert _resume("broken", 60) == 0
    _assert_same_run("whole", "broken", 60)


def test_a_run_that_was_resumed_twice_is_still_the_unbroken_one():
    _begin("whole", 45)
    _begin("broken", 11)
    _resume("broken", 30)
    _resume("broken", 45)
    _assert_same_run("whole", "broken", 45)


def _start(out, steps):
    """The same run in a process of its own, which can be killed."""
    command = [sys.executable, "-m", "nlgraph", "train", "spec.nl", "--data", "data.npz"]
    options = ["--out", out, "--steps", str(steps), "--every", str(EVERY)]
    return subprocess.Popen(
        [*command, *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for_checkpoint(process, out, tick):
    """Wait until the run is past a checkpoint, and has written some lines more."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        done = Path(out, "checkpoints", str(tick)).exists()
        if done and len(Path(out, "metrics.jsonl").read_text().splitlines()) > tick + 2:
            return
        time.sleep(0.005)
    pytest.fail("the run came to no checkpoint")


LONG = 100_000


def _newest(out):
    return max(int(e.name) for e in Path(out, "checkpoints").iterdir() if e.name.isdigit())


def test_a_run_that_is_killed_in_the_middle_resumes_bit_for_bit():
    process = _start("broken", LONG)
    _wait_for_checkpoint(process, "broken", 40)
    process.kill()
    process.communicate()
    stopped = len(Path("broken", "metrics.jsonl").read_text().splitlines())
    steps = stopped + 25
    assert _resume("broken", steps) == 0
    assert _begin("whole", steps) == 0
    _assert_same_run("whole", "broken", steps)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_saves_where_it_is_and_exits_with_130(number):
    process = _start("broken", LONG)
    _wait_for_checkpoint(process, "broken", 20)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in err
    tick = _newest("broken")
    assert [line["tick"] for line in _lines("broken")] == list(range(1, tick + 1))
    assert f"stopped at tick {tick} of {LONG}; --resume --out broken goes on" in err
    assert _resume("broken", tick + 9) == 0
    assert _begin("whole", tick + 9) == 0
    _assert_same_run("whole", "broken", tick + 9)


def test_a_damaged_checkpoint_is_passed_over_and_the_result_is_the_same(capsys):
    _begin("whole", 60)
    _begin("broken", 50)
    state = Path("broken", "checkpoints", "50", "state.safetensors")
    state.write_bytes(state.read_bytes()[:-1] + b"\x99")
    capsys.readouterr()
    assert _resume("broken", 60) == 0
    assert "tick 50 is damaged and passed over" in capsys.readouterr().err
    _assert_same_run("whole", "broken", 60)


def test_a_finished_run_that_is_resumed_goes_no_further(capsys):
    _begin("run", 30)
    before = Path("run", "metrics.jsonl").read_text()
    capsys.readouterr()
    assert _resume("run", 30) == 0
    assert Path("run", "metrics.jsonl").read_text() == before
    shown = capsys.readouterr().out
    assert ": at tick 30 of step already; a larger --steps goes on\n" in shown
    assert "held out" in shown


def test_the_summary_of_a_resumed_run_tells_the_ticks_that_it_timed(capsys):
    _begin("run", 20)
    assert "spec: 20 ticks of step" in capsys.readouterr().out
    assert _resume("run", 30) == 0
    assert "spec: ticks 21 to 30 of step" in capsys.readouterr().out


def test_comments_may_change_between_runs_and_meaning_may_not(capsys):
    _begin("run", 10)
    Path("spec.nl").write_text("# a comment\n" + SPEC)
    assert _resume("run", 12) == 0
    Path("spec.nl").write_text(SPEC.replace("lr = 0.01", "lr = 0.02"))
    before = Path("run", "metrics.jsonl").read_text()
    assert _resume("run", 20) == 1
    assert "error[NL0831]" in capsys.readouterr().err
    assert Path("run", "metrics.jsonl").read_text() == before


def test_overrides_are_part_of_the_meaning(capsys):
    _begin("run", 10, "--set", "B=8")
    assert _resume("run", 11) == 0  # as it was started
    assert _resume("run", 12, "--set", "B=8") == 0
    assert _resume("run", 13, "--set", "B=4") == 1
    assert "NL0831" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "5"], "has --seed 0, not 5"),
        (["--holdout", "0.5"], "has --holdout 0.2, not 0.5"),
        (["--data", "digits"], "has --data data.npz, not digits"),
        (["--backend", "reference"], "has --backend eager, not reference"),
    ],
)
def test_a_run_cannot_go_on_as_another_one(capsys, arguments, said):
    _begin("run", 10)
    capsys.readouterr()
    assert _resume("run", 20, *arguments) == 1
    err = capsys.readouterr().err
    assert "error[NL0832]" in err
    assert said in err


def test_a_folder_that_is_not_there_cannot_be_resumed(capsys):
    assert _resume("run", 20) == 1
    assert "run cannot be resumed: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, "{", '{"format": 2}', ""])
def test_a_folder_that_holds_no_run_cannot_be_resumed(capsys, content):
    Path("run").mkdir()
    if content is not None:
        Path("run", "run.json").write_text(content)
    assert _resume("run", 20) == 1
    assert "error[NL0833]" in capsys.readouterr().err


# ----------------------------------------------------------------------------- not finite

EXPLODES = """
dim B = 16, d = 6
clock step
input x : [B, d] every step
component calm : [d] = 1 { calm' = 0.5 * calm }
component follower : like calm = 1 every step { follower' = 0.5 * follower + 0 * W' }
component W : like calm = 1 every 4 step { W' = W * W * 1e6 }
loss = sum(follower) + mean(x)
output z = follower
"""


@pytest.fixture
def _exploding():
    Path("spec.nl").write_text(EXPLODES)


@pytest.mark.usefixtures("_exploding")
def test_a_state_that_is_not_finite_stops_the_run_with_tick_component_and_level(capsys):
    assert _begin("run", 100) == 1
    err = capsys.readouterr().err
    # 1, 1e6, 1e18 and 1e42: the third update, at tick 12. `follower` reads it at the same tick, and
    # is in a faster level: the fastest that is not finite is named.
    assert "error[NL0821]: `follower`, of level 1, is no longer finite after tick 12" in err
    assert "Traceback" not in err
    assert _lines("run")[-1]["tick"] == 11


def _checkpoints(out):
    return list(Path(out, "checkpoints").glob("*/state.safetensors"))


@pytest.mark.usefixtures("_exploding")
@pytest.mark.parametrize("policy", ["stop", "skip", "keep"])
def test_no_checkpoint_holds_a_number_that_is_not_finite(policy):
    _begin("run", 100, "--on-nan", policy, "--every", "1")
    for file in _checkpoints("run"):
        for tensor in load_file(file).values():
            assert tensor.isfinite().all()


@pytest.mark.usefixtures("_exploding")
def test_keep_goes_on_and_writes_null(capsys):
    assert _begin("run", 100, "--on-nan", "keep") == 0
    assert _lines("run")[-1]["loss"] is None
    shown = capsys.readouterr()
    assert "no checkpoint at tick 100" in shown.err
    assert not Path("run", "checkpoints", "100").exists()
    assert "checkpoints/100" not in shown.out


def test_skip_takes_back_the_updates_of_that_tick(capsys):
    """Without the two ticks whose gradients overflow, W stays finite and learns on."""
    Path("spec.nl").write_text("""
dim B = 4
clock step
input x : [B] every step
component W : scalar = 1 { W' = W - 0.1 * grad(loss, W) }
component count : scalar = 0 { count' = count + 1 }
loss = mean(x) * W
output z = x
""")
    x = np.ones(20, np.float32)
    x[:] = 3e38  # a mean of four overflows
    x[:16] = 1
    np.savez("data.npz", x=x)
    assert _begin("run", 15, "--on-nan", "skip", "--holdout", "0") == 0
    lines = _lines("run")
    ticks = [line["tick"] for line in lines if line["loss"] is None]
    skipped = len(ticks)
    assert skipped > 1
    told = f"the updates of {skipped} ticks, {ticks[0]} to {ticks[-1]}, were taken back"
    assert told in capsys.readouterr().err
    state = load_file("run/checkpoints/15/state.safetensors")
    assert state["count"].item() == 15 - skipped
    assert state["W"].isfinite()


# ----------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--steps", "5"], 2, "--data is needed"),
        (["--data", "data.npz", "--steps", "0"], 2, "'0' is no number from 1"),
        (["--data", "data.npz", "--holdout", "1"], 2, "'1' is no share"),
        (["--data", "data.npz", "--seed", "-1"], 2, "'-1' is no number from 0"),
        (["--data", "data.npz", "--set", "B"], 2, "'B' is not NAME=VALUE"),
        (["--data", "data.npz", "--set", "B=two"], 2, "is no number"),
        (["--data", "data.npz", "--out", "data.npz"], 2, "is a file, not a folder"),
        (["--data", "data.npz", "--out", "data.npz/deep"], 2, "cannot be written to"),
        (["--data", "data.npz", "--set", "nothing=3"], 1, "nothing"),
        (["--data", "no.npz"], 1, "there is no such file"),
        (["--data", "digits"], 1, "error[NL0803]"),
        (["--data", "data.npz", "--set", "B=400"], 1, "there are 160 to train on"),
    ],
)
def test_what_cannot_be_is_one_clear_error(capsys, arguments, status, said):
    assert _train(*arguments) == status
    err = capsys.readouterr().err
    assert said in err
    assert "Traceback" not in err


def test_a_folder_that_holds_a_run_is_not_overwritten(capsys):
    _begin("run", 5)
    before = Path("run", "metrics.jsonl").read_text()
    assert _begin("run", 5) == 2
    assert "holds a run already: --resume goes on with it" in capsys.readouterr().err
    assert Path("run", "metrics.jsonl").read_text() == before


def test_a_class_that_is_out_of_range_is_one_error_that_names_the_input(capsys):
    data = dict(np.load("data.npz"))
    data["y"] = data["y"] + 5
    np.savez("data.npz", **data)
    assert _begin("run", 5) == 1
    err = capsys.readouterr().err
    assert "error[NL0812]: `y` needs numbers from 0 to 2" in err
    assert not Path("run").exists()


def test_a_computed_class_that_is_out_of_range_is_one_error_that_names_the_tick(capsys):
    Path("spec.nl").write_text(SPEC.replace("(logits, y)", "(logits, y + 5)"))
    assert _begin("run", 5) == 1
    err = capsys.readouterr().err
    assert "error[NL0820]: tick 1 could not run" in err
    assert "Traceback" not in err


# ----------------------------------------------------------------------------- disks

LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from nlgraph.cli.main import main
sys.exit(main(sys.argv[2:]))
"""


def _with_room_for(size, steps):
    """The run in a process whose files cannot grow beyond a size, as on a full disk."""
    arguments = ["train", "spec.nl", "--data", "data.npz", "--out", "run", "--every", "20"]
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *arguments, "--steps", str(steps)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of resources there")
def test_a_full_disk_in_the_middle_is_one_error_and_the_run_goes_on_when_there_is_room():
    Path("spec.nl").write_text(PLAIN)
    done = _with_room_for(12_000, 500)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    tick = _newest("run")
    assert "error: run cannot be written to: " in done.stderr
    assert f"the checkpoint of tick {tick} is whole: --resume --out run goes on" in done.stderr
    assert not list(Path("run").rglob("*.unfinished"))
    assert _resume("run", tick + 9) == 0
    assert _begin("whole", tick + 9) == 0
    _assert_same_run("whole", "run", tick + 9)


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of resources there")
def test_a_disk_that_is_full_from_the_start_leaves_nothing_half_written():
    done = _with_room_for(300, 20)
    assert done.returncode == 2
    assert done.stderr == "error: run cannot be written to: File too large\n"
    assert not list(Path("run").rglob("*.unfinished"))
    assert _begin("run", 20) == 0


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="a folder in which nobody can write")
def test_a_folder_that_cannot_be_made_is_one_error(capsys):
    assert _begin("/proc/run", 20) == 2
    err = capsys.readouterr().err
    assert "error: /proc/run cannot be written to: " in err
    assert "Traceback" not in err


# ----------------------------------------------------------------------------- texts

BIGRAMS = """
use std.optim (adam)
dim B = 16, T = 8, vocab = 256
clock step
input text, target : int[B, T] every step
component W : [vocab, vocab] = 0
logits = embedding(text, W)
loss = cross_entropy(logits, target)
train W minimize loss by adam(lr = 0.1)
output logits
"""


def test_a_run_on_a_text_learns_what_follows_each_byte():
    """Of a cycle of 26 letters each tells the next, so that the loss goes from log 256 to 0."""
    Path("spec.nl").write_text(BIGRAMS)
    Path("letters.txt").write_bytes(bytes(range(97, 123)) * 400)
    assert _train("--data", "letters.txt", "--steps", "120", "--out", "run") == 0
    lines = _lines("run")
    assert lines[0]["loss"] == pytest.approx(np.log(256), rel=1e-5)
    assert lines[-1]["loss"] < 0.05
    assert lines[-1]["holdout_loss"] < 0.05
    weights = load_file("run/checkpoints/120/state.safetensors")["W"]
    assert weights[97:122].argmax(-1).tolist() == list(range(98, 123))


def test_a_short_text_is_an_error_that_counts_what_is_held_apart(capsys):
    Path("spec.nl").write_text(BIGRAMS)
    Path("short.txt").write_bytes(b"a" * (8 * 18 + 1))
    assert _train("--data", "short.txt", "--steps", "2") == 1
    err = capsys.readouterr().err
    assert "takes 16 items of `text`, and there are 14 to train on (4 more are held apart)" in err
    assert _train("--data", "short.txt", "--steps", "2", "--holdout", "0") == 0


# ----------------------------------------------------------------------------- functions

FEEDS = """
import numpy as np
data = dict(np.load("data.npz"))

def batches():
    random = np.random.default_rng(1)
    while True:
        rows = random.integers(0, 200, 16)
        yield {name: array[rows] for name, array in data.items()}

def few():
    for _, batch in zip(range(30), batches()):
        yield batch
"""


@pytest.fixture
def _feeds(monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "feeds", raising=False)
    Path("feeds.py").write_text(FEEDS)


def _feed(out, steps, *arguments):
    given = ["--data", "feeds:batches", "--out", out, "--steps", str(steps)]
    return _train(*given, "--every", "20", *arguments)


@pytest.mark.usefixtures("_feeds")
@pytest.mark.parametrize("share", ["0", "0.2"])
def test_a_run_on_a_function_resumes_bit_for_bit(share):
    assert _feed("whole", 45, "--holdout", share) == 0
    assert _feed("broken", 23, "--holdout", share) == 0
    assert _resume("broken", 45, "--data", "feeds:batches") == 0
    _assert_same_run("whole", "broken", 45)
    assert ("holdout_loss" in _lines("whole")[-1]) == (share != "0")


@pytest.mark.usefixtures("_feeds")
def test_no_file_decides_what_is_imported(capsys):
    _feed("run", 3)
    del sys.modules["feeds"]
    capsys.readouterr()
    assert _resume("run", 5) == 1
    assert "error[NL0834]" in capsys.readouterr().err
    config = Path("run", "run.json")
    config.write_text(config.read_text().replace("feeds:batches", "feeds:other"))
    assert _resume("run", 5, "--data", "feeds:batches") == 1
    assert "error[NL0832]" in capsys.readouterr().err
    assert "feeds" not in sys.modules


@pytest.mark.usefixtures("_feeds")
def test_a_function_that_runs_dry_ends_the_run_with_what_was_learned_saved(capsys):
    given = ["--data", "feeds:few", "--out", "run", "--steps", "40", "--holdout", "0"]
    assert _train(*given) == 1
    err = capsys.readouterr().err
    assert "error[NL0814]: `feeds:few` ended after 30 batches, and tick 31 needs one more" in err
    assert _newest("run") == 30
    assert _lines("run")[-1]["tick"] == 30
    assert _resume("run", 30, "--data", "feeds:few") == 0
