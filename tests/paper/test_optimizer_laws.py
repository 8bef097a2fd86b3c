"""What rules have in common: one is a special case of another, and what they do not see.

Of Nested Learning (Behrouz et al. 2025, (17), (18), (30), (31)) and of the papers of each rule.
"""

import pytest
import torch

STEPS = 8

HEAD = """
use std.optim (adam, adamw, gd, lion, momentum, rmsprop, sgd)
dim B = 4, d = 3, c = 2
clock step
input x : [B, d] every step
input y : [B, c] every step
"""
LOSS = "loss = mean((tanh(x @ W) - y)^2)\n"

ADEMAMIX = """
rule ademamix(lr, alpha, beta1 = 0.9, beta2 = 0.999, beta3 = 0.99, eps = 1e-8) for W, g {
  component fast : like W = 0 { fast' = beta1*fast + (1 - beta1)*g }
  component slow : like W = 0 { slow' = beta3*slow + (1 - beta3)*g }
  component v : like W = 0 { v' = beta2*v + (1 - beta2)*g^2 }
  W' = W - lr*(fast'/(1 - beta1^tick) + alpha*slow')/(sqrt(v'/(1 - beta2^tick)) + eps)
}
"""
LOOKAHEAD = """
component slow : [d, c] = 0.3 { slow' = slow + (W' - slow) }
component W : like slow = slow reset every step to slow { minimize loss by gd(lr = 0.2) }
"""


def learned(rule, head="", of="loss"):
    return f"{HEAD}{head}{LOSS}component W : [d, c] = 0.3 {{ minimize {of} by {rule} }}\n"


@pytest.fixture
def weights(run, numbers):
    """The weights after some steps of a text on the same data."""
    data = [{"x": numbers(4, 3), "y": numbers(4, 2)} for _ in range(STEPS)]

    def after(text):
        return run(text, data)[1]["W"]

    return after


EQUAL = {
    "(17) is SGD with momentum at a constant rate": (
        learned("momentum(lr = 0.1)"),
        learned("sgd(lr = 0.1, momentum = 0.9)"),
    ),
    "AdEMAMix without its slow part is Adam": (
        learned("ademamix(lr = 0.05, alpha = 0)", ADEMAMIX),
        learned("adam(lr = 0.05)"),
    ),
    "Adam without momentum and correction is RMSprop": (
        learned("adam(lr = 0.05/sqrt(1 - 0.99^tick), beta1 = 0, beta2 = 0.99, eps = 0)"),
        learned("rmsprop(lr = 0.05, alpha = 0.99, eps = 0)"),
    ),
    "AdamW without decay is Adam": (
        learned("adamw(lr = 0.05, decay = 0)"),
        learned("adam(lr = 0.05)"),
    ),
    "Lookahead of every step that goes all the way is its inner rule": (
        f"{HEAD}{LOOKAHEAD}{LOSS}",
        learned("gd(lr = 0.2)"),
    ),
    "a block of a continuum that updates every step is SGD": (
        f"{HEAD}{LOSS}component W : [d, c] = 0.3 every 1 step\n"
        "train W minimize loss by gd(lr = 0.2)\n",
        learned("sgd(lr = 0.2)"),
    ),
    "Lion does not see how large the loss is": (
        learned("lion(lr = 0.05)", of="1000*loss"),
        learned("lion(lr = 0.05)"),
    ),
    "Adam without eps does not see how large the loss is": (
        learned("adam(lr = 0.05, eps = 0)", of="1000*loss"),
        learned("adam(lr = 0.05, eps = 0)"),
    ),
}


@pytest.mark.parametrize("case", EQUAL)
def test_one_is_the_other(weights, same, case):
    one, other = EQUAL[case]
    same(weights(one), weights(other))


def test_momentum_keeps_the_rate_with_which_it_was_written(weights):
    """Under a schedule (17) is not torch's SGD, which multiplies the momentum by today's rate."""
    one = weights(learned("momentum(lr = 0.5^tick)"))
    other = weights(learned("sgd(lr = 0.5^tick, momentum = 0.9)"))
    assert (one - other).abs().max() > 0.1


def test_maml_whose_inner_rate_is_zero_is_descent_at_the_start(run, numbers, same):
    inner = """
    clock inner = step / 2
    after = latest(mean((tanh(x @ fast') - y)^2), step)
    component W : [d, c] = 0.3 { minimize after by gd(lr = 0.2) }
    component fast : like W = W every inner reset every step to W {
      minimize mean((tanh(x @ fast) - y)^2) by gd(lr = RATE)
    }
    """
    data = [{"x": numbers(4, 3), "y": numbers(4, 2)} for _ in range(STEPS)]
    plain = run(learned("gd(lr = 0.2)"), data)[1]["W"]
    same(run(HEAD + inner.replace("RATE", "0"), data)[1]["W"], plain)
    learns = run(HEAD + inner.replace("RATE", "0.5"), data)[1]["W"]
    assert (learns - plain).abs().max() > 0.05


def test_the_updates_of_a_block_sum_the_gradients_of_its_whole_windows(run, numbers, same):
    """(31): a block that updates every third step has seen six gradients after eight steps."""
    text = """
    use std.optim (gd)
    dim d = 3
    clock step
    input x : [d] every step
    component W : [d] = 0 every 3 step { minimize dot(W, x) by gd(lr = 0.5) }
    """
    xs = numbers(STEPS, 3)
    same(run(text, [{"x": x} for x in xs])[1]["W"], -0.5 * xs[:6].sum(0))


def test_newton_schulz_sees_neither_scale_nor_turns(run, numbers, same):
    text = """
    dim n = 3, m = 5
    clock step
    input G : [n, m] every step
    output o = newton_schulz(G)
    """
    G = 1e6 * numbers(3, 5)  # so large that what keeps it from dividing by 0 is nothing
    (U, _), (V, _) = torch.linalg.qr(numbers(3, 3)), torch.linalg.qr(numbers(5, 5))
    plain, scaled, turned = (
        found["o"] for found in run(text, [{"G": g} for g in (G, 100 * G, U @ G @ V)])[0]
    )
    same(scaled, plain)
    same(turned, U @ plain @ V)
