"""Gradients across levels: two readings that differ, and the one that the language means.

Sections 7 and 9 of the language. Both readings are worked out by `torch.func`; one number apart
would not tell them from each other, so they must be far apart.
"""

import pytest
import torch
from torch.func import grad

HEAD = """
use std.optim (gd)
dim T = 4, d = 3
clock seq
clock token = seq along T
input x, y : [T, d] every seq
"""


@pytest.fixture
def learned(run, numbers):
    """What a text's P starts with, the data, and what its first step takes off P."""

    def step(text):
        module = run(HEAD + text)
        start = {name: value.clone() for name, value in module.state.items()}
        x, y = numbers(4, 3), numbers(4, 3)
        module.step(x=x, y=y)
        return start, x, y, start["P"] - module.state["P"]

    return step


@pytest.fixture
def meant(same):
    """The gradient is what is meant, and far from what is not."""

    def check(found, right, wrong):
        same(found, right)
        assert (right - wrong).abs().max() > 0.05 * right.abs().max()
        assert (right - wrong).abs().max() > 1e-2

    return check


def delta_rule(k, y, start, *, keep=lambda M: M, hold=lambda k: k, rate=0.3):
    """The states of a delta rule before each token, and after the last."""
    M = start
    states = [M]
    for t in range(len(k)):
        key = hold(k[t])
        M = keep(M) - rate * torch.outer(key, key @ keep(M) - y[t])
        states.append(M)
    return states


def detached(value):
    return value.detach()


MEMORY = """
k = x @ P
component P : [d, d] ~ normal(0, 0.7) every seq
train P minimize average(loss) by gd(lr = 1)
loss = mse(collect(READ), y)
component M : [d, d] = 0.5 every tokenRESET {
  map (q) = q @ M
  M' = M - 0.3*outer(KEY, KEY @ M - y[token])
}
"""
RESET = " reset every seq"


def memory(read, reset=RESET, key="k[token]"):
    text = MEMORY.replace("READ", read).replace("RESET", reset).replace("KEY", key)
    return text.replace("tokenreset", "token reset")


def test_a_gradient_flows_through_what_is_reset_within_the_tick_and_not_through_what_outlives_it(
    learned, meant
):
    for reset in (True, False):
        start, x, y, found = learned(memory("M(k[token])", RESET if reset else ""))

        def loss(P, x=x, y=y, M=start["M"], keep=None):
            k = x @ P
            states = delta_rule(k, y, M)
            if keep is not None:
                states = [state.detach() for state in states]
            return ((torch.stack([k[t] @ states[t] for t in range(4)]) - y) ** 2).mean()

        through = grad(loss)(start["P"])
        past = grad(lambda P, loss=loss: loss(P, keep=detached))(start["P"])
        right, wrong = (through, past) if reset else (past, through)
        meant(found, right, wrong)


def test_what_is_read_with_a_prime_has_learned_the_token(learned, meant):
    for primed in ("", "'"):
        start, x, y, found = learned(memory(f"M{primed}(k[token])"))

        def loss(P, late, x=x, y=y, M=start["M"]):
            k = x @ P
            states = delta_rule(k, y, M)
            return ((torch.stack([k[t] @ states[t + late] for t in range(4)]) - y) ** 2).mean()

        old, new = (grad(loss)(start["P"], late) for late in (0, 1))
        right, wrong = (new, old) if primed else (old, new)
        meant(found, right, wrong)


def test_a_stopped_key_is_written_and_teaches_nothing(learned, meant):
    start, x, y, found = learned(memory("M(k[token])", key="stop(k[token])"))

    def loss(P, hold):
        k = x @ P
        states = delta_rule(k, y, start["M"], hold=hold)
        return ((torch.stack([k[t] @ states[t] for t in range(4)]) - y) ** 2).mean()

    stopped, free = grad(loss)(start["P"], detached), grad(loss)(start["P"], lambda k: k)
    meant(found, stopped, free)


def test_a_stopped_memory_leaves_the_query_alone_to_learn(learned, meant):
    """The literal reading of linear attention without backpropagation through its recurrence."""
    start, x, y, found = learned(memory("k[token] @ stop(M)"))

    def loss(P, keep):
        k = x @ P
        states = [keep(state) for state in delta_rule(k, y, start["M"])]
        return ((torch.stack([k[t] @ states[t] for t in range(4)]) - y) ** 2).mean()

    meant(found, grad(loss)(start["P"], detached), grad(loss)(start["P"], lambda M: M))


INNER = """
component P : [d, d] ~ normal(0, 0.7) every seq
train P minimize mse(collect(x[token] @ M'), y) by gd(lr = 1)
component M : [d, d] = 0.5 every token reset every seq {
  M' = M - 0.3*grad(0.5*sum((x[token] @ M - TARGET)^2), M)
}
"""


@pytest.mark.parametrize("target", ["x[token] @ (P @ M)", "hold(x[token] @ (P @ M))"])
def test_a_held_target_is_given_to_the_memory_and_trained_by_the_loss_outside(
    learned, meant, target
):
    """A target that the memory makes itself: held, its own M is no way to come closer to it."""
    start, x, y, found = learned(INNER.replace("TARGET", target))

    def loss(P, held, stopped):
        M, error = start["M"], 0
        for t in range(4):

            def inner(M, t=t, old=M):
                aim = x[t] @ (P @ (old if held else M))
                return 0.5 * ((x[t] @ M - (aim.detach() if stopped else aim)) ** 2).sum()

            M = M - 0.3 * grad(inner)(M)
            error = error + ((x[t] @ M - y[t]) ** 2).mean() / 4
        return error

    held, free = (grad(loss)(start["P"], held, stopped=False) for held in (True, False))
    right, wrong = (held, free) if "hold" in target else (free, held)
    meant(found, right, wrong)
    if "hold" in target:
        meant(found, right, grad(loss)(start["P"], held=True, stopped=True))


MAML = """
clock inner = seq / 3
component P : [d, d] ~ normal(0, 0.7) every seq
train P minimize latest(mse(x @ fast', y), seq) by gd(lr = 1)
component fast : like P = P every inner reset every seq to P {
  fast' = fast - 0.5*STEP
}
"""
ERROR = "grad(mse(tanh(y @ fast), x), fast)"


@pytest.mark.parametrize("step", [ERROR, f"stop({ERROR})"])
def test_maml_differentiates_its_steps_and_first_order_maml_does_not(learned, meant, step):
    start, x, y, found = learned(MAML.replace("STEP", step))

    def loss(P, first_order):
        fast = P
        for _ in range(3):
            taken = grad(lambda fast: ((torch.tanh(y @ fast) - x) ** 2).mean())(fast)
            fast = fast - 0.5 * (taken.detach() if first_order else taken)
        return ((x @ fast - y) ** 2).mean()

    second, first = (grad(loss)(start["P"], order) for order in (False, True))
    right, wrong = (first, second) if "stop" in step else (second, first)
    meant(found, right, wrong)


WINDOW = """
component P : [d, d] ~ normal(0, 0.7) every seq { P' = P - STEP }
E = mse(x[token] @ M, y[token])
component M : like P = P every token reset every seq to P { M' = M - 0.4*grad(E, M) }
"""


@pytest.mark.parametrize("step", ["grad(accumulate(E, seq), P)", "accumulate(grad(E, M), seq)"])
def test_the_gradient_of_a_sum_sees_a_state_restart_and_the_sum_of_gradients_does_not(
    learned, meant, step
):
    """The nested continuum (72) learns its start through the updates; the other (71) by the sum."""
    start, x, y, found = learned(WINDOW.replace("STEP", step))

    def error(M, t):
        return ((x[t] @ M - y[t]) ** 2).mean()

    def total(P):
        M, found = P, 0
        for t in range(4):
            found = found + error(M, t)
            M = M - 0.4 * grad(error)(M, t)
        return found

    M, summed = start["P"], 0
    for t in range(4):
        summed = summed + grad(error)(M, t)
        M = M - 0.4 * grad(error)(M, t)
    through = grad(total)(start["P"])
    right, wrong = (through, summed) if step.startswith("grad") else (summed, through)
    meant(found, right, wrong)


def test_a_state_replaced_by_its_update_is_differentiated_through_it(learned, meant):
    """A hypergradient inside the tick: P scales the step that the replaced M has taken."""
    start, x, y, found = learned(
        """
        component P : [d, d] ~ normal(0, 0.7) every seq
        component M : [d, d] = 0.5 { M' = M - P*grad(E, M) }
        E = mse(tanh(x @ M), y)
        train P minimize E with (M = M') by gd(lr = 1)
        """
    )

    def error(M):
        return ((torch.tanh(x @ M) - y) ** 2).mean()

    M = start["M"]
    step = grad(error)(M)
    right = grad(lambda P: error(M - P * step))(start["P"])
    meant(found, right, torch.zeros_like(right))


def test_a_window_of_several_root_ticks_sums_what_flows_through_each(run, numbers, meant):
    """P waits for two sequences; the memory starts anew in each, and what it learns counts."""
    text = memory("M(k[token])").replace("every seq\ntrain", "every 2 seq\ntrain")
    module = run(HEAD + text)
    P, M = module.state["P"].clone(), module.state["M"].clone()
    data = [(numbers(4, 3), numbers(4, 3)) for _ in range(2)]
    for x, y in data:
        module.step(x=x, y=y)

    def loss(P, keep):
        found = 0
        for x, y in data:
            k = x @ P
            states = [keep(state) for state in delta_rule(k, y, M)]
            reads = torch.stack([k[t] @ states[t] for t in range(4)])
            found = found + ((reads - y) ** 2).mean() / 2
        return found

    found = P - module.state["P"]
    meant(found, grad(loss)(P, lambda M: M), grad(loss)(P, detached))


def test_a_gradient_by_a_signal_is_free_of_how_the_signal_was_made(learned, meant):
    start, x, y, found = learned(
        """
        component P : [d, d] ~ normal(0, 0.7) every seq { P' = P - x.T @ grad(E, u) }
        u = x @ P
        E = sum(tanh(u)*P[0]) + 0.5*sum((u - y)^2)
        """
    )

    def error(P, u):
        return (torch.tanh(u) * P[0]).sum() + 0.5 * ((u - y) ** 2).sum()

    P = start["P"]
    surprise = grad(error, argnums=1)(P, x @ P)
    meant(found, x.T @ surprise, grad(lambda P: error(P, x @ P))(P))
