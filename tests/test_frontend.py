"""From text to system, as users call it."""

import subprocess
import sys
from fractions import Fraction

import networkx as nx
import pytest

import nlgraph

SPEC = """\
use std.optim (adamw)
dim B = 4, d = 3
const lr = 0.1
clock step
input x : [B, d] every step
component W : [d] ~ normal(0, 1) every 2 step { minimize average(loss) by adamw(lr = lr) }
loss = sum(x @ W)
output y = x @ W
"""


def test_levels_are_of_exact_frequencies():
    system = nlgraph.loads(SPEC)
    assert [(level.index, level.frequency, level.components) for level in system.levels] == [
        (1, Fraction(1, 2), ("W.m", "W.v")),
        (2, Fraction(1, 2), ("W",)),
    ]


def test_components_tell_where_they_stand():
    system = nlgraph.loads(SPEC)
    assert list(system.components) == ["W", "W.m", "W.v"]
    found = system.components["W"]
    assert (found.name, found.frequency, found.clock, found.level) == (
        "W",
        Fraction(1, 2),
        "2 step",
        2,
    )
    assert (found.range, found.kind, found.span.line) == ((2, 2), "parametric", 6)
    assert [str(of) for of in found.states.values()] == ["f32[d]"]


def test_the_graph_has_one_edge_of_each_kind():
    graph = nlgraph.loads(SPEC).graph
    assert isinstance(graph, nx.MultiDiGraph)
    assert sorted(graph.edges(data="kind")) == [
        ("W", "W.m", "context"),
        ("W", "W.v", "context"),
        ("W.m", "W", "same-time"),
        ("W.v", "W", "same-time"),
    ]


def test_a_file_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.nl"
    path.write_text(SPEC, encoding="utf-8")
    assert nlgraph.load(path).name == "mine"
    assert nlgraph.load(str(path), set={"d": 7}).components["W"].states["W"].shape == (7,)


def test_dims_and_consts_are_set_from_outside():
    system = nlgraph.loads(SPEC, set={"d": 5, "lr": 0.5})
    assert system.components["W.m"].states["W.m"].shape == (5,)


def test_an_unknown_override_is_an_error_of_the_spec():
    with pytest.raises(nlgraph.SpecError, match="no dim or const `width`"):
        nlgraph.loads(SPEC, set={"width": 5})


def test_all_independent_errors_come_in_one_run():
    text = (
        SPEC
        + "s = x @ nothing\nt = x + [1]\n"
        + "component V : [d] = 0 every 3 step { V' = V + sum(x, 0) }\n"
    )
    with pytest.raises(nlgraph.SpecError) as raised:
        nlgraph.loads(text)
    lines = [fault.labels[0].span.line for fault in raised.value.diagnostics]
    assert lines == [9, 10, 11]


def test_a_shape_and_a_clock_that_do_not_fit_are_two_errors():
    text = SPEC + "s = x @ x\ncomponent V : [d] = 0 every 3 step { V' = V + sum(x, 0) }\n"
    with pytest.raises(nlgraph.SpecError) as raised:
        nlgraph.loads(text)
    codes = [fault.code[:4] for fault in raised.value.diagnostics]
    assert codes == ["NL04", "NL03"]


def test_warnings_are_kept():
    (warning,) = nlgraph.loads(SPEC + "input z : [B] every step\n").warnings
    assert warning.code == "NL0251"


def test_loading_imports_neither_torch_nor_what_only_some_need():
    code = (
        "import sys, nlgraph\n"
        "s = nlgraph.loads('clock step\\ncomponent n : scalar = 0 { n\\' = n + 1 }\\noutput n')\n"
        "print(sorted({'torch', 'networkx', 'pydantic', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
