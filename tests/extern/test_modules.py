"""A module that is bound: its modes, buffers, draws and copies, and its faults in words."""

import copy
import pickle
import re

import pytest
import torch
from torch import nn

import nlgraph
from tests.extern.conftest import HEAD

TEXT = """
component encoder = extern([B, c], [B, h])
logits = encoder(x)
loss = cross_entropy(logits, y)
train encoder minimize loss by adamw(lr = 0.1)
output logits
metric loss
"""
FROZEN = """
component encoder = extern([B, c], [B, h])
output logits = encoder(x)
metric also = mean(logits)
metric labels = sum(y)
"""


class Noisy(nn.Module):
    """Everything that a mode changes."""

    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
        )

    def forward(self, x):
        return self.inner(x)


class Modes(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(3))

    def forward(self, x):
        return x[:, :3] * 0 + self.shift * 0 + float(self.training)


@pytest.fixture
def noisy():
    torch.manual_seed(0)
    return Noisy()


def test_the_module_that_is_passed_in_is_not_changed(build, noisy, batches):
    noisy.eval()
    before = {key: value.clone() for key, value in noisy.state_dict().items()}
    state = torch.get_rng_state()
    module = build(TEXT, encoder=noisy)
    for batch in batches(2):
        module.step(**batch)
    assert torch.equal(torch.get_rng_state(), state)
    assert not noisy.training
    for key, value in noisy.state_dict().items():
        assert value.dtype == before[key].dtype
        assert torch.equal(value, before[key])
    assert all(parameter.grad is None for parameter in noisy.parameters())
    with torch.no_grad():
        noisy.inner[0].weight.zero_()
    assert module.state["encoder.inner.0.weight"].abs().sum() > 0


def test_a_step_runs_in_train_mode_and_a_call_in_eval_mode(build, batches):
    module = build(FROZEN, encoder=Modes())
    (batch,) = batches(1)
    assert module.step(**batch)["also"] == 1
    assert module(x=batch["x"])["logits"].mean() == 0
    assert module.step(**batch)["also"] == 1


def test_initial_values_are_the_modules_own(build, noisy):
    module = build(TEXT, encoder=noisy)
    for key, value in noisy.named_parameters():
        assert torch.equal(module.state[f"encoder.{key}"], value.double())
    for key in ("running_mean", "running_var", "num_batches_tracked"):
        found = module.state[f"encoder.inner.1.{key}"]
        assert torch.equal(found, noisy.inner[1].get_buffer(key).to(found.dtype))


def test_buffers_stay_as_they_are(build, noisy, batches):
    module = build(TEXT, encoder=noisy)
    for batch in batches(3):
        module.step(**batch)
    assert torch.equal(module.state["encoder.inner.1.running_mean"], torch.zeros(8).double())
    assert module.state["encoder.inner.1.num_batches_tracked"] == 0
    assert "encoder.m.inner.1.running_mean" not in module.state


def test_a_buffer_of_a_dtype_without_a_name_is_a_constant(build, batches):
    class Turned(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("turn", torch.tensor(1j, dtype=torch.complex64))

        def forward(self, x):
            return (x[:, :3] * self.turn).imag.to(x.dtype)

    module = build(FROZEN, encoder=Turned())
    (batch,) = batches(1)
    assert torch.equal(module.step(**batch)["logits"], batch["x"][:, :3])
    assert len(module.state) == 0


def test_all_readers_of_a_tick_see_the_same_draws(build, noisy, batches):
    module = build(
        FROZEN + "component u : [h] = 0 { minimize sum((logits - u)^2) / 6 by gd(lr = 0.5) }",
        encoder=noisy,
    )
    for batch in batches(3):
        logits = module.step(**batch)["logits"]
        # one step of gd on the mean over 6 rows, with rate 1/2, goes all the way there
        torch.testing.assert_close(module.state["u"], logits.mean(0))


def test_both_backends_draw_the_same(noisy, batches):
    system = nlgraph.loads(HEAD + TEXT)
    one, two = (
        nlgraph.compile(system, backend=backend, modules={"encoder": noisy}, dtype=torch.float64)
        for backend in ("reference", "eager")
    )
    losses = [[module.step(**batch)["loss"] for batch in batches(3)] for module in (one, two)]
    torch.testing.assert_close(*losses)
    assert len({loss.item() for loss in losses[0]}) == 3


@pytest.mark.parametrize("way", ["deepcopy", "pickle", "state_dict"])
def test_a_copy_goes_on_as_the_first_one_does(build, noisy, batches, way):
    module = build(TEXT, encoder=noisy)
    first, *others = batches(4)
    module.step(**first)
    if way == "deepcopy":
        twin = copy.deepcopy(module)
    elif way == "pickle":
        twin = pickle.loads(pickle.dumps(module))
    else:
        twin = build(TEXT, encoder=Noisy())
        twin.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    for batch in others:
        assert torch.equal(twin.step(**batch)["loss"], module.step(**batch)["loss"])
    for key, value in module.state.items():
        assert torch.equal(twin.state[key], value)


def test_the_dtype_of_the_file_is_that_of_the_module(noisy, batches):
    system = nlgraph.loads(HEAD + TEXT)
    module = nlgraph.compile(system, modules={"encoder": noisy.double()}, dtype=torch.float64)
    assert module.state["encoder.inner.0.weight"].dtype == torch.float64
    module.step(**batches(1)[0])
    single = nlgraph.compile(system, modules={"encoder": noisy.float()})
    assert single.state["encoder.inner.0.weight"].dtype == torch.float32


def test_a_module_of_one_copy_is_called_for_each_copy(batches):
    linear = nn.Linear(4, 3)
    text = """
    component encoder = extern([c], [h])
    component u : [h] = 0 per B { minimize sum((encoder(x) - u)^2) / 2 by gd(lr = 1) }
    output u
    metric labels = sum(y)
    """
    module = nlgraph.compile(
        nlgraph.loads(HEAD + text),
        backend="reference",
        modules={"encoder": linear},
        dtype=torch.float64,
    )
    (batch,) = batches(1)
    module.step(**batch)
    torch.testing.assert_close(module.state["u"], linear.double()(batch["x"]).detach())


def test_it_runs_for_other_batch_sizes_than_the_one_it_was_tried_with():
    text = HEAD.replace("B = 6", "B") + TEXT
    module = nlgraph.compile(nlgraph.loads(text), modules={"encoder": nn.Linear(4, 3)})
    for size in (6, 5, 1):
        x, y = torch.randn(size, 4), torch.zeros(size, dtype=torch.int64)
        assert module.step(x=x, y=y)["logits"].shape == (size, 3)


def test_a_module_without_parameters_is_non_parametric(batches):
    system = nlgraph.loads(HEAD + FROZEN)
    module = nlgraph.compile(system, modules={"encoder": nn.AvgPool1d(2, stride=1)})
    assert len(module.state) == 0
    x = batches(1)[0]["x"].float()
    torch.testing.assert_close(module(x=x)["logits"], (x[:, 1:] + x[:, :-1]) / 2)


FAULTS = [
    (nn.Linear(5, 3), "(Linear) does not take f32[6, 4]: mat1 and mat2 shapes"),
    (
        nn.Linear(4, 2),
        "(Linear) gives f32[6, 2] for f32[6, 4]; the file states f32[B, h]: f32[6, 3]",
    ),
    (nn.LSTM(4, 3), "(LSTM) gives a tuple for f32[6, 4]"),
    (nn.Linear(4, 3).half(), "(Linear) does not take f32[6, 4]"),
    (nn.LazyLinear(3), "has parameters without a shape yet; run it once before it is compiled"),
    (nn.AvgPool1d(2, stride=1), "has no parameters that require a gradient, and the file trains"),
    (torch.relu, "modules['encoder'] is builtin_function_or_method; it must be a torch.nn.Module"),
]


@pytest.mark.parametrize(("module", "said"), FAULTS)
def test_a_module_that_does_not_fit_is_told_in_words(module, said):
    system = nlgraph.loads(HEAD + TEXT)
    with pytest.raises((ValueError, TypeError), match=re.escape(said)):
        nlgraph.compile(system, modules={"encoder": module})


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("encodr", "modules names 'encodr', which is no component; did you mean 'encoder'?"),
        ("zzz", "modules names 'zzz', which is no component; extern components: 'encoder'"),
        ("W", "modules names 'W', which is a component of the file's own, no extern one"),
    ],
)
def test_a_name_that_is_no_extern_component_is_told(encoder, name, said):
    system = nlgraph.loads(HEAD + TEXT + "component W : [h] = 0")
    with pytest.raises(ValueError, match=re.escape(said)):
        nlgraph.compile(system, modules={"encoder": encoder, name: nn.Linear(4, 3)})


def test_what_a_module_gives_is_checked_in_every_call():
    class Fickle(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones(3))

        def forward(self, x):
            return x[:, :3] * self.w if self.training else x

    module = nlgraph.compile(nlgraph.loads(HEAD + TEXT), modules={"encoder": Fickle()})
    batch = {"x": torch.ones(6, 4), "y": torch.zeros(6, dtype=torch.int64)}
    module.step(**batch)
    with pytest.raises(ValueError, match=re.escape("gives f32[6, 4] for f32[6, 4]")):
        module(x=batch["x"])
