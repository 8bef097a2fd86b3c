from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import nlgraph
from nlgraph.cli.main import main
from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.train.start import start_from

SPEC = """
use std.optim (adam)
dim B = 4, d = 3
clock step
input x : [B, d] every step
component W : [d, d] ~ normal(0, 1)
component back : [d] = 2 every step reset every 2 step { back' = back + 1 }
component inside : [d] = 1 every step reset every step { inside' = inside * 2 }
component count : int[] = 0 { count' = count + 1 }
loss = mean((x @ W + back)^2) + mean(inside')
train W minimize loss by adam(lr = 0.1)
output z = x @ W
"""


def _states():
    return {
        "W": torch.arange(9.0).reshape(3, 3),
        "back": torch.tensor([5.0, 6.0, 7.0]),
        "count": torch.tensor(40),
    }


def _start(tmp_path, states):
    file = tmp_path / "states.safetensors"
    save_file(states, file)
    system = nlgraph.loads(SPEC)
    module = nlgraph.compile(system)
    start_from(file, system, module)
    return module


def test_states_are_those_of_the_file_and_time_starts_at_0(tmp_path):
    module = _start(tmp_path, _states())
    for name, tensor in _states().items():
        assert torch.equal(module.state[name], tensor)
    assert torch.equal(module.state["W.m"], torch.zeros(3, 3))
    assert module.tick == 0


def test_a_reset_goes_back_to_the_value_of_the_file(tmp_path):
    module = _start(tmp_path, _states())
    for _ in range(2):
        module.step(x=torch.ones(4, 3))
    assert module.state["back"].tolist() == [5, 6, 7]


def test_moments_may_be_given_and_what_lives_elsewhere_is_not_looked_at(tmp_path):
    moments = {"W.m": torch.ones(3, 3), "W.v": torch.ones(3, 3), "@tick": torch.tensor(9)}
    module = _start(tmp_path, _states() | moments)
    assert torch.equal(module.state["W.m"], torch.ones(3, 3))
    assert module.tick == 0


def test_what_another_optimizer_kept_is_not_looked_at(tmp_path):
    kept = {"W.most": torch.ones(3, 3), "back.m": torch.ones(3), "back.adam.m": torch.ones(3)}
    module = _start(tmp_path, _states() | kept)
    assert module.state.keys() == _states().keys() | {"W.m", "W.v", "inside"}
    with pytest.raises(SpecError, match=r"`other\.m` is no state"):
        _start(tmp_path, _states() | {"other.m": torch.ones(3)})


def test_floats_of_another_length_are_cast(tmp_path):
    module = _start(tmp_path, _states() | {"back": torch.ones(3, dtype=torch.bfloat16)})
    assert module.state["back"].dtype == torch.float32


def test_all_that_does_not_fit_is_one_error(tmp_path):
    states = {
        "W": torch.ones(3, 2),
        "count": torch.tensor(1.5),
        "bakc": torch.ones(3),
        "W.m": torch.full((3, 3), torch.nan),
    }
    with pytest.raises(SpecError) as raised:
        _start(tmp_path, states)
    (fault,) = raised.value.diagnostics
    assert fault.code == "NL0836"
    for said in (
        "`W` is [3, 2] and should be [3, 3]",
        "`count` holds f32 and should hold int",
        "`bakc` is no state (did you mean `back`?)",
        "`back` is missing",
        "`W.m` holds a NaN or an infinity",
    ):
        assert said in fault.message
    assert "inside" not in fault.message


@pytest.mark.parametrize(("content", "said"), [(None, "no such file"), (b"{}", "no whole")])
def test_a_file_that_cannot_be_read_is_one_error(tmp_path, content, said):
    file = tmp_path / "states.safetensors"
    if content is not None:
        file.write_bytes(content)
    system = nlgraph.loads(SPEC)
    with pytest.raises(SpecError, match=said):
        start_from(file, system, nlgraph.compile(system))


def test_a_run_starts_from_the_checkpoint_of_another_and_is_resumed_as_it_began(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("spec.nl").write_text(SPEC)
    np.savez("data.npz", x=np.ones((20, 3), np.float32))
    given = ["train", "spec.nl", "--data", "data.npz"]
    assert main([*given, "--steps", "3", "--out", "first"]) == 0
    init = "first/checkpoints/3/state.safetensors"
    assert main([*given, "--steps", "1", "--out", "second", "--init", init]) == 0
    saved, begun = load_file(init), load_file("second/checkpoints/1/state.safetensors")
    assert begun["count"] == saved["count"] + 1
    assert begun["@tick"] == 1
    resume = ["train", "spec.nl", "--resume", "--out", "second", "--steps", "2"]
    capsys.readouterr()
    assert main([*resume, "--init", "other.safetensors"]) == 1
    assert "error[NL0832]" in capsys.readouterr().err
    Path(init).unlink()
    assert main(resume) == 0
