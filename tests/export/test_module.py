"""The class that model.py has, as users of PyTorch meet it."""

import copy
import pickle
import sys
import types

import pytest
import torch

import nlgraph
from nlgraph.export.python import python_text

SPEC = """
use std.optim (adamw)
dim B, d = 3
clock step
clock slow = 3 step
input x : [B, d] every step
input z : [d] every slow
component W : [d, 2] ~ orthogonal() { minimize loss by adamw(lr = 0.1) }
component u : [d] = 0 every slow { u' = u + average(mean(x, 0)) + z + 0.1 * normal([d]) }
component h : [B, d] = 0 { h' = 0.5 * h + x }
logits = dropout(x + u, 0.5) @ W
loss = mean(logits^2)
output logits
metric late = sum(u) + 0 * accumulate(mean(x), slow)
"""


@pytest.fixture(scope="module")
def exported():
    module = types.ModuleType("an_exported_model")
    sys.modules[module.__name__] = module
    exec(compile(python_text(nlgraph.loads(SPEC)), "model.py", "exec"), module.__dict__)
    yield module.Module
    del sys.modules[module.__name__]


@pytest.fixture
def module(exported):
    return exported(seed=1)


def batch(tick, size=4):
    generator = torch.Generator().manual_seed(tick)
    given = {"x": torch.randn(size, 3, generator=generator)}
    if tick % 3 == 1:
        given["z"] = torch.randn(3, generator=generator)
    return given


def run(module, ticks):
    for _ in range(ticks):
        module.step(**batch(module.tick + 1))
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(a, b):
    assert a.keys() == b.keys()
    return all(torch.equal(a[name], b[name]) for name in a)


def test_the_keys_are_nlgraphs_at_every_tick(module):
    theirs = nlgraph.compile(nlgraph.loads(SPEC), backend="eager", seed=1)
    for tick in range(1, 6):
        assert module.state_dict().keys() == theirs.state_dict().keys()
        results = module.step(**batch(tick))
        expected = theirs.step(**batch(tick))
        assert results.keys() == expected.keys()
        torch.testing.assert_close(results, expected)


def test_a_call_updates_nothing(module):
    before = run(module, 2)
    module(x=torch.randn(4, 3))
    assert same(before, dict(module.state_dict()))


def test_a_dimension_without_a_number_is_bound_by_the_first_call(module):
    assert "h" not in module.state_dict()
    run(module, 1)
    assert module.state["h"].shape == (4, 3)
    with pytest.raises(ValueError, match=r"input 'x' is torch.float32 \(4, 3\); it was given"):
        module.step(x=torch.randn(5, 3))


def test_a_slower_input_comes_with_its_first_tick_and_is_held(module):
    with pytest.raises(TypeError, match="missing input 'z': it comes with the first of 3 ticks"):
        module.step(x=torch.randn(4, 3))
    run(module, 1)
    with pytest.raises(ValueError, match="'z' comes with the first of every 3 ticks only"):
        module.step(x=torch.randn(4, 3), z=torch.zeros(3))


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({}, TypeError, "missing 1 required keyword-only argument: 'x'"),
        ({"x": [[0.0] * 3]}, AttributeError, "'list' object has no attribute 'shape'"),
        ({"x": torch.zeros(4, 2)}, ValueError, r"it was given torch.float32 \(4, 2\)"),
        ({"x": torch.zeros(4, 3, dtype=torch.float64)}, ValueError, "it was given torch.float64"),
        ({"x": torch.zeros(4, 3), "y": torch.zeros(1)}, TypeError, "keyword argument 'y'"),
    ],
)
def test_a_wrong_input_is_named_and_changes_nothing(given, error, said, module):
    before = run(module, 3)
    given = {**given, "z": torch.zeros(3)}
    with pytest.raises(error, match=said):
        module.step(**given)
    assert same(before, dict(module.state_dict()))


def test_results_and_inputs_are_not_written_to_later(module):
    given = batch(1)
    x = given["x"].clone()
    logits = module.step(**given)["logits"]
    kept = logits.clone()
    run(module, 3)
    assert torch.equal(given["x"], x)
    assert torch.equal(logits, kept)


def test_live_tensors_stay_the_same_objects(module):
    run(module, 1)
    live = module.state["W"]
    run(module, 1)
    assert module.state["W"] is live


def test_resuming_gives_the_unbroken_run(exported, module):
    run(module, 2)
    resumed = exported(seed=5)
    resumed.load_state_dict(module.state_dict())
    assert same(run(module, 4), run(resumed, 4))


def test_copies_and_pickles_go_on_by_themselves(module):
    run(module, 2)
    twins = [copy.deepcopy(module), pickle.loads(pickle.dumps(module))]
    expected = run(module, 3)
    assert all(same(run(twin, 3), expected) for twin in twins)


def test_a_part_of_a_larger_module_is_saved_with_it(exported, module):
    run(module, 2)
    whole = torch.nn.ModuleDict({"inner": module})
    other = torch.nn.ModuleDict({"inner": exported(seed=7)})
    other.load_state_dict(whole.state_dict())
    assert same(run(module, 2), run(other["inner"], 2))


def test_a_state_dict_that_does_not_fit_is_refused_whole(module):
    before = run(module, 2)
    wrong = {**before, "W": torch.zeros(2, 2), "extra": torch.zeros(1)}
    del wrong["u"]
    with pytest.raises(RuntimeError, match=r"(?s)Missing.*u.*|W has shape \[3, 2\], not \[2, 2\]"):
        module.load_state_dict(wrong)
    assert same(before, dict(module.state_dict()))
    with pytest.raises(RuntimeError, match="extra"):
        module.load_state_dict({**before, "extra": torch.zeros(1)})


def test_a_run_does_not_depend_on_what_was_drawn_before(exported):
    torch.manual_seed(0)
    first = run(exported(seed=2), 3)
    torch.manual_seed(1)
    assert same(first, run(exported(seed=2), 3))
    assert not same(first, run(exported(seed=3), 3))


def test_gradient_mode_of_the_caller_does_not_matter(exported):
    plain = run(exported(seed=2), 3)
    with torch.no_grad():
        assert same(plain, run(exported(seed=2), 3))
