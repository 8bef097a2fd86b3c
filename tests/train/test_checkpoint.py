import errno
import json
import math
import os

import pytest
import torch

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schema.run import RunConfig
from nlgraph.train.checkpoint import KEPT, load_checkpoint, save_checkpoint

CONFIG = RunConfig(
    nlgraph="0.1.0",
    spec="spec.nl",
    meaning="a" * 64,
    overrides={"d": 8},
    data="digits",
    holdout=0.2,
    batch=32,
    seed=3,
    steps=100,
    every=10,
    backend="eager",
    on_nan="stop",
)


def _state(tick):
    return {"W": torch.full((2, 3), 1 / 3 + tick), "tick": torch.tensor(tick)}


def _load(folder, meaning=CONFIG.meaning):
    report, notes = Report(), []
    return load_checkpoint(folder, meaning, report, notes.append), report, notes


def test_what_was_saved_is_read_bit_for_bit(tmp_path):
    state = {
        "W": torch.randn(3, 4, dtype=torch.float64).T,
        "h": torch.randn(5).bfloat16(),
        "none": torch.empty(0, 4),
        "n": torch.tensor(7),
        "flag": torch.tensor([True, False]),
    }
    assert save_checkpoint(tmp_path, state, 10, CONFIG)
    found, report, notes = _load(tmp_path)
    assert not report.diagnostics
    assert not notes
    assert found.tick == 10
    assert found.state.keys() == state.keys()
    for name, tensor in state.items():
        assert found.state[name].dtype == tensor.dtype
        assert torch.equal(found.state[name], tensor)


def test_the_manifest_says_what_the_tensors_belong_to(tmp_path):
    save_checkpoint(tmp_path, _state(10), 10, CONFIG)
    folder = tmp_path / "checkpoints" / "10"
    assert {file.name for file in folder.iterdir()} == {"state.safetensors", "manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["tick"] == 10
    assert manifest["meaning"] == "a" * 64
    assert manifest["seed"] == 3
    assert manifest["overrides"] == {"d": 8}
    assert manifest["versions"]["torch"] == torch.__version__
    assert set(manifest["checksums"]) == {"state.safetensors"}


def test_the_last_few_are_kept_and_the_newest_is_read(tmp_path):
    for tick in range(1, 8):
        save_checkpoint(tmp_path, _state(tick), tick, CONFIG)
    kept = sorted(int(entry.name) for entry in (tmp_path / "checkpoints").iterdir())
    assert kept == list(range(8 - KEPT, 8))
    assert _load(tmp_path)[0].tick == 7


def test_saving_a_tick_again_replaces_it(tmp_path):
    save_checkpoint(tmp_path, {"W": torch.zeros(2)}, 5, CONFIG)
    save_checkpoint(tmp_path, {"W": torch.ones(2)}, 5, CONFIG)
    assert torch.equal(_load(tmp_path)[0].state["W"], torch.ones(2))


def _damage(folder, how):
    state, manifest = folder / "state.safetensors", folder / "manifest.json"
    match how:
        case "a flipped bit":
            content = bytearray(state.read_bytes())
            content[-1] ^= 1
            state.write_bytes(bytes(content))
        case "cut tensors":
            state.write_bytes(state.read_bytes()[:40])
        case "no tensors":
            state.unlink()
        case "no manifest":
            manifest.unlink()
        case "cut manifest":
            manifest.write_text(manifest.read_text()[:100])
        case "another format":
            manifest.write_text(manifest.read_text().replace('"format": 1', '"format": 99'))
        case "no text":
            manifest.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "how",
    [
        "a flipped bit",
        "cut tensors",
        "no tensors",
        "no manifest",
        "cut manifest",
        "another format",
        "no text",
    ],
)
def test_a_damaged_checkpoint_falls_back_to_the_one_before_with_a_note(tmp_path, how):
    for tick in (1, 2):
        save_checkpoint(tmp_path, _state(tick), tick, CONFIG)
    _damage(tmp_path / "checkpoints" / "2", how)
    found, report, notes = _load(tmp_path)
    assert not report.diagnostics
    assert found.tick == 1
    (note,) = notes
    assert "tick 2" in note


def test_a_checksum_of_a_file_elsewhere_is_not_looked_at(tmp_path):
    save_checkpoint(tmp_path, _state(1), 1, CONFIG)
    manifest = tmp_path / "checkpoints" / "1" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"state.safe', '"../state.safe'))
    _, report, notes = _load(tmp_path)
    assert "no file of its own folder" in notes[0]
    assert report.errors[0].code == "NL0830"


def test_where_all_are_damaged_there_is_nothing_to_resume(tmp_path):
    save_checkpoint(tmp_path, _state(1), 1, CONFIG)
    _damage(tmp_path / "checkpoints" / "1", "a flipped bit")
    found, report, _ = _load(tmp_path)
    assert found is None
    assert "none of its 1 checkpoints can be read" in report.errors[0].message


def test_a_folder_without_checkpoints_cannot_be_resumed(tmp_path):
    found, report, _ = _load(tmp_path)
    assert found is None
    assert report.errors[0].code == "NL0830"


def test_a_checkpoint_of_another_spec_is_refused_not_passed_over(tmp_path):
    save_checkpoint(tmp_path, _state(1), 1, CONFIG)
    found, report, notes = _load(tmp_path, meaning="b" * 64)
    assert found is None
    assert not notes
    (fault,) = report.errors
    assert fault.code == "NL0831"


def test_what_a_killed_process_left_unfinished_is_not_read(tmp_path):
    save_checkpoint(tmp_path, _state(1), 1, CONFIG)
    unfinished = tmp_path / "checkpoints" / ".2.unfinished"
    unfinished.mkdir()
    (unfinished / "state.safetensors").write_bytes(b"half")
    assert _load(tmp_path)[0].tick == 1
    save_checkpoint(tmp_path, _state(2), 2, CONFIG)
    assert _load(tmp_path)[0].tick == 2


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_nothing_is_saved_where_a_number_is_not_finite(tmp_path, bad):
    assert not save_checkpoint(tmp_path, {"W": torch.tensor([1.0, bad])}, 1, CONFIG)
    assert not (tmp_path / "checkpoints").exists()


def test_a_checkpoint_for_which_there_is_no_room_leaves_the_others_as_they_are(
    tmp_path, monkeypatch
):
    save_checkpoint(tmp_path, _state(1), 1, CONFIG)

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(tmp_path, _state(2), 2, CONFIG)
    assert [entry.name for entry in (tmp_path / "checkpoints").iterdir()] == ["1"]
    assert _load(tmp_path)[0].tick == 1
