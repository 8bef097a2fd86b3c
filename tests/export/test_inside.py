"""What runs inside a tick, as model.py has it: loops, copies, calls of other sizes."""

import sys
import types

import pytest
import torch

import nlgraph
from nlgraph.export.python import python_text

RECALL = """
use std.optim (adamw, gd)
dim B = 4, T = 6, d = 8
clock sequence
clock token = sequence along T
input key, value, query : [B, T, d] every sequence
component proj { state Wk, Wv, Wq : [d, d] ~ xavier(); state We : [d, 1] = 0
  k = key @ Wk; v = value @ Wv; q = query @ Wq; rate = sigmoid(key @ We) }
component M : [d, d] = 0 per B every token reset every sequence {
  map (z) = z @ M
  minimize 0.5 * sum((M(proj.k[token]) - proj.v[token])^2) by gd(lr = proj.rate[token])
}
read = collect(M'(proj.q[token]))
loss = mse(read, value)
train proj minimize loss by adamw(lr = 1e-2)
output read
metric loss
"""


@pytest.fixture(scope="module")
def text():
    return python_text(nlgraph.loads(RECALL))


@pytest.fixture
def exported(text):
    module = types.ModuleType("an_exported_memory")
    sys.modules[module.__name__] = module
    exec(compile(text, "model.py", "exec"), module.__dict__)
    yield module.Module
    del sys.modules[module.__name__]


def batch(tick, size=4, length=6):
    generator = torch.Generator().manual_seed(tick)
    key = torch.nn.functional.normalize(
        torch.randn(size, length, 8, generator=generator, dtype=torch.float64), dim=-1
    )
    value = torch.randn(size, length, 8, generator=generator, dtype=torch.float64)
    return {"key": key, "value": value, "query": key}


def test_a_loop_reads_as_one_writes_it(text):
    assert "# every token: M, line 9\n" in text
    assert "for proj_rate_t, proj_k_t, proj_v_t in zip(" in text
    assert 'difference = torch.einsum("bi,bij->bj", proj_k_t, M) - proj_v_t' in text
    assert "M = M - proj_rate_t[:, None] * product" in text
    assert "read = torch.einsum" in text
    assert "# [B, T, d], line 13" in text


def test_it_learns_to_write_and_to_read(exported):
    module = exported(seed=0, dtype=torch.float64)
    losses = [float(module.step(**batch(tick, 16))["loss"]) for tick in range(150)]
    assert losses[0] > 0.9
    assert sum(losses[-10:]) / 10 < 0.35


def test_calls_bring_any_number_of_copies(exported):
    ours = exported(seed=2, dtype=torch.float64)
    theirs = nlgraph.compile(nlgraph.loads(RECALL), backend="eager", seed=2, dtype=torch.float64)
    for tick, size in enumerate((4, 7, 1, 7)):
        given = batch(tick, size)
        torch.testing.assert_close(ours(**given), theirs(**given))
        torch.testing.assert_close(ours.step(**given), theirs.step(**given))
        held = {k: v for k, v in theirs.state_dict().items() if not k.startswith("@size/")}
        torch.testing.assert_close(dict(ours.state_dict()), held)
    assert ours.state["M"].shape == (7, 8, 8)
    given = batch(9, 2)
    resumed = exported(seed=5, dtype=torch.float64)
    resumed.load_state_dict(theirs.state_dict())
    theirs.load_state_dict(ours.state_dict())
    expected = ours.step(**given)
    torch.testing.assert_close(resumed.step(**given), expected)
    torch.testing.assert_close(theirs.step(**given), expected)


def test_a_clocks_dimension_keeps_its_length(exported):
    module = exported(dtype=torch.float64)
    with pytest.raises(ValueError, match=r"input 'key' is torch.float64 \(4, 6, 8\); it was given"):
        module.step(**batch(0, length=5))
    assert module.tick == 0


def test_each_copy_has_a_draw_of_its_own_whatever_their_number():
    spec = """
dim B = 3, H = 2, d = 2
clock seq
clock inner = seq / 2
input x : [B, H, d] every seq
component S : [d] ~ normal(0, 1)
component M : [d] ~ normal(0, 1) per B, H every inner reset every seq { M' = M + x }
component N : like S = 2 * S per B every inner reset every seq { N' = 0.5 * N }
output y = latest(M', seq) + sum(latest(N', seq))
"""
    module = types.ModuleType("an_exported_draw")
    exec(compile(python_text(nlgraph.loads(spec)), "model.py", "exec"), module.__dict__)
    ours = module.Module(seed=4)
    theirs = nlgraph.compile(nlgraph.loads(spec), backend="eager", seed=4)
    torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))
    for size in (3, 5):
        x = torch.randn(size, 2, 2)
        torch.testing.assert_close(ours.step(x=x), theirs.step(x=x))
