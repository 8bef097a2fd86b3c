"""Gradients through memories against finite differences, and what `stop` and `hold` take away.

Every state outside that is trained through a memory: a change of the loss, as small changes of the
state make it, is what its gradient says. A call updates nothing, so it is the loss as a function.
"""

from dataclasses import dataclass

import pytest
import torch

import nlgraph

STEP = 1e-5
TOLERANCE = 1e-7
"""The error of central differences: the step's square, times third derivatives of about 1."""

HEAD = """
use std.memories (titans)
use std.optim (gd)
dim B = 2, T = 4, d = 2
clock seq
clock token = seq along T
input x, y : [B, T, d] every seq
fn unit(z) = z * rsqrt(sum(z^2, -1, keepdim = true) + 1e-6)
component P every seq {
  state Wq, Wk, Wv : [d, d] ~ normal(0, 0.7)
  state Wr : [d, 3] ~ normal(0, 0.7)
}
q = (x @ P.Wq)[token]
k = unit(x @ P.Wk)[token]
v = (x @ P.Wv)[token]
rates = sigmoid(x @ P.Wr)[token]
component start : [d, d] ~ normal(0, 0.7) every seq
"""
LOSS = """
loss = mse(collect(r, seq), y)
train P, start minimize loss by gd(lr = 1)
output loss
"""


@dataclass(frozen=True)
class Case:
    """A memory and what reads it; `without` is a place, and what takes its gradient away.

    `trained` learn by the loss, `fewer` by none of it any more; `resets` are what starts as what.
    """

    text: str
    without: tuple[str, str]
    trained: tuple[str, ...]
    resets: tuple[tuple[str, str], ...] = ()


INSIDE = "per B every token reset every seq"
CASES = {
    "linear attention": Case(
        f"component M : [d, d] = 0 {INSIDE} {{ map (z) = z @ M; M' = M + outer(k, v) }}\n"
        "r = M'(q)\n",
        ("outer(k, v)", "outer(stop(k), v)"),
        ("P.Wq", "P.Wk", "P.Wv"),
    ),
    "DeltaNet, with a learned start and a learned rate for each token": Case(
        f"component M : [d, d] = start {INSIDE} to start {{\n"
        "map (z) = z @ M; minimize 0.5*sum((k @ M - v)^2) by gd(lr = rates[0]) }\nr = M(q)\n",
        ("lr = rates[0]", "lr = stop(rates[0])"),
        ("P.Wq", "P.Wk", "P.Wv", "P.Wr", "start"),
        (("M", "start"),),
    ),
    "Titans": Case(
        f"component M = titans(k, v, 0.3*rates[0], rates[1], rates[2]) {INSIDE}\nr = M'(q)\n",
        ("rates[1], rates[2]", "stop(rates[1]), rates[2]"),
        ("P.Wq", "P.Wk", "P.Wv", "P.Wr"),
    ),
    "HOPE": Case(
        f"component K : [d, d] = start {INSIDE} to start {{\n"
        "map (z) = z @ K; E = 0.5*sum((hold(key) @ K - hold(v @ K))^2)\n"
        "K' = 0.9*K - rates[0]*grad(E, K) }\n"
        f"component M : [d, d] = 0 {INSIDE} {{\n"
        "map (z) = z @ M\nM' = 0.9*M - rates[1]*grad(0.5*sum((hold(key) @ M - hold(v))^2), M) }\n"
        "key = unit(K(k))\nr = M'(q)\n",
        ("hold(v))^2), M)", "stop(v))^2), M)"),
        ("P.Wq", "P.Wk", "P.Wv", "P.Wr", "start"),
        (("K", "start"),),
    ),
    "MAML": Case(
        "clock inner = seq / 2\n"
        "component M : [d, d] = start per B every inner reset every seq to start {\n"
        "map (z) = z @ M; E = mse(tanh(x @ P.Wk @ M), x @ P.Wv); M' = M - 0.5*grad(E, M) }\n"
        "after = latest(M'(x), seq)\n",
        ("0.5*grad(E, M)", "0.5*stop(grad(E, M))"),
        ("P.Wk", "P.Wv", "start"),
        (("M", "start"),),
    ),
    "chunks of a network": Case(
        "component net every seq { state W1, W2 : [d, d] ~ normal(0, 0.7) }\n"
        "component M = two() per B every 2 token reset every seq to net\n"
        "block two() { state W1, W2 : [d, d] ~ normal(0, 0.7)\n map (z) = tanh(z @ W1) @ W2\n"
        " minimize sum((tanh(k @ W1) @ W2 - v)^2) by gd(lr = 0.2*rates[0]) }\n"
        "train net minimize loss by gd(lr = 1)\nr = M(q)\n",
        ("(tanh(k @ W1) @ W2 - v)", "(tanh(k @ W1) @ W2 - stop(v))"),
        ("P.Wq", "P.Wk", "P.Wv", "P.Wr", "net.W1", "net.W2"),
        (("M.W1", "net.W1"), ("M.W2", "net.W2")),
    ),
}


def text_of(case, *, without=False):
    body = case.text.replace(*case.without) if without else case.text
    whole = HEAD + body + LOSS
    return whole.replace("collect(r, seq)", "after") if "after =" in body else whole


def data():
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(2, 4, 2, generator=generator, dtype=torch.float64) for name in ("x", "y")
    }


def gradient(case, backend, *, without=False):
    """What the first step takes off each trained state, with the loss before it."""
    system = nlgraph.loads(text_of(case, without=without))
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    before = {name: module.state[name].clone() for name in case.trained}
    loss = module.step(**data())["loss"]
    return {name: before[name] - module.state[name] for name in case.trained}, loss


@pytest.mark.parametrize("backend", ["reference", "eager"])
@pytest.mark.parametrize("name", CASES)
def test_a_gradient_is_how_the_loss_changes(name, backend):
    case = CASES[name]
    found, _ = gradient(case, backend)
    module = nlgraph.compile(nlgraph.loads(text_of(case)), backend=backend, dtype=torch.float64)
    given = data()
    generator = torch.Generator().manual_seed(1)

    def loss_at(state, value):
        module.state[state].copy_(value)
        for memory, start in case.resets:
            if start == state:
                module.state[memory].copy_(value.expand_as(module.state[memory]))
        return module(**given)["loss"]

    for state in case.trained:
        middle = module.state[state].clone()
        for _ in range(2):
            way = torch.randn(middle.shape, generator=generator, dtype=torch.float64)
            up, down = (loss_at(state, middle + sign * STEP * way) for sign in (1, -1))
            loss_at(state, middle)
            slope = (up - down) / (2 * STEP)
            torch.testing.assert_close((found[state] * way).sum(), slope, rtol=0, atol=TOLERANCE)
        assert found[state].abs().max() > 1e-3, state


@pytest.mark.parametrize("backend", ["reference", "eager"])
@pytest.mark.parametrize("name", CASES)
def test_stop_changes_what_is_learned_and_not_what_is_computed(name, backend):
    case = CASES[name]
    (free, loss), (less, same_loss) = (
        gradient(case, backend, without=without) for without in (False, True)
    )
    torch.testing.assert_close(same_loss, loss, rtol=1e-12, atol=0)
    assert max((free[state] - less[state]).abs().max() for state in case.trained) > 1e-3


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_hold_lets_a_target_be_trained_and_stop_does_not(backend):
    """HOPE's targets: given to the memory, and taught by the loss outside of it."""
    case = CASES["HOPE"]
    own = Case(
        case.text.replace("hold(v @ K)", "v @ K").replace("hold(key)", "key"),
        case.without, case.trained, case.resets,
    )  # fmt: skip
    (held, loss), (total, same_loss) = gradient(case, backend), gradient(own, backend)
    assert (same_loss - loss).abs() > 1e-3  # another inner gradient is another memory
    stopped = Case(case.text.replace("hold(", "stop("), case.without, case.trained, case.resets)
    none, equal_loss = gradient(stopped, backend)
    torch.testing.assert_close(equal_loss, loss, rtol=1e-12, atol=0)
    assert (held["start"] - total["start"]).abs().max() > 1e-3
    assert held["P.Wk"].abs().max() > 1e-3
    assert none["P.Wk"].abs().max() < 1e-12
