import pytest
import torch

import nlgraph
from tests.graph.conftest import HEAD

CMS = (
    HEAD
    + """
component a : [d, c] ~ xavier() { minimize loss by gd(lr = 0.1) }
component b : [d, c] ~ xavier() every 2 step { minimize average(loss) by gd(lr = 0.1) }
component e : [d, c] ~ xavier() every 3 step { minimize average(loss) by gd(lr = 0.1) }
loss = cross_entropy(x @ (a + b + e), y)
metric loss
"""
)


def units(graph):
    return dict(graph.named_children())


def test_one_graph_for_each_set_of_clocks_that_tick_together():
    module = nlgraph.compile(nlgraph.loads(CMS), backend="eager")
    graphs = [module.graph(tick) for tick in range(1, 13)]
    assert graphs[0] is graphs[4] is graphs[6]
    assert graphs[1] is graphs[3] is graphs[7]
    assert graphs[2] is graphs[8]
    assert graphs[5] is graphs[11]
    assert len({id(graph) for graph in graphs}) == 4


def test_units_are_shared_by_all_graphs():
    module = nlgraph.compile(nlgraph.loads(CMS), backend="eager")
    alone, two, three, six = (module.graph(tick) for tick in (1, 2, 3, 6))
    assert units(six)["unit_0"] is units(two)["unit_0"] is units(three)["unit_0"] is alone
    assert units(six)["unit_1"] is units(two)["unit_1"]
    assert units(six)["unit_2"] is units(three)["unit_2"]
    assert len(units(two)) == len(units(three)) == 2


def test_a_unit_that_fires_alone_is_the_graph(graph_of):
    graph = graph_of(CMS, 1)
    assert units(graph) == {}
    assert "autograd" in graph.code


def test_a_graph_prints_what_it_calls_by_name(graph_of):
    code = graph_of(CMS, 2).code
    assert "unit_0 = self.unit_0(" in code
    assert "b_next = unit_1[" in code


def test_the_graph_holds_only_what_fires(graph_of):
    text = HEAD + "component s : scalar = 0 every 4 step { s' = s + 0*latest(mean(x)) }"
    assert len(graph_of(text, 1).graph.nodes) == 1
    assert len(graph_of(text, 4).graph.nodes) > 1


@pytest.mark.parametrize(("loss", "count"), [("loss", 1), ("loss * B", 2)])
def test_a_graph_is_for_all_sizes_that_it_does_not_name(loss, count):
    text = CMS.replace("dim B = 5", "dim B") + f"output scaled = {loss}\n"
    module = nlgraph.compile(nlgraph.loads(text), backend="eager")
    seen = {}
    for size in (5, 7, 5):
        module.step(x=torch.ones(size, 4), y=torch.zeros(size, dtype=torch.int64))
        graph = module.graph(1)
        seen[id(graph)] = graph
    assert len(seen) == count


def test_no_more_graphs_are_kept_than_the_limit(monkeypatch):
    monkeypatch.setattr("nlgraph.limits.GRAPHS", 3)
    module = nlgraph.compile(nlgraph.loads(CMS), backend="eager")
    first = [module.graph(tick) for tick in (1, 2, 3, 6)]
    second = [module.graph(tick) for tick in (1, 2, 3, 6)]
    assert [graph.code for graph in first] == [graph.code for graph in second]
    assert any(a is not b for a, b in zip(first, second, strict=True))


@pytest.mark.parametrize(
    "name", ["self", "torch", "lambda", "print", "größe", "_", "unit_0", "inf"]
)
def test_any_name_of_the_file_can_be_run(name):
    text = f"""
dim B = 3, d = 4
clock step
input x : [B, d] every step
component {name} : [d] = 1 {{ {name}' = {name} - grad(mean(x*tanh({name})), {name}) }}
component slow : [d] = 1 every 2 step {{ slow' = slow + {name}' }}
"""
    module = nlgraph.compile(nlgraph.loads(text), backend="eager")
    for _ in range(2):
        module.step(x=torch.ones(3, 4))
    assert module.state[name].max() < 1
