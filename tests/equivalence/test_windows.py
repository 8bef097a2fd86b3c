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
