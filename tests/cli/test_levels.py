import json
from pathlib import Path

import pytest

import nlgraph
from nlgraph.cli.main import main

EXAMPLES = Path(nlgraph.__file__).parent / "examples"


@pytest.fixture(autouse=True)
def _wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")


def _levels(capsys, *arguments):
    assert main(["levels", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def test_the_table_has_a_row_for_every_level_fastest_first(capsys):
    assert (
        _levels(capsys, EXAMPLES / "cms.nl")
        == """\
cms · unit of time: step

 level  frequency  every    components
     1          1  step     layer[1].m  layer[1].v  head.m  head.v
     2          1  step     layer[1]  head
     3        1/4  4 step   layer[2].m  layer[2].v
     4        1/4  4 step   layer[2]
     5       1/16  16 step  layer[3].m  layer[3].v
     6       1/16  16 step  layer[3]
     7       1/64  64 step  layer[4].m  layer[4].v
     8       1/64  64 step  layer[4]
"""
    )


def _spec(folder, text):
    file = folder / "spec.nl"
    file.write_text(text)
    return file


def test_families_are_folded_and_kept_with_their_moments(capsys, tmp_path):
    spec = _spec(
        tmp_path,
        """
use std.optim (adam)
use std.blocks (mlp)
dim B = 4, d = 3
clock step
input x, y : [B, d] every step
for i in 1 .. 12 { component layer[i] = mlp(d, d) }
component head : [d, d] ~ xavier()
z = chain(layer, x) @ head
loss = mse(z, y)
train layer, head minimize loss by adam()
output z
""",
    )
    rows = [line.split() for line in _levels(capsys, spec).splitlines()[3:]]
    assert [row[3:] for row in rows] == [
        ["layer[1…12].m", "layer[1…12].v", "head.m", "head.v"],
        ["layer[1…12]", "head"],
    ]


def test_what_has_no_state_comes_first_and_what_never_updates_last(capsys, tmp_path):
    spec = _spec(
        tmp_path,
        """
dim B = 2, T = 8, d = 4
clock step
input x : [B, T, d] every step
component look { map (u) = attention(u, u, u, causal = true) }
component fixed : [d, d] = 1
component W : [d, d] ~ xavier() { W' = W - 0.1 * grad(loss, W) }
z = look(x @ fixed) @ W
loss = mean(z^2)
output z
""",
    )
    rows = [line.split() for line in _levels(capsys, spec).splitlines()[3:]]
    assert rows == [
        ["1", "∞", "at", "once", "look"],
        ["2", "1", "step", "W"],
        ["3", "0", "never", "fixed"],
    ]


def test_a_clock_inside_the_unit_of_time_is_levelled_too(capsys, tmp_path):
    spec = _spec(
        tmp_path,
        """
dim B = 2, T = 16, d = 4
clock sequence
clock token = sequence along T
input k, v : [B, T, d] every sequence
component M : [d, d] = 0 per B every token reset every sequence {
  map (q) = q @ M
  M' = M + outer(k[token], v[token])
}
output o = collect(M'(k[token]))
""",
    )
    assert _levels(capsys, spec).splitlines()[3:] == ["     1         16  token  M"]
    assert _levels(capsys, spec, "--set", "T=512").splitlines()[3:] == [
        "     1        512  token  M"
    ]


def test_json_has_what_the_table_has_unfolded(capsys):
    found = json.loads(_levels(capsys, "--json", EXAMPLES / "momentum.nl"))
    assert found["nlgraph"] == 1
    assert found["system"] == "momentum"
    assert found["unit"] == "step"
    assert found["levels"] == [
        {"level": 1, "frequency": "1", "components": ["m"]},
        {"level": 2, "frequency": "1", "components": ["W"]},
    ]
    assert {"from": "m", "to": "W", "kind": "same-time"} in found["edges"]


def test_errors_are_shown_in_place_of_levels(capsys, tmp_path):
    assert main(["levels", str(_spec(tmp_path, "clock step\noutput y = nothing\n"))]) == 1
    out, err = capsys.readouterr()
    assert not out
    assert "error[NL0201]" in err
