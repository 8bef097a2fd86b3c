import pickle
from dataclasses import dataclass

import pytest

import nlgraph
from nlgraph.system.flat import flatten, unflatten


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    name: str
    parts: tuple


def test_a_deep_structure_is_made_again():
    node = Node("0", ())
    for number in range(1, 20_001):
        node = Node(str(number), (node,))
    twin = unflatten(pickle.loads(pickle.dumps(flatten(node))))
    for number in range(20_000, 0, -1):
        assert type(twin) is Node
        assert twin.name == str(number)
        (twin,) = twin.parts
    assert (twin.name, twin.parts) == ("0", ())


def test_what_is_shared_stays_shared():
    shared = Node("s", ())
    twin = unflatten(flatten({"a": (shared, 1), shared: {"b": [shared]}, "c": ()}))
    (one, number), (key,) = twin["a"], [key for key in twin if isinstance(key, Node)]
    assert number == 1
    assert one is key
    assert one is not shared
    assert list(twin) == ["a", key, "c"]
    assert twin["c"] == ()


def test_two_nodes_of_equal_content_stay_two():
    twin = unflatten(flatten((Node("a", ()), Node("a", ()))))
    assert twin[0] is not twin[1]


@pytest.fixture(scope="module")
def chain():
    return nlgraph.loads("""
dim B = 2, d = 2
clock step
input x : [B, d] every step
component W : [d, d] ~ normal(0, 0.1) { W' = W - 0.1 * grad(loss, W) }
for i in 1 .. 500 {
  component c[i] {
    state b : [d] = 0
    map (u) = u + b
  }
}
loss = mean(chain(c, x @ W)^2)
output loss
""")


def test_a_system_of_a_long_chain_is_pickled(chain):
    twin = pickle.loads(pickle.dumps(chain))
    assert twin.to_json() == chain.to_json()


def test_a_module_of_a_long_chain_is_pickled(chain):
    import torch

    module = nlgraph.compile(chain)
    x = torch.ones(2, 2)
    module.step(x=x)
    twin = pickle.loads(pickle.dumps(module))
    assert torch.equal(module.step(x=x)["loss"], twin.step(x=x)["loss"])
    assert twin.tick == 2
