"""Functions of the user's as operators: called from specs, checked, and never in the way."""

import re

import pytest
import torch

import nlgraph
from nlgraph.ops.op import registry
from nlgraph.ops.own import RESERVED, WORDS, op, unregister
from nlgraph.schedule.model import INTERNAL
from nlgraph.system.forms import FORMS

HEAD = """
use std.optim (gd)
dim B = 4, c = 6, h = 2, k = 6
clock step
input x : [B, c] every step
input i : int[B] every step
"""


@pytest.fixture
def register():
    """Register functions for one test."""
    names = []

    def registered(name, signature, function, **options):
        op(name, signature, function, **options)
        names.append(name)

    yield registered
    for name in names:
        unregister(name)


def swish(x, *, beta=1.0):
    """Multiply x by the sigmoid of beta x.

    Ramachandran et al. 2017.
    """
    return x * torch.sigmoid(beta * x)


def codes(text):
    with pytest.raises(nlgraph.SpecError) as raised:
        nlgraph.loads(HEAD + text)
    return [fault.code for fault in raised.value.diagnostics]


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_specs_train_through_a_function(register, backend):
    register("swish", "[...] -> [...]", swish)
    register("affine", "[..., n], [n, m] -> [..., m]", lambda x, w, bias=0.0: x @ w + bias)
    text = """
    component W : [c, h] ~ xavier()
    y = swish(affine(x, W, bias = 0.5), beta = 2)
    train W minimize mean(y^2) by gd(lr = 0.1)
    output y
    metric labels = sum(i)
    """
    module = nlgraph.compile(nlgraph.loads(HEAD + text), backend=backend, dtype=torch.float64)
    weights = module.state["W"].clone().requires_grad_()
    generator = torch.Generator().manual_seed(0)
    for _ in range(3):
        x = torch.randn(4, 6, generator=generator, dtype=torch.float64)
        y = swish(x @ weights + 0.5, beta=2)
        (gradient,) = torch.autograd.grad(y.square().mean(), weights)
        out = module.step(x=x, i=torch.arange(4))
        torch.testing.assert_close(out["y"], y.detach(), rtol=1e-12, atol=1e-12)
        weights = (weights - 0.1 * gradient).detach().requires_grad_()
    torch.testing.assert_close(module.state["W"], weights.detach(), rtol=1e-12, atol=1e-12)


def test_an_elementwise_function_goes_over_bundles_in_rules(register):
    register("squash", "[...] -> [...]", torch.tanh)
    text = """
    rule squashed(lr) for W, g { W' = W - accumulate(lr * squash(g)) }
    component net { state a : [c] = 1; state b : [c] = 2 }
    train net minimize mean((x * net.a + net.b)^2) by squashed(1)
    """
    module = nlgraph.compile(nlgraph.loads(HEAD + text))
    module.step(x=torch.ones(4, 6), i=torch.arange(4))
    torch.testing.assert_close(module.state["net.a"], 1 - torch.tanh(torch.full((6,), 1.0)))


def test_a_reduction_takes_its_axis_by_name(register):
    def extent(x, *, axis):
        return x.amax(axis) - x.amin(axis)

    register("extent", "[..., axis, ...] -> [..., ...]", extent)
    text = "output a = extent(x, B)\noutput b = extent(x, axis = 1)\nmetric labels = sum(i)"
    module = nlgraph.compile(nlgraph.loads(HEAD + text))
    x = torch.randn(4, 6)
    out = module(x=x)
    torch.testing.assert_close(out["a"], extent(x, axis=0))
    torch.testing.assert_close(out["b"], extent(x, axis=1))
    assert codes("output a = extent(x, h)") == ["NL0404"]
    assert codes("output a = extent(x)") == ["NL0214"]


def test_a_keyword_gives_a_new_dimension(register):
    def fourier(x, *, bands):
        return torch.sin(x[..., None] * torch.arange(1, bands + 1))

    register("fourier", "[..., n] -> [..., n, bands]", fourier)
    text = "output f = fourier(x, bands = 3)\nmetric labels = sum(i)"
    assert (
        str(nlgraph.loads(HEAD + text.replace("output f", "f") + "\noutput f").shaped.signals["f"])
        == "f32[B, c, 3]"
    )
    module = nlgraph.compile(nlgraph.loads(HEAD + text))
    x = torch.randn(4, 6)
    torch.testing.assert_close(module(x=x)["f"], fourier(x, bands=3))
    assert codes("output f = fourier(x)") == ["NL0214"]
    assert codes("output f = fourier(x, bands = 1.5)") == ["NL0207"]


def test_a_flag_that_is_false_reaches_the_function(register):
    def scaled(x, *, double: bool = True):
        return 2 * x if double else x

    register("scaled", "[...] -> [...]", scaled)
    text = "output a = scaled(x)\noutput b = scaled(x, double = false)\nmetric labels = sum(i)"
    module = nlgraph.compile(nlgraph.loads(HEAD + text))
    x = torch.randn(4, 6)
    assert torch.equal(module(x=x)["a"], 2 * x)
    assert torch.equal(module(x=x)["b"], x)


def test_arguments_are_checked_by_name(register):
    register("affine", "[..., n], [n, m] -> [..., m]", torch.matmul)
    assert codes("component W : [k, h] = 0\noutput y = affine(x, W)") == ["NL0409"]
    assert codes("output y = affine(x)") == ["NL0214"]
    assert codes("output y = affine(i, x)") == ["NL0406"]


def test_what_a_function_gives_is_checked_when_it_runs(register):
    register("wrong", "[..., n] -> [...]", lambda x: x)
    register("none", "[..., n] -> [...]", lambda _: None)
    text = "output a = {}(x)\nmetric labels = sum(i)"
    for name, said in (("wrong", "gives shape [4, 6] where"), ("none", "gives NoneType where")):
        module = nlgraph.compile(nlgraph.loads(HEAD + text.format(name)))
        with pytest.raises(ValueError, match=re.escape(said)):
            module(x=torch.ones(4, 6))


def test_it_is_a_decorator_too_and_its_first_line_is_its_documentation():
    decorated = nlgraph.op("swish", "[...] -> [...]")(swish)
    try:
        assert decorated is swish
        assert registry()["swish"].doc == "Multiply x by the sigmoid of beta x."
        assert [param.name for param in registry()["swish"].params] == ["x", "beta"]
    finally:
        unregister("swish")
    assert codes("output y = swish(x)") == ["NL0201"]


def test_no_name_of_what_graphs_are_written_with_is_taken():
    assert INTERNAL.keys() - registry().keys() <= RESERVED


@pytest.mark.parametrize(
    "name", ["spread", "relu", "grad", "f32", "extern", "matmul", "if", "a b", "", "1a"]
)
def test_no_name_of_the_language_is_taken(name):
    with pytest.raises(ValueError, match=re.escape(repr(name))):
        op(name, "[...] -> [...]", swish)


def test_a_name_has_one_function(register):
    register("swish", "[...] -> [...]", swish)
    with pytest.raises(ValueError, match="'swish' is registered already"):
        op("swish", "[...] -> [...]", swish)
    with pytest.raises(ValueError, match="no function is registered as 'relu'"):
        unregister("relu")


def test_a_function_that_takes_fewer_arguments_is_refused():
    with pytest.raises(ValueError, match="has 2 arguments, and the function for 'f' takes 1"):
        op("f", "[...], [...] -> [...]", swish)
    with pytest.raises(TypeError, match="it must be something to call"):
        op("f", "[...] -> [...]", "torch.tanh")


def test_the_words_that_cannot_be_taken_are_those_of_the_language():
    assert FORMS.keys() - registry().keys() <= WORDS
