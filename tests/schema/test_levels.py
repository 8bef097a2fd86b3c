"""The JSON of `nlgraph levels --json`."""

import json

import pytest
from pydantic import ValidationError

import nlgraph
from nlgraph.schema.levels import PAIRS, LevelsDocument

MOMENTUM = """\
use std.optim (gd)
dim B = 128, d = 64, classes = 10
const eta = 0.1, alpha = 0.9
clock step
input x : [B, d]     every step
input y : int[B]     every step

component W : [d, classes] ~ xavier() {
  W' = W + m'
}
component m : like W = 0 {
  minimize dot(m, grad(loss, W)) by gd(lr = eta, retain = alpha)
}

logits = x @ W
loss   = cross_entropy(logits, y)
output logits
"""


def document(text):
    return json.loads(nlgraph.loads(text).to_json())


def test_the_momentum_system_is_written_as_its_surface_has_it():
    found = document(MOMENTUM)
    assert found == {
        "nlgraph": 1,
        "system": found["system"],
        "unit": "step",
        "clocks": [{"name": "step", "frequency": "1"}],
        "levels": [
            {"level": 1, "frequency": "1", "components": ["m"]},
            {"level": 2, "frequency": "1", "components": ["W"]},
        ],
        "components": [
            {
                "name": "m",
                "level": 1,
                "range": [1, 1],
                "frequency": "1",
                "clock": "step",
                "kind": "parametric",
                "states": {"m": {"dtype": "f32", "dims": ["d", "classes"], "shape": [64, 10]}},
                "line": 11,
            },
            {
                "name": "W",
                "level": 2,
                "range": [2, 2],
                "frequency": "1",
                "clock": "step",
                "kind": "parametric",
                "states": {"W": {"dtype": "f32", "dims": ["d", "classes"], "shape": [64, 10]}},
                "line": 8,
            },
        ],
        "edges": [
            {"from": "m", "to": "W", "kind": "same-time"},
            {"from": "W", "to": "m", "kind": "context", "via": "loss"},
        ],
    }


MIXED = """\
use std.optim (gd)
dim B = 4, T = 8, d = 3
clock sequence
clock token = sequence along T
clock epoch = 16 sequence
input e : [B, T, d] every sequence
component fixed : [d] = 1
component A { map (q) = relu(q) }
component M : [d] = 0 per B every token reset every sequence { M' = M + e[token] }
component W every sequence {
  state a : [d, d] = 0
  state b : [d] = 0
  minimize mse(A(e @ a + b), collect(M)) by gd(lr = 0.1)
}
component slow : [d] = 0 every epoch { slow' = slow + W.b' * fixed }
output y = e @ W.a
"""


def test_frequencies_are_exact_and_kinds_follow_from_them():
    found = document(MIXED)
    by_name = {entry["name"]: entry for entry in found["components"]}
    assert {name: (e["frequency"], e["kind"]) for name, e in by_name.items()} == {
        "A": ("inf", "non-parametric"),
        "M": ("8", "parametric"),
        "W": ("1", "parametric"),
        "slow": ("1/16", "parametric"),
        "fixed": ("0", "frozen"),
    }
    assert found["clocks"] == [
        {"name": "sequence", "frequency": "1"},
        {"name": "token", "frequency": "8"},
        {"name": "epoch", "frequency": "1/16"},
    ]


def test_components_are_in_order_of_level():
    assert [e["name"] for e in document(MIXED)["components"]] == ["A", "M", "W", "slow", "fixed"]


def test_states_are_seen_from_outside():
    by_name = {entry["name"]: entry["states"] for entry in document(MIXED)["components"]}
    assert by_name["M"] == {"M": {"dtype": "f32", "dims": ["B", "d"], "shape": [4, 3]}}
    assert list(by_name["W"]) == ["a", "b"]
    assert by_name["A"] == {}


def test_a_dimension_that_a_call_binds_has_no_size():
    found = document(MOMENTUM.replace("B = 128, d = 64", "d, B = 128"))
    assert found["components"][0]["states"]["m"]["shape"] == [None, 10]


@pytest.mark.timeout(60)
def test_beyond_a_number_of_pairs_edges_are_nets():
    def text(count):
        return (
            "use std.optim (gd)\ndim d = 2\nclock step\ninput x : [d] every step\n"
            f"z[0] = x\nfor i in 1 .. {count} {{\n"
            "component c[i] : [d] = 1; z[i] = z[i-1] * c[i] }\n"
            f"loss = sum(z[{count}])\ntrain c minimize loss by gd(lr = 0.1)\noutput loss\n"
        )

    few = document(text(100))["edges"]
    assert len(few) == 100 * 99
    assert all(isinstance(edge["from"], str) for edge in few)
    many = document(text(200))["edges"]
    assert 200 * 199 > PAIRS > len(many)
    pairs = {(s, t) for edge in many for s in edge["from"] for t in edge["to"] if s != t}
    assert len(pairs) == 200 * 199
    assert {edge["kind"] for edge in many} == {"state"}


@pytest.mark.parametrize("text", [MOMENTUM, MIXED])
def test_the_model_reads_what_it_writes_and_nothing_else(text):
    written = nlgraph.loads(text).to_json()
    assert LevelsDocument.model_validate_json(written).to_json() == written
    broken = json.loads(written) | {"more": 1}
    with pytest.raises(ValidationError):
        LevelsDocument.model_validate(broken)
