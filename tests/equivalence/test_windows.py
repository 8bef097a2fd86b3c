import pytest
import torch

import nlgraph
from tests.equivalence.conftest import same
from tests.equivalence.windows import REPLAYED

TICKS = 17


@pytest.mark.parametrize("name", REPLAYED)
def test_eager_is_the_reference(pair, name):
    assert len(list(pair(REPLAYED[name]).run(TICKS))) == TICKS


@pytest.mark.parametrize("name", REPLAYED)
def test_a_resumed_run_is_the_unbroken_one(pair, name):
    two = pair(REPLAYED[name])
    fresh = two.compile("eager", seed=1)
    for tick in range(1, TICKS + 1):
        given = two.inputs(tick)
        expected = two.eager.step(**given)
        if tick == 6:  # inside every window that is run again
            fresh.load_state_dict(two.eager.state_dict())
        if tick > 6:
            same(fresh.step(**given), expected, f"tick {tick}")
            same(fresh.state, two.eager.state, f"states after tick {tick}")


def test_a_window_may_have_another_batch(pair):
    text = REPLAYED["learned_starts"].replace("dim B = 5, d", "dim B, d")
    two = pair(text, {"B": 5})
    for size in (5, 3):
        two.sizes["B"] = size
        assert len(list(two.run(4))) == 4


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_the_gradient_flows_through_all_updates_of_a_window(backend):
    """A start that is learned through four steps from it: worked out by autograd."""
    system = nlgraph.loads("""
use std.optim (gd)
dim B = 5, d = 4
clock step
clock four = 4 step
input x : [B, d] every step
input y : [B] every step
component slow : [d] ~ normal(0, 1) every four { minimize average(loss) by gd(lr = 0.5) }
component fast : like slow = slow reset every four to slow { minimize loss by gd(lr = 0.3) }
loss = mean((tanh(x @ fast) - y)^2)
metric loss
""")
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    slow = module.state["slow"].clone()
    generator = torch.Generator().manual_seed(1)
    for _ in range(3):
        batches = [
            (
                torch.randn(5, 4, generator=generator, dtype=torch.float64),
                torch.randn(5, generator=generator, dtype=torch.float64),
            )
            for _ in range(4)
        ]
        start = slow.requires_grad_()
        fast, total = start, 0
        for x, y in batches:
            loss = ((torch.tanh(x @ fast) - y) ** 2).mean()
            total = total + loss / 4
            fast = fast - 0.3 * torch.autograd.grad(loss, fast, create_graph=True)[0]
        through = torch.autograd.grad(total, start)[0]
        # With the updates for constants it is another one, by far.
        assert (through - _first_order(start, batches)).abs().max() > 0.01
        slow = (start - 0.5 * through).detach()
        for x, y in batches:
            module.step(x=x, y=y)
        torch.testing.assert_close(module.state["slow"], slow, rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(module.state["fast"], slow, rtol=1e-12, atol=1e-12)


def _first_order(start, batches):
    fast, total = start.detach(), 0
    for x, y in batches:
        fast = fast.requires_grad_()
        step = torch.autograd.grad(((torch.tanh(x @ fast) - y) ** 2).mean(), fast)[0]
        total = total + step / 4
        fast = (fast - 0.3 * step).detach()
    return total


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_a_start_learns_from_several_ticks_that_read_it_in_their_reset_alone(backend):
    """What a slower component gives to memories inside each tick: worked out by autograd."""
    system = nlgraph.loads("""
use std.optim (gd)
dim B = 3, T = 4, d = 2
clock sequence
clock token = sequence along T
input x, y : [B, T, d] every sequence
component start : [d, d] = eye() every 2 sequence
component rate : scalar = 0.1 every 2 sequence
component M : like start = start per B every token reset every sequence to start {
  map (q) = q @ M
  minimize sum((x[token] @ M - y[token])^2) by gd(lr = rate)
}
loss = mse(collect(M(x[token])), y)
train start, rate minimize average(loss) by gd(lr = 0.5)
""")
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    generator = torch.Generator().manual_seed(1)
    start = torch.eye(2, dtype=torch.float64, requires_grad=True)
    rate = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    losses = []
    for _ in range(2):
        x, y = torch.randn(2, 3, 4, 2, generator=generator, dtype=torch.float64)
        module.step(x=x, y=y)
        memory, read = start.expand(3, 2, 2), []
        for k, v in zip(x.unbind(1), y.unbind(1), strict=True):
            read.append(torch.einsum("bi,bij->bj", k, memory))
            memory = memory - rate * 2 * torch.einsum("bi,bj->bij", k, read[-1] - v)
        losses.append(((torch.stack(read, 1) - y) ** 2).mean())
    by_start, by_rate = torch.autograd.grad(sum(losses) / 2, (start, rate))
    torch.testing.assert_close(module.state["start"], (start - 0.5 * by_start).detach())
    torch.testing.assert_close(module.state["rate"], (rate - 0.5 * by_rate).detach())
