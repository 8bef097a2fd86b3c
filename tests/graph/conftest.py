import pytest
import torch

import nlgraph

HEAD = """
use std.optim (adamw, clip_norm, gd)
dim B = 5, d = 4, h = 6, c = 3
clock step
input x : [B, d] every step
input y : int[B] every step
"""

MLP = (
    HEAD
    + """
component net {
  state W1 : [d, h] ~ kaiming(); state b1 : [h] = 0
  state W2 : [h, h] ~ kaiming(); state b2 : [h] = 0
  state W3 : [h, c] ~ kaiming(); state b3 : [c] = 0
  map (u) = relu(relu(u @ W1 + b1) @ W2 + b2) @ W3 + b3
}
logits = net(x)
loss = cross_entropy(logits, y)
train net minimize loss by clip_norm(1.0) then adamw(lr = 1e-3)
output logits
metric loss
"""
)


@pytest.fixture
def graph_of():
    """The graph of a tick of a text."""

    def make(text, tick=1):
        return nlgraph.compile(nlgraph.loads(text), backend="eager").graph(tick)

    return make


@pytest.fixture
def batch():
    """The inputs of each tick, from 1."""

    def make(tick, classes=3, **shapes):
        generator = torch.Generator().manual_seed(tick)
        given = {
            name: torch.randn(shape, generator=generator, dtype=torch.float64)
            for name, shape in ({"x": (5, 4)} | shapes).items()
        }
        given["y"] = torch.randint(0, classes, (5,), generator=generator)
        return given

    return make


def targets(graph):
    """The names of what the nodes of a graph and of its parts call, in order."""
    found = []
    for module in graph.modules():
        if isinstance(module, torch.fx.GraphModule):
            found += [_name(node) for node in module.graph.nodes]
    return found


def _name(node):
    return getattr(node.target, "__name__", str(node.target))
