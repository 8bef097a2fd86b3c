"""Calls of other lengths than the file's: numbers, shapes and clocks follow the call."""

import copy
import pickle

import pytest
import torch

import nlgraph
from nlgraph import limits

BATCH = """
dim B = 4, d = 3
clock step
input x : [B, d] every step
component W : [d] = 0 { W' = W + sum(x + full(0.1, [B, d]), 0) / B }
component slow : [d] = 0 every 3 step { slow' = slow + average(sum(x, 0) / B) }
output y = x @ W / B
output z = full(B, [B, d])
"""

SEQUENCE = """
use std.optim (gd)
dim B = 2, T = 8, d = 3
clock sequence
clock token = sequence along T
clock chunk = 4 token
input x : [B, T, d] every sequence
component key : [d, d] ~ xavier() { minimize loss by gd(lr = 0.1) }
component M : [d, d] = 0 per B every chunk reset every sequence {
  map (q) = q @ M
  minimize 0.5 * sum((x[token] @ M - (x @ key)[token])^2) by gd(lr = 0.05)
}
component trace : [d] = 0 every token { trace' = 0.9 * trace + mean(x[token], 0) }
loss = mean((x @ key)^2) + mean(collect(M(x[token]))^2) / T
output loss
"""

BACKENDS = pytest.mark.parametrize("backend", ["eager", "reference"])


def compiled(text, backend, **options):
    return nlgraph.compile(nlgraph.loads(text), backend=backend, dtype=torch.float64, **options)


def batches(sizes, shape):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(shape(n), generator=generator, dtype=torch.float64) for n in sizes]


def rows(sizes):
    return batches(sizes, lambda n: (n, 3))


def refused(module, match, **inputs):
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    with pytest.raises(ValueError, match=match):
        module.step(**inputs)
    after = module.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())


@BACKENDS
def test_the_files_numbers_follow_the_call_also_inside_a_window(backend):
    module = compiled(BATCH, backend)
    w, slow, total = (torch.zeros(3, dtype=torch.float64) for _ in range(3))
    for tick, x in enumerate(rows([4, 2, 7, 4, 1, 3, 4]), 1):
        out = module.step(x=x)
        torch.testing.assert_close(out["y"], x @ w / len(x), rtol=1e-12, atol=1e-12)
        assert torch.equal(out["z"], torch.full((len(x), 3), float(len(x)), dtype=torch.float64))
        w = w + (x + 0.1).sum(0) / len(x)
        total = total + x.sum(0) / len(x)
        if tick % 3 == 0:
            slow, total = slow + total / 3, torch.zeros_like(total)
    torch.testing.assert_close(module.state["W"], w, rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(module.state["slow"], slow, rtol=1e-12, atol=1e-12)


@BACKENDS
def test_a_call_that_updates_nothing_may_have_a_length_of_its_own(backend):
    module = compiled(BATCH, backend)
    long, short, other = rows([4, 3, 4])
    module.step(x=long)
    w = module.state["W"].clone()
    torch.testing.assert_close(module(x=short)["y"], short @ w / 3, rtol=1e-12, atol=1e-12)
    module.step(x=other)
    expected = w + (other + 0.1).sum(0) / 4
    torch.testing.assert_close(module.state["W"], expected, rtol=1e-12, atol=1e-12)


def sequences(sizes):
    return batches(sizes, lambda n: (2, n, 3))


def test_clocks_inside_a_tick_follow_its_length():
    eager, plain = compiled(SEQUENCE, "eager"), compiled(SEQUENCE, "reference")
    trace = torch.zeros(3, dtype=torch.float64)
    for x in sequences([8, 4, 12, 8]):
        one, two = eager.step(x=x), plain.step(x=x)
        torch.testing.assert_close(one["loss"], two["loss"], rtol=1e-10, atol=1e-12)
        for token in range(x.shape[1]):
            trace = 0.9 * trace + x[:, token].mean(0)
    for name in ("key", "M", "trace"):
        torch.testing.assert_close(eager.state[name], plain.state[name], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(eager.state["trace"], trace, rtol=1e-12, atol=1e-12)


@BACKENDS
def test_a_period_that_does_not_divide_is_an_error_with_both_numbers(backend):
    module = compiled(SEQUENCE, backend)
    (x,) = sequences([6])
    refused(module, r"T = 6 \(the file has 8\): 4 does not divide the 6 tokens", x=x)


@BACKENDS
def test_a_length_that_states_have_is_refused_also_where_it_is_computed_from_another(backend):
    module = compiled(
        "dim B = 2, h = 2*B\nclock step\ninput x : [B] every step\n"
        "component W : [h] = 0 { W' = W + sum(x) }\noutput y = sum(W)",
        backend,
    )
    x = torch.ones(3, dtype=torch.float64)
    refused(module, r"B = 3 \(the file has 2\): state 'W' is \[4\], and would be \[6\]", x=x)


@BACKENDS
def test_a_last_value_of_another_length_is_refused(backend):
    module = compiled(
        "dim B = 2\nclock step\ninput x : [B] every step\noutput y = x + prev(x, 0)", backend
    )
    two, three = torch.ones(2, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    module.step(x=two)
    refused(module, r"the prev of .* is \[2\], and this call's is \[3\]", x=three)
    assert module.step(x=two)["y"].tolist() == [2, 2]


WHOLE = """
dim B = 2
clock step
input x : [B] every step
component a : scalar = 0 every 2 step { a' = sum(accumulate(x)) }
output y = sum(x)
"""


def test_a_window_of_another_length_is_refused_until_it_ends():
    module = compiled(WHOLE, "eager")
    two, three = torch.ones(2, dtype=torch.float64), torch.ones(3, dtype=torch.float64)
    module.step(x=two)
    refused(module, r"is \[2\], and this call's is \[3\]; its window ends with tick 2", x=three)
    module.step(x=two)
    module.step(x=three)
    module.step(x=three)
    assert module.state["a"].item() == 6


AVERAGE = """
dim T = 4
clock sequence
clock token = sequence along T
input x : [T] every sequence
component a : scalar = 0 every 2 sequence { a' = average(x[token]) }
output y = sum(x)
"""


@BACKENDS
def test_an_average_counts_its_values_alike(backend):
    module = compiled(AVERAGE, backend)
    four, eight = torch.ones(4, dtype=torch.float64), torch.ones(8, dtype=torch.float64)
    module.step(x=four)
    refused(module, "began with tick 1 has 4 values in each, and this call brings 8", x=eight)
    twin = compiled(AVERAGE, backend)
    twin.load_state_dict(module.state_dict())
    refused(twin, "has 4 values in each", x=eight)
    module.step(x=four)
    module.step(x=eight)
    saved = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    twin.load_state_dict(saved)
    refused(twin, "has 8 values in each, and this call brings 4; it ends with tick 4", x=four)
    twin.step(x=2 * eight)
    assert twin.state["a"].item() == 1.5


def test_the_oracle_says_that_it_cannot_look_back_over_other_clocks():
    text = AVERAGE.replace("average(", "accumulate(")
    four, eight = torch.ones(4, dtype=torch.float64), torch.ones(8, dtype=torch.float64)
    plain, eager = compiled(text, "reference"), compiled(text, "eager")
    for module in (plain, eager):
        module.step(x=four)
    refused(plain, "began with T = 4, and this call brings 8, which backend='reference'", x=eight)
    eager.step(x=eight)
    assert eager.state["a"].item() == 12


@BACKENDS
def test_ticks_that_count_over_calls_keep_their_number(backend):
    module = compiled(
        "dim T = 4\nclock sequence\nclock token = sequence along T\n"
        "input x : [T] every sequence\n"
        "component a : scalar = 0 every token { a' = a + x[token] / tick }\noutput y = sum(x)",
        backend,
    )
    refused(
        module,
        "`tick` counts the updates of 'a' from the start, 4 in each sequence, and there would be 2",
        x=torch.ones(2, dtype=torch.float64),
    )


@BACKENDS
def test_draws_of_another_length_differ_from_tick_to_tick(backend):
    module = compiled(
        "dim T = 4\nclock sequence\nclock token = sequence along T\n"
        "input x : [T] every sequence\n"
        "component a : scalar = 0 every token { a' = 0 * x[token] + normal(0, 1, []) }\n"
        "output y = collect(a')",
        backend,
    )
    eight, four = (module.step(x=torch.ones(n, dtype=torch.float64))["y"].tolist() for n in (8, 4))
    assert not set(eight) & set(four)


@pytest.mark.parametrize("way", ["saved", "pickled", "copied"])
def test_a_module_that_is_saved_inside_a_window_goes_on(way):
    one = compiled(BATCH, "eager")
    x = rows([4, 2, 7, 5])
    one.step(x=x[0])
    one.step(x=x[1])
    if way == "saved":
        two = compiled(BATCH, "eager")
        two.load_state_dict({name: tensor.clone() for name, tensor in one.state_dict().items()})
    else:
        two = pickle.loads(pickle.dumps(one)) if way == "pickled" else copy.deepcopy(one)
    for module in (one, two):
        module.step(x=x[2])
        module.step(x=x[3])
    for name, tensor in one.state.items():
        assert torch.equal(tensor, two.state[name])


def test_as_many_lengths_as_one_likes():
    module = compiled(
        "dim B = 4\nclock step\ninput x : [B] every step\noutput y = sum(x) / B", "eager"
    )
    for n in (*range(1, limits.PLANS + 3), 1, 4):
        assert module.step(x=torch.full((n,), 3.0, dtype=torch.float64))["y"].item() == 3


def test_a_file_that_changes_on_disk_changes_nothing(tmp_path):
    rules = tmp_path / "rules.nl"
    rules.write_text("fn scaled(v) = 2 * v\n")
    spec = tmp_path / "spec.nl"
    spec.write_text(
        'use "rules.nl" (scaled)\ndim B = 2\nclock step\ninput x : [B] every step\n'
        "output y = sum(scaled(x)) / B\n"
    )
    module = nlgraph.compile(nlgraph.load(spec))
    rules.write_text("fn scaled(v) = 5 * v\n")
    assert module.step(x=torch.ones(3))["y"].item() == 2


def test_graphs_are_those_of_the_last_lengths():
    module = compiled(BATCH, "eager")
    (x,) = rows([7])
    module.step(x=x)
    assert "[7, 3]" in module.graph(tick=2).code or "(7, 3)" in module.graph(tick=2).code


@BACKENDS
def test_a_checkpoint_behind_another_number_of_copies_is_loaded(backend):
    spec = (
        "dim B = 2, T = 3\nclock seq\nclock token = seq along T\ninput x : [B, T] every seq\n"
        "component M : scalar = 1 per B every token reset every seq { M' = M + x[token] }\n"
        "output y = latest(M', seq)\n"
    )
    module, resumed = (nlgraph.compile(nlgraph.loads(spec), backend=backend) for _ in range(2))
    module.step(x=torch.ones(5, 3))
    resumed.load_state_dict(module.state_dict())
    assert resumed.state["M"].shape == (5,)
    assert resumed.step(x=torch.ones(4, 3))["y"].tolist() == [4.0] * 4
