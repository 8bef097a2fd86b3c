from pathlib import Path

import pytest

import nlgraph
from tests.graph.conftest import HEAD, MLP, targets

SPECS = Path(__file__).parents[1] / "specs"
LINEAR = (
    HEAD
    + """
component W : [d, c] ~ xavier()
component V : [d, c] ~ xavier()
logits = x @ W + x @ V
loss = cross_entropy(logits, y)
output logits
metric loss
"""
)


def test_momentum_by_objective_and_by_equation_is_the_same_graph():
    codes = [
        nlgraph.compile(nlgraph.load(SPECS / f"{name}.nl"), backend="eager").graph(1).code
        for name in ("momentum_n17", "momentum_n18")
    ]
    assert codes[0] == codes[1]
    assert "torch.autograd.grad(loss, [W_leaf])" in codes[0]


def test_the_forward_pass_runs_once_for_loss_outputs_and_gradients(graph_of):
    names = targets(graph_of(MLP + "metric accuracy = mean(argmax(logits, -1) == y)\n"))
    assert names.count("cross_entropy") == 1
    assert names.count("addmm") == 3
    assert names.count("grad") == 1
    assert names.count("detach") == 6 + 2


def test_gradients_of_one_value_are_one_backward_pass(graph_of):
    names = targets(
        graph_of(
            LINEAR
            + "component m : like W = 0 { m' = m + grad(loss, W) }\n"
            + "component n : like V = 0 { n' = n + grad(loss, V) + grad(loss, W) }\n"
            + "train W, V minimize loss by gd(lr = 0.1)\n"
        )
    )
    assert names.count("grad") == names.count("cross_entropy") == 1


def test_gradients_of_several_values_share_what_they_have_in_common(graph_of):
    graph = graph_of(
        LINEAR
        + "train W minimize loss by gd(lr = 0.1)\n"
        + "train V minimize loss + 0.1*sum(tanh(V)) by gd(lr = 0.1)\n"
    )
    names = targets(graph)
    assert names.count("cross_entropy") == 1
    assert names.count("grad") == 2
    assert graph.code.count("retain_graph = True") == 1


def test_what_is_not_differentiated_has_no_tape(graph_of):
    code = graph_of(LINEAR + "train W minimize loss by gd(lr = 0.1)\n").code
    assert "W_leaf" in code
    assert "V_leaf" not in code


def test_an_update_reads_plain_tensors(graph_of):
    code = graph_of(
        LINEAR
        + "train V minimize loss by gd(lr = 0.1)\n"
        + "component m : like W = 0 { m' = m + x.T @ logits }\n"
    ).code
    assert "x_T @ logits_detached" in code or "@ logits_detached" in code


def test_two_gradients_of_which_one_needs_the_other(graph_of):
    code = graph_of(
        LINEAR
        + "train W minimize loss by sam(rho = 0.1, lr = 0.1)\n"
        + "rule sam(rho, lr) for w, g, L {\n"
        + "  w' = w - lr*grad(L with (w = w + rho*g/norm(g)), w)\n}\n"
    ).code
    assert code.count("autograd.grad(") == 2
    assert "retain_graph" not in code
    assert "create_graph" not in code


def test_a_gradient_inside_a_gradient_is_differentiable(graph_of):
    code = graph_of(LINEAR + "train W minimize norm(grad(loss, W))^2 by gd(lr = 0.1)\n").code
    assert code.count("create_graph = True") == 1
    assert code.count("autograd.grad(") == 2
    assert ".leaf(" in code or "_leaf(" in code


def test_every_node_says_where_it_is_from(graph_of):
    graph = graph_of(MLP)
    lines = MLP.splitlines()
    for node in graph.graph.nodes:
        if node.op in ("placeholder", "output"):
            continue
        custom = node.meta["custom"]
        assert custom["clock"] == "step"
        assert lines[custom["line"] - 1].strip()
    where = {node.name: node.meta["custom"] for node in graph.graph.nodes if node.meta}
    assert where["loss"]["line"] == lines.index("loss = cross_entropy(logits, y)") + 1
    assert where["net_W1_next"]["component"] == "net"


def test_nodes_have_the_names_of_the_file(graph_of):
    names = {node.name for node in graph_of(MLP).graph.nodes}
    assert {"x", "y", "net_W1", "logits", "loss", "net_W1_next", "net_m_W1_next"} <= names


INSIDE = """
use std.optim (gd)
dim B = 2, T = 8, d = 3
clock seq
clock token = seq along T
input x, y : [B, T, d] every seq
component P : [d, d] ~ normal(0, 0.5)
component S : [d, d] ~ normal(0, 0.5)
k = x @ P
MEMORY
loss = mse(o, y)
train P minimize loss by gd(lr = 0.1)
output o
metric loss
"""
MEMORY = """
component M : like S = S per B every token reset every seq to S {
  map (q) = q @ M
  minimize sum((tanh(k[token] @ M) - y[token])^2) by gd(lr = 0.1)
}
o = collect(M'(k[token]))
"""


def loops(graph):
    return sum(name.startswith("loop_") for name in targets(graph))


@pytest.mark.parametrize("metric", ["loss", "late = latest(sum(M'), seq)"])
def test_a_loop_runs_once_for_outputs_metrics_and_gradients(graph_of, metric):
    text = INSIDE.replace("MEMORY", MEMORY).replace("metric loss", f"metric {metric}")
    assert loops(graph_of(text)) == 1


@pytest.mark.parametrize(
    ("old", "new", "count"),
    [("S", "S", 1), ("0.1", "0.2", 2), ("tanh", "sin", 2), ("to S", "to P", 2), ("y[", "x[", 2)],
)
def test_only_loops_that_are_alike_are_one(graph_of, old, new, count):
    other = MEMORY.replace("M", "N").replace("o =", "more =").replace(old, new)
    text = INSIDE.replace("MEMORY", MEMORY + other) + "metric late = mean(more)\n"
    assert loops(graph_of(text)) == count


def test_turns_make_only_what_is_read(graph_of):
    graph = graph_of(INSIDE.replace("MEMORY", MEMORY))
    (loop,) = [module for module in graph.modules() if type(module).__name__ == "Loop"]
    assert len(loop.joined) == 1


NESTED = """
use std.optim (gd)
dim T = 8, d = 3
clock seq
clock token = seq along T
clock two = 2 token
input x : [T, d] every seq
component W : [d] ~ normal(0, 1) every token { W' = W - 0.1 * tanh(W * x[token] + V) }
component V : [d] ~ normal(0, 1) every two { V' = V - 0.1 * average(tanh(W' * x[token])) }
output y = sum(x)
"""


def test_what_a_loop_ends_with_is_not_kept_for_each_turn(graph_of):
    graph = graph_of(NESTED)
    (loop,) = [module for module in graph.children() if type(module).__name__ == "Loop"]
    assert loop.joined == ()
