"""The way back from a bad output, on graphs written by hand."""

import torch
from torch import fx

from nlgraph.graph.nonfinite import find_origin, operation_of


def test_a_list_that_is_written_over():
    graph = fx.Graph()
    x = graph.placeholder("x")
    made = graph.call_function(torch._foreach_mul, ([x, x], 2.0))
    graph.call_function(torch._foreach_log_, (made,))
    after = graph.call_function(torch._foreach_add, (made, 1.0))
    graph.output((graph.call_function(torch.neg, (x,)), after))
    module = fx.GraphModule(torch.nn.Module(), graph)
    assert find_origin(module, [torch.ones(2)], [0, 1]) is None
    assert find_origin(module, [torch.zeros(2)], [0]) is None
    origin = find_origin(module, [torch.zeros(2)], [0, 1])
    assert operation_of(origin.node) == "log"


def test_an_arg_that_is_bad():
    graph = fx.Graph()
    x, y = graph.placeholder("x"), graph.placeholder("y")
    graph.output((graph.call_function(torch.add, (x, y)),))
    module = fx.GraphModule(torch.nn.Module(), graph)
    origin = find_origin(module, [torch.ones(2), torch.tensor([1.0, torch.inf])], [0])
    assert (origin.node.op, origin.node.name) == ("placeholder", "y")
