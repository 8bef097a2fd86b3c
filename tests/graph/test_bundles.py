import torch

import nlgraph
from tests.graph.conftest import HEAD, MLP, targets


def test_adamw_over_six_tensors_is_some_fifteen_calls(graph_of):
    names = targets(graph_of(MLP))
    after = names[names.index("grad") + 1 :]
    numbers = ("power", "sub", "divide")
    calls = [name for name in after if name not in ("getitem", "output", *numbers)]
    assert len([name for name in calls if name.startswith("_foreach_")]) == 9
    assert len(calls) == 13


def test_lists_stay_lists(graph_of):
    graph = graph_of(MLP).graph
    for node in graph.nodes:
        if str(getattr(node.target, "__name__", "")).startswith("_foreach_"):
            lists = [arg for arg in node.args if isinstance(arg, list | tuple)]
            made = [part for part in lists for part in part if part.op == "call_function"]
            assert made == []


def test_bundles_of_other_rules_compute_what_single_tensors_do(batch):
    text = (
        HEAD
        + """
component a { state W : [d, c] ~ xavier(); state b : [c] = 0.1 }
component e : [c] = 0.2
logits = x @ a.W + a.b + e
loss = cross_entropy(logits, y)
train a, e minimize loss by odd(lr = 0.1)
rule odd(lr) for W, g {
  component n : like W = 1 {
    n' = if tick == 1 then max(g, 0.1*n) else 0.5^abs(n) + min(-g, n) / (1 + exp(n))
  }
  W' = W*0.99 - lr*(1 - n')*(g / (n'^2 + 1)) - lr*(g - (2 - sqrt(abs(n')))) / norm(n')
}
"""
    )
    modules = [
        nlgraph.compile(nlgraph.loads(text), backend=backend, dtype=torch.float64)
        for backend in ("eager", "reference")
    ]
    for tick in range(1, 6):
        for module in modules:
            module.step(**batch(tick))
    for name, expected in modules[1].state.items():
        torch.testing.assert_close(modules[0].state[name], expected, rtol=1e-12, atol=1e-12)
    names = targets(modules[0].graph(2))
    assert len([name for name in names if name.startswith("_foreach_")]) >= 12


def test_nothing_that_is_held_or_given_is_written_over(batch):
    module = nlgraph.compile(nlgraph.loads(MLP), backend="eager", dtype=torch.float64)
    given = batch(1)
    kept = {name: tensor.clone() for name, tensor in given.items()}
    held = {name: tensor.clone() for name, tensor in module.state.items()}
    graph = module.graph(1)
    args = [
        1 if node.name == "tick" else given.get(node.name, held.get(_state(node.name, held)))
        for node in graph.graph.nodes
        if node.op == "placeholder"
    ]
    graph(*args)
    for name, tensor in {**given, **held}.items():
        expected = kept.get(name, module.state[name] if name in held else tensor)
        torch.testing.assert_close(tensor, expected, rtol=0, atol=0)


def _state(name, held):
    return next((state for state in held if state.replace(".", "_") == name), None)
