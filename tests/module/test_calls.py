"""Calls at the edges: empty and short ones, and those that fail and leave all as it was."""

import pytest
import torch

import nlgraph

TEXT = """
use std.optim (adamw)
dim B = 2, T = 4, vocab = 5, d = 3
clock sequence
clock token = sequence along T
clock chunk = 2 token
input x : int[B, T] every sequence
input target : int[B, T] every sequence
component table : [vocab, d] ~ normal(0, 1)
component head : [d, vocab] ~ xavier()
component far : [d] = 0 every 2 sequence { far' = far + accumulate(mean(mean(e, 0), 0)) }
component near : [vocab] = 0 every chunk reset every sequence {
  near' = near + accumulate(mean(logits[token], 0))
}
e = embedding(x, table)
logits = e @ head
loss = cross_entropy(logits, target)
train table, head minimize loss by adamw(lr = 0.1)
output logits
metric loss
metric z = sum(near')
"""

BACKENDS = pytest.mark.parametrize("backend", ["eager", "reference"])


def compiled(text, backend, **options):
    return nlgraph.compile(nlgraph.loads(text), backend=backend, **options)


def tokens(*shape, seed=0):
    return torch.randint(5, shape, generator=torch.Generator().manual_seed(seed))


def batch(b=2, t=4):
    return {"x": tokens(b, t), "target": tokens(b, t, seed=1)}


def snapshot(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


GOOD = batch()
FAILING = {
    "an index that is out of range": (
        {**GOOD, "x": torch.full((2, 4), 5)},
        (IndexError, "out of range.*input 'x' holds 5 to 5, 'target' holds"),
    ),
    "a class that is out of range": (
        {**GOOD, "target": torch.full((2, 4), 7)},
        (IndexError, "out of bounds.*'target' holds 7 to 7"),
    ),
    "a missing input": ({"x": GOOD["x"]}, (TypeError, "missing input 'target'")),
    "an unknown input": ({**GOOD, "y": GOOD["x"]}, (TypeError, "unknown input 'y'")),
    "floats for integers": (
        {**GOOD, "x": GOOD["x"].float()},
        (TypeError, "'x' is int.*a tensor of f32"),
    ),
    "another rank": ({**GOOD, "x": GOOD["x"][0]}, (ValueError, "'x' is .* 2 dimensions")),
    "two lengths": (
        {**GOOD, "target": tokens(3, 4)},
        (ValueError, "'target'.*B is 3.*'x' has B = 2"),
    ),
    "a period that does not divide": (
        {"x": tokens(2, 3), "target": tokens(2, 3)},
        (ValueError, r"T = 3 \(the file has 4\): 2 does not divide the 3"),
    ),
    "a clock of no tick": (
        {"x": tokens(2, 0), "target": tokens(2, 0)},
        (ValueError, "T = 0.*must be a whole number from 1, not 0"),
    ),
    "a sequence shorter than a chunk": (
        {"x": tokens(2, 1), "target": tokens(2, 1)},
        (ValueError, "2 does not divide the 1 token"),
    ),
}


@BACKENDS
@pytest.mark.parametrize("what", FAILING)
def test_a_call_that_fails_leaves_all_as_it_was(backend, what):
    inputs, (kind, match) = FAILING[what]
    module = compiled(TEXT, backend)
    module.step(**GOOD)
    before = snapshot(module)
    for call in (module.step, module):
        if call is module and what in ("a class that is out of range", "a missing input"):
            continue  # a call that learns nothing needs no target
        with pytest.raises(kind, match=match):
            call(**inputs)
        after = module.state_dict()
        assert before.keys() == after.keys()
        assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    twin = compiled(TEXT, backend)
    twin.step(**GOOD)
    assert torch.equal(module.step(**GOOD)["logits"], twin.step(**GOOD)["logits"])


def test_a_tensor_on_another_device_is_brought_or_refused():
    module = compiled(TEXT, "eager")
    with pytest.raises((NotImplementedError, ValueError, RuntimeError)):
        module.step(x=torch.empty(2, 4, dtype=torch.int64, device="meta"), target=GOOD["target"])
    module.step(**GOOD)


@BACKENDS
def test_batches_of_one_and_of_changing_lengths(backend):
    module = compiled(TEXT, backend)
    for b, t in ((1, 4), (5, 4), (2, 2), (1, 2)):
        logits = module.step(**batch(b, t))["logits"]
        assert logits.shape == (b, t, 5)
        assert logits.isfinite().all()


@BACKENDS
def test_a_sequence_of_one_tick(backend):
    module = compiled(
        "dim T = 4\nclock sequence\nclock token = sequence along T\n"
        "input x : [T] every sequence\n"
        "component a : scalar = 1 every token { a' = 2 * a + x[token] }\n"
        "output y = latest(a', sequence)",
        backend,
    )
    assert module.step(x=torch.tensor([3.0]))["y"].item() == 5
    assert module.step(x=torch.tensor([0.0, 1.0]))["y"].item() == 21


@BACKENDS
def test_a_single_tick_that_is_collected_is_refused(backend):
    module = compiled(
        "dim T = 4\nclock sequence\nclock token = sequence along T\n"
        "input x : [T] every sequence\noutput y = collect(2 * x[token])",
        backend,
    )
    with pytest.raises(
        ValueError, match=r"T = 1 \(the file has 4\): 'y' is f32\[T\], and would be"
    ):
        module.step(x=torch.tensor([3.0]))
    assert module.step(x=torch.tensor([3.0, 1.0]))["y"].tolist() == [6, 2]


@BACKENDS
def test_an_empty_batch_gives_what_torch_gives(backend):
    module = compiled(
        "dim B = 2, d = 3\nclock step\ninput x : [B, d] every step\n"
        "component s : [d] = 1 { s' = s + sum(x, 0) }\noutput y = x * s\noutput m = mean(x)",
        backend,
    )
    out = module.step(x=torch.empty(0, 3))
    assert out["y"].shape == (0, 3)
    assert out["m"].isnan()
    assert module.state["s"].tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match=r"'x'.*\[2, 0\]: d is 0, where the states have d = 3"):
        module.step(x=torch.empty(2, 0))


CYCLE = """
clock step
clock window = 4 step
input x : f32[] every step
component a : scalar = 0 every window { a' = a + latest(b') }
component b : scalar = 0 every step { b' = x + a' }
output y = x
"""


def test_a_cycle_that_only_closes_at_the_last_tick_of_a_window_is_an_error():
    with pytest.raises(nlgraph.SpecError) as caught:
        nlgraph.loads(CYCLE)
    (fault,) = caught.value.diagnostics
    assert fault.code == "NL0313"
    lines = {label.span.line for label in fault.labels}
    assert lines == {5, 6}
