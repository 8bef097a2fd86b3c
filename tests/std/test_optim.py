"""Every rule of std.optim against torch.optim, or against its equations where torch has none.

Two weights of different shape, so that a rule that mixes up a bundle's leaves, or takes one norm
too many, is seen; 50 steps on new data each, in float64.
"""

import pytest
import torch
from torch.nn.functional import cross_entropy

import nlgraph

STEPS = 50
TOLERANCE = 1e-12

SPEC = """
use std.optim ({names})
dim B = 16, d = 6, h = 5, classes = 4
clock step
input x : [B, d] every step
input y : int[B] every step
component A : [d, h] ~ normal(0, 1)
component b : [h] ~ normal(0, 1)
component C : [h, classes] ~ normal(0, 1)
logits = tanh(x @ A + b) @ C
loss = cross_entropy(logits, y)
train A, b, C minimize loss by {rule}
output logits
"""

NAMES = ("A", "b", "C")


def _data():
    generator = torch.Generator().manual_seed(0)
    for _ in range(STEPS):
        x = torch.randn(16, 6, dtype=torch.float64, generator=generator)
        yield x, torch.randint(4, (16,), generator=generator)


def _compiled(rule):
    called = {part.split("(")[0].strip() for part in rule.split(" then ")}
    spec = SPEC.format(names=", ".join(sorted(called)), rule=rule)
    return nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)


def _loss(weights, x, y):
    a, b, c = weights
    return cross_entropy(torch.tanh(x @ a + b) @ c, y)


def _assert_follows(module, weights, step):
    """The module's states stay those of `weights`, which `step(gradients)` updates."""
    for tick, (x, y) in enumerate(_data(), 1):
        module.step(x=x, y=y)
        gradients = torch.autograd.grad(_loss(weights, x, y), weights)
        with torch.no_grad():
            step(gradients)
        for name, weight in zip(NAMES, weights, strict=True):
            error = (module.state[name] - weight).abs().max().item()
            assert error <= TOLERANCE, f"{name} is off by {error} after tick {tick}"


def _weights(module):
    return [module.state[name].detach().clone().requires_grad_() for name in NAMES]


@pytest.mark.parametrize(
    ("rule", "optimizer", "options"),
    [
        ("gd(lr = 0.1)", torch.optim.SGD, {"lr": 0.1}),
        ("sgd(lr = 0.1)", torch.optim.SGD, {"lr": 0.1}),
        ("sgd(lr = 0.1, decay = 0.03)", torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.03}),
        ("sgd(lr = 0.1, momentum = 0.9)", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        (
            "sgd(lr = 0.1, momentum = 0.9, dampening = 0.4, decay = 0.03)",
            torch.optim.SGD,
            {"lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.03},
        ),
        (
            "sgd(lr = 0.1, momentum = 0.9, nesterov = true, decay = 0.03)",
            torch.optim.SGD,
            {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.03},
        ),
        ("momentum(lr = 0.1)", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        ("momentum(lr = 0.1, alpha = 0.7)", torch.optim.SGD, {"lr": 0.1, "momentum": 0.7}),
        ("nesterov(lr = 0.1)", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (
            "nesterov(lr = 0.1, alpha = 0.7)",
            torch.optim.SGD,
            {"lr": 0.1, "momentum": 0.7, "nesterov": True},
        ),
        ("adam()", torch.optim.Adam, {}),
        (
            "adam(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6)",
            torch.optim.Adam,
            {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6},
        ),
        ("adamw()", torch.optim.AdamW, {}),
        (
            "adamw(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6, decay = 0.1)",
            torch.optim.AdamW,
            {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1},
        ),
        ("rmsprop()", torch.optim.RMSprop, {}),
        (
            "rmsprop(lr = 0.02, alpha = 0.9, eps = 1e-6)",
            torch.optim.RMSprop,
            {"lr": 0.02, "alpha": 0.9, "eps": 1e-6},
        ),
        ("adagrad()", torch.optim.Adagrad, {}),
        ("adagrad(lr = 0.1, eps = 1e-7)", torch.optim.Adagrad, {"lr": 0.1, "eps": 1e-7}),
    ],
)
def test_a_rule_is_what_torch_has_with_its_defaults(rule, optimizer, options):
    module = _compiled(rule)
    weights = _weights(module)
    theirs = optimizer(weights, foreach=False, **options)

    def step(gradients):
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.grad = gradient
        theirs.step()

    _assert_follows(module, weights, step)


@pytest.mark.parametrize(
    ("arguments", "lr", "beta1", "beta2", "decay"),
    [
        ("", 1e-4, 0.9, 0.99, 0),
        ("lr = 0.01, beta1 = 0.8, beta2 = 0.95, decay = 0.1", 0.01, 0.8, 0.95, 0.1),
    ],
)
def test_lion_takes_the_sign_of_a_mix_with_the_old_momentum(arguments, lr, beta1, beta2, decay):
    """W' = (1 - lr decay) W - lr sign(beta1 m + (1 - beta1) g); m' = beta2 m + (1 - beta2) g."""
    module = _compiled(f"lion({arguments})")
    weights = _weights(module)
    momenta = [torch.zeros_like(weight) for weight in weights]

    def step(gradients):
        for w, m, g in zip(weights, momenta, gradients, strict=True):
            w.mul_(1 - lr * decay).sub_(lr * torch.sign(beta1 * m + (1 - beta1) * g))
            m.copy_(beta2 * m + (1 - beta2) * g)

    _assert_follows(module, weights, step)


def test_a_memory_that_forgets_shrinks_before_it_learns():
    """W' = retain W - lr g."""
    module = _compiled("gd(lr = 0.1, retain = 0.97)")
    weights = _weights(module)

    def step(gradients):
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.mul_(0.97).sub_(0.1 * gradient)

    _assert_follows(module, weights, step)


@pytest.mark.parametrize("limit", [0.05, 100.0])
def test_clip_norm_has_one_norm_for_the_whole_bundle(limit):
    """g min(1, max / |g|): torch's clip_grad_norm_ but for the 1e-6 it adds to the norm."""
    module = _compiled(f"clip_norm({limit}) then gd(lr = 0.5)")
    weights = _weights(module)
    scales = []

    def step(gradients):
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        scales.append(min(1.0, limit / norm.item()))
        for weight, gradient in zip(weights, gradients, strict=True):
            weight.sub_(0.5 * scales[-1] * gradient)

    _assert_follows(module, weights, step)
    assert all(scale == 1 for scale in scales) == (limit == 100.0)


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
