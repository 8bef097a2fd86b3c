"""What a schedule says of its loops is what torch runs."""

import re
from collections import Counter
from pathlib import Path

import pytest
import torch

import nlgraph
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.graph.loop import Loop
from nlgraph.schedule.plan import make_schedule
from nlgraph.schedule.summary import summary_text

SPECS = Path(__file__).parents[1] / "specs"

TURNS = {
    "hope": {
        "2 turns of 16 ticks; a cycle of Malpha.M, Meta.M, Mk.M, Mv.M": 2,
        "2 turns of 16 ticks; a cycle of Mmem.M": 2,
    },
    "deep_memory_ttt": {"2 turns of 16 ticks; a cycle of M.W1, M.W2": 2},
    "delta_rule": {"32 turns; a cycle of M": 32},
    "maml": {"5 turns; a cycle of fast.W1, fast.W2": 5},
    "rnn_tbptt": {"8 turns; a cycle of hid": 8},
}


def inputs(system):
    found = {}
    for name, of in system.shaped.clocked.equations.inputs.items():
        shape = [dim.size for dim in of.type.dims]
        draw = torch.randint(0, 2, shape) if of.type.dtype == "int" else torch.randn(shape)
        found[name] = draw
    return found


@pytest.mark.parametrize("name", TURNS)
def test_each_loop_runs_once_with_the_turns_that_are_printed(name):
    path = SPECS / f"{name}.nl"
    system = nlgraph.load(path)
    text = summary_text(make_schedule(system.shaped, Report()))
    lines = re.findall(r"^  unit 0: (\d+ turns.*)$", text, re.MULTILINE)
    assert {re.sub(r" \(line \d+\)", "", line) for line in lines} == set(TURNS[name])
    source = path.read_text().splitlines()
    for state, line in re.findall(r"([\w.]+) \(line (\d+)\)", " ".join(lines)):
        assert f"component {state.partition('.')[0]}" in source[int(line) - 1]

    module = nlgraph.compile(system, backend="eager")
    turns = Counter()
    for loop in module.graph(1).modules():
        if isinstance(loop, Loop):
            loop.body.register_forward_hook(lambda body, *_: turns.update([body]))
    module.step(**inputs(system))
    assert sorted(turns.values()) == sorted(TURNS[name].values())


@pytest.mark.parametrize("name", TURNS)
def test_a_graph_is_as_large_at_any_length(name):
    text = (SPECS / f"{name}.nl").read_text()
    sizes = []
    for factor in (1, 4):
        longer = re.sub(r"T = (\d+)", lambda m: f"T = {factor * int(m[1])}", text)  # noqa: B023
        longer = longer.replace("task / 5", f"task / {5 * factor}")
        modules = nlgraph.compile(nlgraph.loads(longer), backend="eager").graph(1).modules()
        sizes.append([len(m.graph.nodes) for m in modules if isinstance(m, torch.fx.GraphModule)])
    assert sizes[0] == sizes[1]
