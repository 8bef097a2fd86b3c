"""Clocks, copies and resets inside a root tick, against plain loops."""

import pytest
import torch
from torch.autograd import grad


def leaf(tensor):
    return tensor.detach().clone().requires_grad_()


MEMORY = """
dim B = 2, T = 6, d = 3
clock sequence
clock token = sequence along T
input k, v, q : [B, T, d] every sequence
"""


def memory(module, numbers):
    k, v, q = numbers(2, 6, 3), numbers(2, 6, 3), numbers(2, 6, 3)
    return (k, v, q), module.step(k=k, v=v, q=q)


@pytest.mark.parametrize(
    "update",
    [
        "M' = M - 0.1 * outer(k[token], k[token] @ M - v[token])",
        "minimize 0.5 * sum((k[token] @ M - v[token])^2) by gd(lr = 0.1)",
        "u = k[token] @ M\nE = 0.5 * sum((u - v[token])^2)\n"
        "M' = M - 0.1 * outer(k[token], grad(E, u))",
    ],
)
def test_a_memory_of_each_sequence_is_written_token_by_token(oracle, numbers, same, update):
    module = oracle(
        "use std.optim (gd)"
        + MEMORY
        + f"""
        component M : [d, d] = 0 per B every token reset every sequence {{
          map (z) = z @ M
          {update}
        }}
        output r = collect(M'(q[token]))
        """
    )
    for _ in range(2):
        (k, v, q), results = memory(module, numbers)
        expected = torch.empty(2, 6, 3, dtype=k.dtype)
        for b in range(2):
            state = torch.zeros(3, 3, dtype=k.dtype)
            for t in range(6):
                error = k[b, t] @ state - v[b, t]
                state = state - 0.1 * torch.outer(k[b, t], error)
                expected[b, t] = q[b, t] @ state
        same(results["r"], expected)
        same(module.state["M"], torch.zeros(2, 3, 3))


def test_a_memory_updated_by_chunks_sees_its_state_at_the_chunk_s_start(oracle, numbers, same):
    module = oracle(
        "use std.optim (gd)"
        + MEMORY
        + """
        component M : [d, d] = 0 per B every 3 token reset every sequence {
          map (z) = z @ M
          minimize 0.5 * sum((k[token] @ M - v[token])^2) by gd(lr = 0.1, retain = 0.9)
        }
        output r = collect(M(q[token]))
        """
    )
    (k, v, q), results = memory(module, numbers)
    state = torch.zeros(2, 3, 3, dtype=k.dtype)
    parts = []
    for start in (0, 3):
        window = slice(start, start + 3)
        parts.append(q[:, window] @ state)
        error = k[:, window] @ state - v[:, window]
        state = 0.9 * state - 0.1 * k[:, window].mT @ error
    same(results["r"], torch.cat(parts, 1))


def test_an_outer_gradient_flows_through_the_updates_of_a_sequence(oracle, numbers, same):
    module = oracle(
        "use std.optim (gd)"
        + MEMORY
        + """
        component start : [d, d] ~ normal() { minimize loss by gd(lr = 0.1) }
        component rate : scalar = 0.1 { minimize loss by gd(lr = 0.01) }
        component M : like start = start per B every token reset every sequence to start {
          map (z) = z @ M
          minimize 0.5 * sum((k[token] @ M - v[token])^2) by gd(lr = rate)
        }
        r = collect(M'(q[token]))
        loss = mean((r - v)^2)
        """
    )
    start, rate = module.state["start"].clone(), module.state["rate"].clone()
    for _ in range(2):
        (k, v, q), _ = memory(module, numbers)
        s, lr = leaf(start), leaf(rate)
        state, out = s.expand(2, 3, 3), []
        for t in range(6):
            error = torch.einsum("bd,bde->be", k[:, t], state) - v[:, t]
            state = state - lr * torch.einsum("bd,be->bde", k[:, t], error)
            out.append(torch.einsum("bd,bde->be", q[:, t], state))
        loss = ((torch.stack(out, 1) - v) ** 2).mean()
        gs, gr = grad(loss, [s, lr])
        start, rate = start - 0.1 * gs, rate - 0.01 * gr
        same(module.state["start"], start)
        same(module.state["rate"], rate)
        same(module.state["M"], start.expand(2, 3, 3))


def test_learning_to_learn_differentiates_twice(oracle, numbers, same):
    module = oracle(
        """
        use std.optim (gd)
        dim B = 2, n = 4, d = 3
        clock task
        clock inner = task / 3
        input xs, xq : [B, n, d] every task
        input ys, yq : [B, n] every task
        component meta : [d] ~ normal() { minimize loss by gd(lr = 0.1) }
        component fast : like meta = meta per B every inner reset every task to meta {
          map (z) = tanh(z @ fast)
          minimize mean((fast(xs) - ys)^2) by gd(lr = 0.2)
        }
        loss = latest(mean((fast'(xq) - yq)^2), task)
        output loss
        """
    )
    xs, xq, ys, yq = numbers(2, 4, 3), numbers(2, 4, 3), numbers(2, 4), numbers(2, 4)
    meta = leaf(module.state["meta"])
    losses = []
    for b in range(2):
        fast = meta
        for _ in range(3):
            inner = ((torch.tanh(xs[b] @ fast) - ys[b]) ** 2).mean()
            fast = fast - 0.2 * grad(inner, fast, create_graph=True)[0]
        losses.append(((torch.tanh(xq[b] @ fast) - yq[b]) ** 2).mean())
    loss = torch.stack(losses).mean()
    results = module.step(xs=xs, xq=xq, ys=ys, yq=yq)
    same(results["loss"], loss)
    same(module.state["meta"], meta - 0.1 * grad(loss, meta)[0])


def test_truncated_backpropagation_keeps_the_value_and_cuts_the_gradient(oracle, numbers, same):
    module = oracle(
        """
        use std.optim (gd)
        dim B = 2, T = 4, d = 3
        clock window
        clock token = window along T
        input x, y : [B, T, d] every window
        component cell : [d, d] ~ normal() { minimize loss by gd(lr = 0.1) }
        component hid : [d] = 0 per B every token reset every window to hid {
          hid' = tanh(x[token] + hid @ cell + 0.01 * tick * prev(x[token], 0))
        }
        out = collect(hid')
        loss = mean((out - y)^2)
        """
    )
    cell, hid = module.state["cell"].clone(), torch.zeros(2, 3, dtype=torch.float64)
    before, tick = torch.zeros(2, 3, dtype=torch.float64), 0
    for _ in range(3):
        x, y = numbers(2, 4, 3), numbers(2, 4, 3)
        w, state, out = leaf(cell), hid, []
        for t in range(4):
            tick += 1
            state = torch.tanh(x[:, t] + state @ w + 0.01 * tick * before)
            before = x[:, t]
            out.append(state)
        loss = ((torch.stack(out, 1) - y) ** 2).mean()
        cell, hid = cell - 0.1 * grad(loss, w)[0], state.detach()
        module.step(x=x, y=y)
        same(module.state["cell"], cell)
        same(module.state["hid"], hid)


def test_forward_runs_what_is_reset_inside_and_changes_nothing(oracle, numbers, same):
    module = oracle(
        MEMORY
        + """
        component M : [d, d] = 0 per B every token reset every sequence {
          map (z) = z @ M
          M' = M + outer(k[token], v[token])
        }
        output r = collect(M'(q[token]))
        """
    )
    k, v, q = numbers(2, 6, 3), numbers(2, 6, 3), numbers(2, 6, 3)
    sums = torch.einsum("btd,bte->btde", k, v).cumsum(1)
    same(module(k=k, v=v, q=q)["r"], torch.einsum("btd,btde->bte", q, sums))
    assert module.tick == 0


def test_another_batch_makes_other_copies(oracle, numbers, same):
    module = oracle(
        MEMORY
        + """
        component M : [d, d] ~ normal() per B every token reset every sequence {
          map (z) = z @ M
          M' = M + outer(k[token], v[token])
        }
        output r = collect(M'(q[token]))
        """
    )
    first = module.state["M"].clone()
    for batch in (2, 1, 4):
        k, v, q = numbers(batch, 6, 3), numbers(batch, 6, 3), numbers(batch, 6, 3)
        results = module.step(k=k, v=v, q=q)
        assert module.state["M"].shape == (batch, 3, 3)
        same(module.state["M"][0], first[0])
        assert results["r"].shape == (batch, 6, 3)


def test_two_memories_stacked_read_each_other_s_whole_sequence(oracle, numbers, same):
    module = oracle(
        MEMORY
        + """
        component A : [d] = 0 per B every token reset every sequence { A' = A + k[token] }
        a = collect(A')
        component C : [d] = 0 per B every token reset every sequence {
          C' = C + a[token] * sum(a)
        }
        output c = collect(C')
        """
    )
    (k, _, _), results = memory(module, numbers)
    a = k.cumsum(1)
    same(results["c"], (a * a.sum((1, 2), keepdim=True)).cumsum(1))


def test_each_head_of_each_sequence_has_its_own_memory_and_clock(oracle, numbers, same):
    module = oracle(
        """
        dim B = 2, H = 2, T = 4, d = 3
        clock sequence
        clock token = sequence along T
        input k, v : [B, H, T, d] every sequence
        component M : [d, d] = 0 per B, H every 2 token reset every sequence {
          map (z) = z @ M
          M' = 0.5 * M + accumulate(outer(k[token], v[token]) + 0.01 * tick)
        }
        output r = collect(M(k[token]))
        """
    )
    k, v = numbers(2, 2, 4, 3), numbers(2, 2, 4, 3)
    out = module.step(k=k, v=v)["r"]
    outer = torch.einsum("bhtd,bhte->bhtde", k, v) + 0.01
    state = outer[:, :, :2].sum(2)
    expected = torch.einsum("bhtd,bhde->bhte", k[:, :, 2:], state)
    same(out, torch.cat([torch.zeros_like(expected), expected], 2))


def test_draws_differ_by_tick_and_copy(oracle, numbers):
    module = oracle(
        MEMORY
        + """
        component M : [d] = 0 per B every token reset every sequence { M' = normal([d]) }
        output r = collect(M')
        """
    )
    (_, _, _), results = memory(module, numbers)
    assert len(set(results["r"].flatten().tolist())) == 36
