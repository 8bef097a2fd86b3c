"""Rules of std.optim on hosts that are slower than their gradients."""

import pytest
import torch

import nlgraph

TOLERANCE = 1e-12

SLOW = """
use std.optim ({rule})
dim B = 8, d = 3
clock step
input x, y : [B, d] every step
component W : [d, d] ~ normal(0, 1) every 4 step
loss = mse(x @ W, y)
train W minimize loss by {rule}(lr = {lr})
output z = x @ W
"""


@pytest.mark.parametrize(
    ("rule", "lr", "gathered"),
    [
        ("gd", 0.1, torch.sum),
        ("momentum", 0.1, torch.sum),
        ("sgd", 0.1, torch.mean),
        ("nesterov", 0.1, torch.mean),
        ("adam", 0.01, torch.mean),
        ("adamw", 0.01, torch.mean),
        ("rmsprop", 0.01, torch.mean),
        ("adagrad", 0.01, torch.mean),
        ("lion", 0.01, torch.mean),
    ],
)
def test_a_slower_host_learns_from_its_whole_window(rule, lr, gathered):
    """gd and momentum take the sum of the window's gradients, all others the mean."""
    optimizers = {
        "gd": lambda w: torch.optim.SGD(w, lr, foreach=False),
        "momentum": lambda w: torch.optim.SGD(w, lr, 0.9, foreach=False),
        "sgd": lambda w: torch.optim.SGD(w, lr, foreach=False),
        "nesterov": lambda w: torch.optim.SGD(w, lr, 0.9, nesterov=True, foreach=False),
        "adam": lambda w: torch.optim.Adam(w, lr, foreach=False),
        "adamw": lambda w: torch.optim.AdamW(w, lr, foreach=False),
        "rmsprop": lambda w: torch.optim.RMSprop(w, lr, foreach=False),
        "adagrad": lambda w: torch.optim.Adagrad(w, lr, foreach=False),
        "lion": None,
    }
    spec = SLOW.format(rule=rule, lr=lr)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    weight = module.state["W"].detach().clone().requires_grad_()
    make = optimizers[rule]
    theirs = make([weight]) if make is not None else None
    momentum = torch.zeros_like(weight)
    window = []
    generator = torch.Generator().manual_seed(1)
    for tick in range(1, 21):
        x, y = torch.randn(2, 8, 3, dtype=torch.float64, generator=generator)
        module.step(x=x, y=y)
        window.append(torch.autograd.grad(((x @ weight - y) ** 2).mean(), weight)[0])
        if tick % 4 == 0:
            gradient = gathered(torch.stack(window), 0)
            window.clear()
            if theirs is not None:
                weight.grad = gradient
                theirs.step()
            else:
                with torch.no_grad():
                    weight.sub_(lr * torch.sign(0.9 * momentum + 0.1 * gradient))
                momentum = 0.99 * momentum + 0.01 * gradient
        assert (module.state["W"] - weight).abs().max().item() <= TOLERANCE
