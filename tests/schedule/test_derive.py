import pytest
import torch

import nlgraph

HEAD = """
use std.optim (gd)
dim B = 5, d = 4, c = 3
clock step
input x : [B, d] every step
input v : [d] every step
component W : [d, c] ~ normal(0, 1)
component S : [d, d] ~ normal(0, 1)
component u : [d] ~ normal(0, 1)
component two { state a, b : [d] ~ normal(0, 1) }
component seen : like {of} = 0 {{ seen' = grad({objective}, {of}) }}
"""

WRITTEN = [
    ("dot(W, x.T @ x @ W)", "W"),
    ("dot(u, v)", "u"),
    ("-dot(u, outer(v, v) @ u) / 3", "u"),
    ("0.5*sum((x @ W)^2)", "W"),
    ("0.5*sum((W - 2*W + 0.1)^2)", "W"),
    ("mean(u) + 2*sum(u)", "u"),
    ("mean(u)*sum(u)", "u"),
    ("sum(u*v) - sum(v - u)", "u"),
    ("sum((S @ S)*stop(S))", "S"),
    ("dot((x @ S.T) @ S, 2*x)", "S"),
    ("dot(u @ S, v) + u @ v", "u"),
    ("dot(v @ S, u) + dot(S @ v, u)", "S"),
    ("dot(outer(u, v), S)", "u"),
    ("dot(outer(v, u), S)", "u"),
    ("sum(W*hold(W)) + sum(stop(W)*W)", "W"),
    ("sum(hold(W*W)) + sum(W)", "W"),
    ("dot(two.a, two.b) + dot(two.b, v)", "two.a"),
]
LEFT = [
    ("sum(tanh(u))", "u"),
    ("sum(u^3)", "u"),
    ("sum(u*u*u)", "u"),
    ("sum(v / u)", "u"),
    ("dot(W, x.T @ tanh(x @ W))", "W"),
    ("sum((x * u)^2)", "u"),
    ("sum(sum(W, -1)^2)", "W"),
    ("norm(u)", "u"),
    ("sum(v @ W)", "W"),
    ("sum(S @ S)", "S"),
]


def of(objective, target):
    text = HEAD.replace("{of}", target).replace("{objective}", objective)
    return nlgraph.loads(text.replace("{{", "{").replace("}}", "}"))


def check(objective, target):
    """Its value is that of autograd in the reference backend."""
    seen = []
    for backend in ("eager", "reference"):
        system = of(objective, target)
        module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
        given = torch.Generator().manual_seed(0)
        x = torch.randn(5, 4, dtype=torch.float64, generator=given)
        v = torch.randn(4, dtype=torch.float64, generator=given)
        module.step(x=x, v=v)
        seen.append(module.state["seen"])
    torch.testing.assert_close(*seen, rtol=1e-12, atol=1e-12)
    assert seen[0].abs().max() > 0
    return nlgraph.compile(of(objective, target)).graph(1).code


@pytest.mark.parametrize(("objective", "target"), WRITTEN)
def test_a_gradient_of_degree_two_is_written_out(objective, target):
    assert "autograd" not in check(objective, target)


@pytest.mark.parametrize(("objective", "target"), LEFT)
def test_any_other_is_left_to_torch(objective, target):
    assert "autograd.grad" in check(objective, target)


def test_a_bundle_has_one_derivative_for_each_tensor():
    system = nlgraph.loads(
        HEAD.split("component seen", maxsplit=1)[0]
        + "component m : like two = 0 { minimize dot(m, two) by gd(lr = 1, retain = 0) }"
    )
    module = nlgraph.compile(system)
    module.step(x=torch.ones(5, 4), v=torch.ones(4))
    for name in ("a", "b"):
        torch.testing.assert_close(module.state[f"m.{name}"], -module.state[f"two.{name}"])
    assert "autograd" not in module.graph(1).code
