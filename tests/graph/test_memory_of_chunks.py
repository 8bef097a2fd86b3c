"""What a backward pass keeps of a memory that is updated in chunks."""

import pytest
import torch

import nlgraph

WIDTH = 48

SYSTEM = """
use std.optim (gd)
dim B = 2, T = {ticks}, d = {width}
clock seq
clock token = seq along T
clock chunk = {chunk} token
input x, y : [B, T, d] every seq
component P : [d, d] ~ normal(0, 0.1)
component S {{ state U : [d, d] ~ normal(0, 0.1); state V : [d, d] ~ normal(0, 0.1) }}
component M : like S = S per B every chunk reset every seq to S {{
  map (q) = tanh(q @ U) @ V
  s = x[token] * U[0] + V @ x[token]
  minimize {objective} by gd(lr = 0.01)
}}
loss = mse(collect({read}), y)
train P, S minimize loss by gd(lr = 0.1)
"""


def kept(ticks, chunk, **parts):
    """The bytes that a step's tapes keep, of each tensor once."""
    text = SYSTEM.format(ticks=ticks, chunk=chunk, width=WIDTH, **parts)
    module = nlgraph.compile(nlgraph.loads(text), backend="eager")
    given = {name: torch.randn(2, ticks, WIDTH) for name in "xy"}
    found = {}
    tensors = []

    def pack(tensor):
        tensors.append(tensor)
        found[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        module.step(**given)
    return sum(found.values())


@pytest.mark.parametrize("read", ["M(x[token] @ P)", "M.s"])
@pytest.mark.parametrize(
    "objective",
    ["sum((M(x[token] @ P) - y[token])^2)", "sum((x[token] @ P @ M.U - y[token] @ M.V)^2)"],
)
def test_it_has_states_for_each_chunk_not_for_each_tick(objective, read):
    state = 2 * WIDTH * WIDTH * 4
    of_token = state // WIDTH
    ticks = 32
    small = kept(ticks, 8, objective=objective, read=read)
    more_ticks = kept(2 * ticks, 16, objective=objective, read=read)
    more_chunks = kept(2 * ticks, 8, objective=objective, read=read)
    assert more_ticks - small < ticks * of_token * WIDTH / 2
    assert more_chunks - more_ticks < 4 * 12 * state
