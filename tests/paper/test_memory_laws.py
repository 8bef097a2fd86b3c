"""What memories have in common: one is a special case of another, and symmetries.

Of Nested Learning (Behrouz et al. 2025, (12) to (16) and (65)), Titans (Behrouz et al. 2024),
gated DeltaNet (Yang et al. 2024) and Longhorn (Liu et al. 2024).
"""

import pytest
import torch

B, T, N, M = 2, 6, 3, 4

HEAD = """
use std.memories (delta, gated_delta, hebbian, linear_attention, longhorn, titans)
use std.memories (titans_chunked, ttt)
dim B = 2, T = 6, n = 3, m = 4
clock sequence
clock token = sequence along T
clock one = 1 token
input queries, keys : [B, T, n] every sequence
input values : [B, T, m] every sequence
input rates, keeps : [B, T, 1] every sequence
q = queries[token]
k = keys[token]
v = values[token]
rate = rates[token]
keep = keeps[token]
"""
TAIL = """
output r = collect(M'(q))
output last = latest(M', sequence)
"""
INSIDE = "per B every token reset every sequence"


def memory(of):
    return f"{HEAD}component M = {of} {INSIDE}\n{TAIL}"


@pytest.fixture
def tokens(numbers):
    keys = numbers(B, T, N)
    return {
        "queries": numbers(B, T, N),
        "keys": keys / keys.norm(dim=-1, keepdim=True),
        "values": numbers(B, T, M),
        "rates": torch.sigmoid(numbers(B, T, 1)),
        "keeps": torch.sigmoid(numbers(B, T, 1) + 1),
    }


@pytest.fixture
def read(run):
    """What a memory reads after each token, and what it is after the last."""

    def reads(of, given):
        (found,), _ = run(memory(of), [given])
        return found["r"], found["last"]

    return reads


EQUAL = {
    "titans without momentum and forgetting are DeltaNet": (
        "titans(k, v, 0.5*rate, 0, 0)",
        "delta(k, v, rate)",
    ),
    "DeltaNet is gated DeltaNet that keeps all": (
        "delta(k, v, rate)",
        "gated_delta(k, v, rate, 1)",
    ),
    "titans without momentum are gated DeltaNet of other numbers": (
        "titans(k, v, 0.5*rate, 0, 1 - keep)",
        "gated_delta(k, keep*v, rate/keep, keep)",
    ),
    "linear attention is Hebbian": ("linear_attention(k, v)", "hebbian(k, v)"),
    "Longhorn is DeltaNet with a bounded rate": (
        "longhorn(k, v, rate)",
        "delta(k, v, rate/(1 + rate*sum(k^2)))",
    ),
    "chunks of one token are the recurrence": (
        "titans_chunked(k, v, 0.1*rate, 0.9, 1 - keep, one)",
        "titans(k, v, 0.1*rate, 0.9, 1 - keep)",
    ),
    "TTT in chunks of one token is DeltaNet": ("ttt(k, v, rate, one)", "delta(k, v, rate)"),
}
OTHER = {
    "titans erase from what they kept, gated DeltaNet from what it keeps": (
        "titans(k, v, 0.5*rate, 0, 1 - keep)",
        "gated_delta(k, v, rate, keep)",
    ),
    "surprises at a chunk's start are another model": (
        "titans_chunked(k, v, 0.5*rate, 0, 0, sequence)",
        "titans(k, v, 0.5*rate, 0, 0)",
    ),
    "titans' loss has no half": ("titans(k, v, rate, 0, 0)", "delta(k, v, rate)"),
}


@pytest.mark.parametrize("case", EQUAL)
def test_one_is_the_other(read, tokens, same, case):
    for found, expected in zip(*(read(of, tokens) for of in EQUAL[case]), strict=True):
        same(found, expected)


@pytest.mark.parametrize("case", OTHER)
def test_one_is_not_the_other(read, tokens, case):
    one, other = (read(of, tokens)[0] for of in OTHER[case])
    assert (one - other).abs().max() > 1e-2


def test_gated_deltanet_is_its_printed_equation(run, read, tokens, same):
    text = f"""{HEAD}
    component M : [n, m] = 0 {INSIDE} {{
      map (q) = q @ M
      M' = keep*M + rate*outer(k, v - k @ (keep*M))
    }}{TAIL}"""
    (found,), _ = run(text, [tokens])
    same(found["r"], read("gated_delta(k, v, rate, keep)", tokens)[0])


def test_linear_attention_by_equation_is_that_by_objective(run, read, tokens, same):
    text = f"""{HEAD}
    component M : [n, m] = 0 {INSIDE} {{ map (q) = q @ M; M' = M + outer(k, v) }}{TAIL}"""
    (found,), _ = run(text, [tokens])
    same(found["r"], read("linear_attention(k, v)", tokens)[0])


MEMORIES = (
    "linear_attention(k, v)",
    "hebbian(k, v, rate, keep)",
    "delta(k, v, rate)",
    "gated_delta(k, v, rate, keep)",
    "longhorn(k, v, rate)",
    "titans(k, v, 0.1*rate, 0.9, 1 - keep)",
    "titans_chunked(k, v, 0.1*rate, 0.9, 1 - keep, sequence)",
    "ttt(k, v, rate, one)",
)


@pytest.mark.parametrize("of", MEMORIES)
def test_turned_keys_and_queries_read_the_same(read, tokens, numbers, same, of):
    turn, _ = torch.linalg.qr(numbers(N, N))
    turned = {**tokens, "keys": tokens["keys"] @ turn, "queries": tokens["queries"] @ turn}
    same(read(of, turned)[0], read(of, tokens)[0])


@pytest.mark.parametrize("of", MEMORIES)
def test_what_is_read_is_linear_in_values(read, tokens, numbers, same, of):
    other = numbers(B, T, M)
    first, second = (read(of, {**tokens, "values": v})[0] for v in (tokens["values"], other))
    both = read(of, {**tokens, "values": 2 * tokens["values"] - other})[0]
    same(both, 2 * first - second)


def test_the_order_of_tokens_matters_to_the_delta_rule_and_not_to_linear_attention(
    read, tokens, same
):
    back = {name: value.flip(1) for name, value in tokens.items()}
    linear, delta = "linear_attention(k, v)", "delta(k, v, rate)"
    same(read(linear, back)[1], read(linear, tokens)[1])
    assert (read(delta, back)[1] - read(delta, tokens)[1]).abs().max() > 0.1


@pytest.mark.parametrize(
    "of",
    [
        "gated_delta(k, v, rate, keep)",
        "titans(k, v, 0.1*rate, 0.9, 1 - keep)",
        "titans_chunked(k, v, 0.1*rate, 0.9, 1 - keep, chunk)",
        "ttt(k, v, rate, chunk)",
    ],
)
def test_a_sequence_in_two_calls_is_the_whole(run, tokens, same, of):
    """Memory, momentum and anchor are carried from call to call where nothing resets them."""
    text = f"{HEAD}clock chunk = 3 token\ncomponent M = {of} per B every token\n{TAIL}"
    (whole,), end = run(text, [tokens])
    parts = [{name: part.chunk(2, 1)[i] for name, part in tokens.items()} for i in (0, 1)]
    halves, carried = run(text.replace("T = 6", "T = 3"), parts)
    same(torch.cat([half["r"] for half in halves], 1), whole["r"])
    assert end.keys() == carried.keys()
    for name in end:
        same(carried[name], end[name])


def test_delta_gradient_descent_is_descent_of_another_loss_and_longhorn(run, numbers, same):
    """(56), by its exact step: on L + |W x|^2/2, and as Longhorn on x and the surprise."""
    text = """
    use std.optim (gd)
    dim n = 3, m = 4
    const eta = 0.3
    clock step
    input x : [n] every step
    input t : [m] every step
    component W : [n, m] = 0 {
      minimize 0.5*sum((tanh(x @ W) - t)^2) + 0.5*sum((x @ W)^2) by gd(lr = eta/(1 + eta*sum(x^2)))
    }
    y = x @ V
    surprise = grad(0.5*sum((tanh(y) - t)^2), y)
    component V : [n, m] = 0 {
      minimize 0.5*sum((x @ V + hold(surprise))^2) by gd(lr = eta/(1 + eta*sum(x^2)))
    }
    """
    xs, ts = numbers(5, N), numbers(5, M)
    _, states = run(text, [{"x": x, "t": t} for x, t in zip(xs, ts, strict=True)])
    W = torch.zeros(N, M, dtype=torch.float64)
    for x, t in zip(xs, ts, strict=True):
        y = torch.tanh(x @ W)
        u = (y - t) * (1 - y**2)
        # The minimizer of <W x, u> + |W x|²/2 + |W - W_t|²/(2 eta), solved as a linear system.
        by = torch.eye(N, dtype=torch.float64) + 0.3 * torch.outer(x, x)
        W = torch.linalg.solve(by, W - 0.3 * torch.outer(x, u))
    same(states["W"], W)
    same(states["V"], W)
