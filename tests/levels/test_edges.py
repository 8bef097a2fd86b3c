"""The six kinds of edges, each on the smallest system that has it."""

import time

import pytest

import nlgraph
from nlgraph.levels.nets import nets_but_own

HEAD = "use std.optim (adamw, clip_norm, gd, momentum, sgd)\ndim B = 4, T = 8, d = 3\n"
STEP = HEAD + "clock step\ninput x : [B, d] every step\n"
TOKEN = HEAD + "clock sequence\nclock token = sequence along T\ninput e : [T, d] every sequence\n"


def component(name: str, update: str, clauses: str = "") -> str:
    return f"component {name} : [d] = 1 {clauses} {{ {name}' = {update} }}\n"


# --------------------------------------------------------------------------- each kind


def test_same_time(edges):
    text = STEP + component("a", "a + sum(x, 0)") + component("b", "b + a'")
    assert edges(text) == {("a", "b", "same-time"): None}


def test_same_time_through_a_signal_names_it(edges):
    text = STEP + "s = 2 * t\nt = a' + 1\n" + component("a", "a + sum(x, 0)")
    text += component("b", "b + s")
    assert edges(text) == {("a", "b", "same-time"): "s"}


def test_same_time_across_frequencies(edges):
    text = STEP + component("a", "a + sum(x, 0)") + component("b", "a'", "every 4 step")
    assert edges(text) == {("a", "b", "same-time"): None}


def test_state(edges):
    text = STEP + component("a", "a + sum(x, 0)") + component("b", "b + a")
    assert edges(text) == {("a", "b", "state"): None}


def test_state_through_signals(edges):
    text = STEP + "s = 2 * t\nt = a + 1\n" + component("a", "a + sum(x, 0)")
    text += component("b", "b + s")
    assert edges(text) == {("a", "b", "state"): "s"}


def test_state_and_same_time_are_two_edges(edges):
    text = STEP + component("a", "a + sum(x, 0)") + component("b", "b + a - a'")
    assert set(edges(text)) == {("a", "b", "state"), ("a", "b", "same-time")}


def test_state_by_a_map(edges):
    text = (
        STEP
        + component("a", "a + sum(x, 0)")
        + "component A { map (q) = q * a }\noutput y = A(x)\n"
    )
    assert edges(text) == {("a", "A", "state"): None}


def test_a_component_has_no_edge_to_itself(edges):
    text = STEP + "loss = sum(x @ W)\n" + component("W", "0.9 * W - grad(loss, W)")
    assert edges(text) == {}


def test_context_without_state(edges):
    """m reads W only in the gradient by W: `context` says it."""
    text = STEP + "loss = sum(x @ W)\n" + component("W", "W + m'")
    text += component("m", "m - grad(loss, W)")
    assert edges(text) == {("m", "W", "same-time"): None, ("W", "m", "context"): "loss"}


def test_context_and_state_where_it_is_read_outside_too(edges):
    text = STEP + "loss = sum(x @ W)\n" + component("W", "W + m'")
    text += component("m", "m - grad(loss, W) - 0.1 * W")
    assert set(edges(text)) == {
        ("m", "W", "same-time"),
        ("W", "m", "context"),
        ("W", "m", "state"),
    }


def test_what_else_the_objective_reads_is_state(edges):
    text = STEP + "loss = sum(x @ (W * V))\n" + component("W", "W + m'") + component("V", "V + 1")
    text += component("m", "m - grad(loss, W)")
    found = edges(text)
    assert found[("V", "m", "state")] == "loss"
    assert ("W", "m", "state") not in found


def test_a_gradient_by_a_signal_is_state(edges):
    text = STEP + "u = x @ W\nloss = sum(u^2)\n" + component("W", "W - 0.1 * W")
    text += component("m", "m - sum(x * reshape(grad(loss, u), [B, 1]), 0)")
    assert edges(text) == {("W", "m", "state"): "loss"}


def test_a_gradient_in_a_signal_is_context(edges):
    text = STEP + "loss = sum(x @ W)\ng = grad(loss, W)\n" + component("W", "W + m'")
    text += component("m", "m - g")
    assert ("W", "m", "context") in edges(text)


def test_init_by_reset_and_by_start(edges):
    text = TOKEN + component("start", "start + sum(e, 0)")
    text += "component M : [d] = start every token reset every sequence to start {\n"
    text += "  M' = M + e[token]\n}\n"
    text += "component N : [d] = start { N' = N + sum(e, 0) }\n"
    assert edges(text) == {("start", "M", "init"): None, ("start", "N", "init"): None}


def test_backprop_leads_to_what_is_trained(edges):
    text = TOKEN + "loss = sum(collect(M * e[token]))\n" + component("W", "W - grad(loss, W)")
    text += component("M", "M + (W + e[token])", "every token reset every sequence")
    assert edges(text) == {
        ("W", "M", "state"): None,
        ("M", "W", "state"): "loss",
        ("M", "W", "backprop"): "loss",
    }


def test_backprop_to_the_start_of_what_lives_inside(edges):
    text = TOKEN + "loss = sum(collect(M * e[token]))\n" + component("W", "W - grad(loss, W)")
    text += "component M : [d] = 0 every token reset every sequence to W { M' = M + e[token] }\n"
    assert ("M", "W", "backprop") in edges(text)


def test_backprop_leads_to_the_trained_one_and_not_to_its_moments(edges):
    text = TOKEN + "loss = sum(collect(M * e[token]))\ncomponent W : [d] = 1\n"
    text += component("M", "M + W * e[token]", "every token reset every sequence")
    text += "train W minimize loss by adamw()\n"
    found = edges(text)
    assert {edge for edge in found if edge[2] == "backprop"} == {("M", "W", "backprop")}
    assert {edge for edge in found if edge[2] == "context"} == {
        ("W", "W.m", "context"),
        ("W", "W.v", "context"),
    }


def test_no_backprop_through_what_outlives_the_tick(edges):
    text = TOKEN + "loss = sum(collect(M * e[token]) * W)\n" + component("W", "W - grad(loss, W)")
    text += component("M", "M + W * e[token]", "every token")
    assert not any(kind == "backprop" for _, _, kind in edges(text))


def test_no_backprop_through_a_stop(edges):
    text = TOKEN + "loss = sum(collect(M * e[token]) * W)\n" + component("W", "W - grad(loss, W)")
    text += component("M", "M + stop(W) * e[token]", "every token reset every sequence")
    assert not any(kind == "backprop" for _, _, kind in edges(text))


# --------------------------------------------------------------------------- generates

RATE = (
    "component P : [d] ~ normal(0, 1) { rate = sigmoid(e @ P) \n keep = sigmoid(e @ P + 4) }\n"
    "train P minimize loss by gd(lr = 0.1)\n"
    "loss = sum(collect(M * e[token]))\nE = sum((M * e[token] - 1)^2)\n"
)

WAYS = {
    "as a rule's argument": "minimize E by gd(lr = P.rate[token])",
    "as an equation": "M' = M - P.rate[token] * grad(E, M)",
    "as an equation, the other way round": "M' = M - grad(E, M) * P.rate[token]",
    "through a gather": "M' = M - accumulate(P.rate[token] * grad(E, M))",
    "as a divisor": "M' = M - grad(E, M) / (1 + P.rate[token])",
    "as a decay": "M' = P.keep[token] * M + e[token]",
    "as a rule's decay": "minimize E by gd(lr = 0.1, retain = P.keep[token])",
    "as a gate": "M' = if P.rate[token] > 0.5 then M else e[token]",
    "inside a function": "M' = tanh(M * P.rate[token])",
    "by its state": "M' = M - sum(P) * grad(E, M)",
    "by a signal of the file": "M' = M - r[token] * grad(E, M)",
    "before what it writes": "M' = M + P.rate[token] * (e[token] * 2)",
}


@pytest.mark.parametrize("way", WAYS)
def test_generates(edges, way):
    text = TOKEN + RATE + "r = sigmoid(e @ P)\noutput y = r\n"
    text += f"component M : [d] = 0 every token reset every sequence {{ {WAYS[way]} }}\n"
    found = edges(text)
    assert ("P", "M", "generates") in found
    assert {kind for source, target, kind in found if (source, target) == ("P", "M")} == {
        "generates",
        "state",
    }


NOT_MADE = {
    "what is written": "M' = M + 0.1 * P.rate[token] + e[token]",
    "the key of a memory": "minimize sum((M * P.rate[token] - 1)^2) by gd(lr = 0.1)",
    "a term": "M' = M + P.rate[token]",
}


@pytest.mark.parametrize("way", NOT_MADE)
def test_what_is_no_coefficient_generates_nothing(edges, way):
    text = TOKEN + RATE.replace("rate = sigmoid(e @ P)", "rate = sigmoid(e * P)")
    text += f"component M : [d] = 0 every token reset every sequence {{ {NOT_MADE[way]} }}\n"
    assert not any(kind == "generates" for _, _, kind in edges(text))


def test_the_input_of_a_maker_makes_nothing(edges):
    text = TOKEN + component("embed", "embed - grad(loss, embed)") + "z = e * embed\n"
    text += "component P : [d] = 1 { rate = sigmoid(z @ P) \n P' = P - grad(loss, P) }\n"
    text += "loss = sum(collect(M * e[token]))\n"
    text += component("M", "M - P.rate[token] * e[token]", "every token reset every sequence")
    assert {edge for edge in edges(text) if edge[2] == "generates"} == {("P", "M", "generates")}


def test_the_moments_of_an_optimizer_generate_nothing(edges):
    text = STEP + "loss = sum(x @ W)\ncomponent W : [d] = 1 { minimize loss by adamw() }\n"
    assert set(edges(text)) == {
        ("W.m", "W", "same-time"),
        ("W.v", "W", "same-time"),
        ("W", "W.m", "context"),
        ("W", "W.v", "context"),
    }


# --------------------------------------------------------------------------- the same edges

SAME = {
    "momentum (17) and (18)": (
        "component m : [d] = 0 { m' = 0.9 * m - 0.1 * grad(loss, W) }\n" + component("W", "W + m'"),
        "component m : [d] = 0 { minimize dot(m, grad(loss, W)) by gd(lr = 0.1, retain = 0.9) }\n"
        + component("W", "W + m'"),
    ),
    "descent": (
        component("W", "W - 0.1 * grad(loss, W)"),
        "component W : [d] = 1\ntrain W minimize loss by gd(lr = 0.1)\n",
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_written_by_objective_or_by_equation_the_edges_are_the_same(edges, case):
    head = STEP + "loss = sum(x @ (W * V))\n" + component("V", "0.5 * V")
    one, other = SAME[case]
    assert edges(head + one) == edges(head + other)


def test_a_rules_and_a_files_moment_have_the_same_edges(edges):
    head = STEP + "loss = sum(x @ W)\n"
    rule = head + "component W : [d] = 1 { minimize loss by momentum(lr = 0.1, alpha = 0.9) }\n"
    file = head + component("W", "W + m'") + component("m", "0.9 * m - 0.1 * grad(loss, W)")

    def named(text):
        return {tuple(part.removeprefix("W.") for part in edge) for edge in edges(text)}

    assert named(rule) == named(file)


def test_each_leaf_of_a_bundles_memory_remembers_its_own_gradient(edges):
    """As by the equation m' = alpha m - lr g, in which no leaf stands with another's."""
    head = STEP + "loss = sum(x @ (W * V))\ncomponent W : [d] = 1\ncomponent V : [d] = 1\n"
    rule = "rule heavy(lr, alpha = 0.9) for W, g {\n"
    rule += "  component m : like W = 0 { m' = alpha * m - lr * g }\n  W' = W + m'\n}\n"
    by_equation = edges(head + rule + "train W, V minimize loss by heavy(lr = 0.1)\n")
    for objective in ("dot(m, g)", "2 * dot(m, g) - dot(m, g)", "dot(m, g) + 0.5 * dot(m, m)"):
        rule = "rule heavy(lr) for W, g {\n  component m : like W = 0 {\n"
        rule += f"    minimize {objective} by gd(lr = lr)\n  }}\n  W' = W + m'\n}}\n"
        text = head + rule + "train W, V minimize loss by heavy(lr = 0.1)\n"
        assert edges(text) == by_equation
    assert set(by_equation) == {
        ("W.m", "W", "same-time"),
        ("V.m", "V", "same-time"),
        ("W", "W.m", "context"),
        ("V", "V.m", "context"),
        ("V", "W.m", "state"),
        ("W", "V.m", "state"),
    }


def test_leaves_that_meet_in_a_bundles_memory_read_each_other(edges):
    text = STEP + "loss = sum(x @ (W * V))\ncomponent W : [d] = 1\ncomponent V : [d] = 1\n"
    text += "rule mixed(lr) for W, g {\n  component m : like W = 0 {\n"
    text += "    minimize dot(m, g) * norm(m) by gd(lr = lr)\n  }\n  W' = W + m'\n}\n"
    found = edges(text + "train W, V minimize loss by mixed(lr = 0.1)\n")
    assert ("V.m", "W.m", "state") in found
    assert ("V", "W.m", "context") in found


def test_at_a_moved_point_every_leaf_remembers_all_gradients(edges):
    text = STEP + "loss = sum(x @ (W * V))\ncomponent W : [d] = 1\ncomponent V : [d] = 1\n"
    text += "rule moved(lr) for W, g, L { W' = W - lr * grad(L with (W = W + g), W) }\n"
    found = edges(text + "train W, V minimize loss by moved(lr = 0.1)\n")
    assert found == {
        ("V", "W", "state"): "loss",
        ("W", "V", "state"): "loss",
        ("V", "W", "context"): "loss",
        ("W", "V", "context"): "loss",
    }


def test_a_clipped_bundle_remembers_each_its_own_gradient(edges):
    text = STEP + "loss = sum(x @ (W * V))\ncomponent W : [d] = 1\ncomponent V : [d] = 1\n"
    text += "train W, V minimize loss by clip_norm(1) then sgd(lr = 0.1, momentum = 0.9)\n"
    assert edges(text) == {
        ("W.m", "W", "same-time"): None,
        ("V.m", "V", "same-time"): None,
        ("W", "W.m", "context"): "loss",
        ("V", "V.m", "context"): "loss",
        ("V", "W.m", "state"): "loss",
        ("W", "V.m", "state"): "loss",
    }


# --------------------------------------------------------------------------- nets


def test_nets_hold_every_pair_but_own_once():
    names = tuple(f"n{i}" for i in range(13))
    targets = {name: [f"{name}.m", f"{name}.v"] for name in names[:9]}
    targets[None] = ["all"]
    nets = list(nets_but_own(names, targets, "state", None))
    pairs = [(s, t) for net in nets for s in net.sources for t in net.targets]
    assert len(pairs) == len(set(pairs))
    expected = {(s, "all") for s in names}
    expected |= {(s, t) for s in names for owner in names[:9] for t in targets[owner] if s != owner}
    assert set(pairs) == expected


def _one_loss(count, rule):
    return (
        "rule moved(lr) for W, g, L { W' = W - lr * grad(L with (W = W + g / norm(g)), W) }\n"
        + STEP
        + f"z[0] = x\nfor i in 1 .. {count} {{ component c[i] : [d] = 1; z[i] = z[i-1] * c[i] }}\n"
        + f"loss = sum(z[{count}])\ntrain c minimize loss by {rule}\noutput loss\n"
    )


@pytest.mark.timeout(120)
@pytest.mark.parametrize("rule", ["momentum(lr = 0.1)", "moved(lr = 0.1)"])
def test_the_time_for_one_loss_grows_with_its_weights(rule):
    """Ten times the weights take at most some twenty times as long, not a hundred."""
    nlgraph.loads(_one_loss(10, rule))
    seconds = []
    for count in (200, 2_000):
        start = time.process_time()
        system = nlgraph.loads(_one_loss(count, rule))
        seconds.append(time.process_time() - start)
        size = sum(len(net.sources) + len(net.targets) for net in system.level_graph.nets)
        assert size < 60 * count
    assert seconds[1] < 25 * seconds[0]


@pytest.mark.timeout(60)
def test_a_loss_over_many_weights_forms_no_pairs():
    count = 300
    system = nlgraph.loads(_one_loss(count, "adamw(lr = 0.1)"))
    size = sum(len(net.sources) + len(net.targets) for net in system.level_graph.nets)
    assert size < 60 * count
    kinds = {net.kind for net in system.level_graph.nets}
    assert kinds == {"same-time", "state", "context"}
    states = sum(1 for _, _, kind in system.graph.edges(data="kind") if kind == "state")
    assert states == 2 * count * (count - 1)


def test_products_of_products_have_their_factors_once(edges):
    """A power by repeated squaring has 2^80 factors, were each to be taken where it stands."""
    text = STEP + (
        "fn power(u) { for i in 1 .. 80 { u = u * u }; return u }\n"
        "fn series(u) { for i in 1 .. 80 { u = u + 0.5 * u }; return u }\n"
    )
    text += component("rate", "0.9 * rate")
    text += component("W", "W - power(rate) * series(grad(sum(x @ W), W))")
    assert ("rate", "W", "generates") in edges(text)
