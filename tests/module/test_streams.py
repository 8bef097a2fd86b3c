"""One call after another: what is carried on, and what a call leaves alone."""

import pytest
import torch

import nlgraph

STREAM = """
use std.optim (gd)
dim B = 2, T = 4, d = 3
clock sequence
clock token = sequence along T
clock chunk = 2 token
input x : [B, T, d] every sequence
component key : [d, d] ~ xavier()
component M : [d, d] = 0 per B every chunk {
  map (q) = q @ M
  minimize 0.5 * sum((x[token] @ M - (x @ key)[token])^2) by gd(lr = 0.05, retain = 0.9)
}
component last : [B, d] = 0 every token { last' = 0.5 * last + x[token] }
component gap : [B, d] = 0 every token { gap' = gap + x[token] - prev(x[token], 0) }
y = collect(M(x[token]))
output y
"""

RESET = """
use std.optim (adamw, gd)
dim B = 2, T = 4, d = 3
clock sequence
clock token = sequence along T
input x : [B, T, d] every sequence
component key : [d, d] ~ xavier() { minimize loss by adamw(lr = 0.1) }
component seen : scalar = 0 { seen' = seen + 1 + 0 * normal(0, 1, []) }
component far : [d] = 0 every 3 sequence { far' = far + accumulate(mean(mean(x, 0), 0)) }
component M : [d, d] = 0 per B every token reset every sequence {
  map (q) = q @ M
  minimize 0.5 * sum((x[token] @ M - (x @ key)[token])^2) by gd(lr = 0.05)
}
y = collect(M'(x[token]))
loss = mean((y - x)^2)
output y
metric loss
"""

BACKENDS = pytest.mark.parametrize("backend", ["eager", "reference"])


def compiled(text, backend, **options):
    return nlgraph.compile(nlgraph.loads(text), backend=backend, dtype=torch.float64, **options)


def sequence(length, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(2, length, 3, generator=generator, dtype=torch.float64)


def snapshot(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def assert_same(one, two):
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, two[name]), name


@BACKENDS
def test_two_halves_one_after_the_other_are_the_whole(backend):
    text = STREAM.replace("x[token] - prev(x[token], 0)", "x[token]")
    halves, whole = compiled(text, backend), compiled(text, backend)
    x = sequence(8)
    parts = [halves.step(x=part)["y"] for part in x.split(4, dim=1)]
    torch.testing.assert_close(torch.cat(parts, 1), whole.step(x=x)["y"], rtol=1e-12, atol=1e-12)
    for name, tensor in halves.state.items():
        torch.testing.assert_close(tensor, whole.state[name], rtol=1e-12, atol=1e-12)


@BACKENDS
def test_a_clock_inside_a_tick_begins_anew_with_each_and_so_does_its_prev(backend):
    module = compiled(STREAM, backend)
    x = sequence(8)
    gap = torch.zeros(2, 3, dtype=torch.float64)
    for part in x.split(4, dim=1):
        module.step(x=part)
        gap = gap + part[:, -1]
    torch.testing.assert_close(module.state["gap"], gap, rtol=1e-12, atol=1e-12)


@BACKENDS
def test_a_call_runs_what_lives_inside_the_tick_and_leaves_all_else(backend):
    module = compiled(RESET, backend)
    for tick in range(4):
        module.step(x=sequence(4, tick))
    before, tick = snapshot(module), module.tick
    x = sequence(4, 9)
    y = module(x=x)["y"]
    assert module.tick == tick
    assert_same(before, module.state_dict())
    key, memory, found = module.state["key"], torch.zeros(2, 3, 3, dtype=torch.float64), []
    for token in range(4):
        row = x[:, token, None]
        memory = memory - 0.05 * row.mT @ (row @ memory - row @ key)
        found.append(row @ memory)
    torch.testing.assert_close(y, torch.cat(found, 1), rtol=1e-12, atol=1e-12)


@BACKENDS
def test_calls_between_steps_change_nothing_of_what_comes(backend):
    quiet, asked = compiled(RESET, backend), compiled(RESET, backend)
    for tick in range(5):
        quiet.step(x=sequence(4, tick))
        asked(x=sequence(4, 50 + tick))
        asked.step(x=sequence(4, tick))
        asked(x=sequence(8, 70 + tick))
    assert_same(snapshot(quiet), snapshot(asked))
