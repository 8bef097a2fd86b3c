"""Going back some ticks to the one that went wrong, and dropping its updates."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import nlgraph
from nlgraph.cli.main import main
from nlgraph.train.recent import KEPT, Recent, copied, without_updates

TEXT = """
clock step
input x : [2] every step
component a : [2] = 0 { a' = 0.5 * a + log(x) }
component far : [2] = 0 every 3 step { far' = far + accumulate(1 / x) }
component noise : scalar = 0 { noise' = noise + normal(0, 1, []) }
loss = sum(1 / x)
output loss
"""


def run(module, ticks, bad=()):
    recent = Recent(module)
    for tick in ticks:
        inputs = {"x": torch.full((2,), 0.0 if tick in bad else 1.0 + tick)}
        recent.remember(inputs)
        module.step(**inputs)
    return recent


@pytest.mark.parametrize("last", [1, KEPT, KEPT + 1, 2 * KEPT + 5])
def test_the_tick_is_found_however_long_the_copy_is_ago(last):
    module = nlgraph.compile(nlgraph.loads(TEXT))
    recent = run(module, range(1, last + 1), bad=(last,))
    assert module.state["a"].isinf().all()
    found = recent.find("loss")
    assert (found.name, found.tick, found.cause.operation) == ("a", last, "log")
    assert module.tick == last - 1
    twin = nlgraph.compile(nlgraph.loads(TEXT))
    run(twin, range(1, last))
    assert all(torch.equal(t, twin.state[name]) for name, t in module.state.items())


def test_a_tick_before_the_last_one_is_found():
    module = nlgraph.compile(nlgraph.loads(TEXT))
    recent = run(module, range(1, 8), bad=(4,))
    assert recent.find("loss").tick == 4


def test_without_a_fault_there_is_nothing_to_find():
    module = nlgraph.compile(nlgraph.loads(TEXT))
    assert run(module, range(1, 8)).find("loss") is None


def test_a_tick_without_updates_keeps_states_and_what_is_finite_of_windows():
    module = nlgraph.compile(nlgraph.loads(TEXT))
    kept = torch.zeros(2)
    for tick in range(1, 7):
        bad = tick in (2, 6)
        before = copied(module)
        states = {name: tensor.clone() for name, tensor in module.state.items()}
        module.step(x=torch.full((2,), 0.0 if bad else float(tick)))
        if bad:
            module.load_state_dict(without_updates(before, module))
            assert all(torch.equal(t, states[name]) for name, t in module.state.items())
            assert module.tick == tick
        elif tick <= 3:
            kept += 1 / tick
    # The window of ticks 4 to 6 ended with a tick whose updates were dropped.
    assert torch.allclose(module.state["far"], kept)
    module.step(x=torch.ones(2))
    module.step(x=torch.ones(2))
    module.step(x=torch.ones(2))
    assert torch.allclose(module.state["far"], kept + 3)


def test_a_run_that_stops_says_where_and_keeps_what_was_finite(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("spec.nl").write_text(
        "dim B = 4\nclock step\ninput x : [B] every step\n"
        "component calm : scalar = 1 { calm' = 0.9 * calm + 0 * mean(x) }\n"
        "component W : scalar = 1 { W' = exp(W + 0 * mean(x)) }\n"
        "loss = calm + mean(x)\noutput z = W\n"
    )
    np.savez("data.npz", x=np.ones(40, np.float32))
    arguments = ["train", "spec.nl", "--data", "data.npz", "--steps", "30", "--every", "20"]
    assert main([*arguments, "--holdout", "0", "--out", "run"]) == 1
    err = capsys.readouterr().err
    assert "error[NL0821]: `W`, of level 1, is no longer finite after tick 4" in err
    assert "the first such number is made by `exp` of `W`, line 5" in err
    lines = [json.loads(line) for line in Path("run/metrics.jsonl").read_text().splitlines()]
    assert [line["tick"] for line in lines] == [1, 2, 3]
    assert not list(Path("run").glob("checkpoints/*"))
