"""Operators over axes in front, where some args lack an axis, against one call for each index."""

from itertools import product

import pytest
import torch

from nlgraph.functional import mapped_matmul
from nlgraph.graph.build import build_steps
from nlgraph.graph.loop import Loop
from nlgraph.graph.steps import Step, Steps
from nlgraph.ops.op import registry
from nlgraph.ops.types import Dim, TensorType
from tests.ops.test_samples import SIZES, TORCH, argument

SHAPE = (2, 3, 4)
FRONTS = list(product(*((1, n) for n in SHAPE)))


SAMPLES = [
    pytest.param(name, sample, id=f"{name}-{i}")
    for name, op in registry().items()
    for i, sample in enumerate(op.samples)
    if sum("[" in text for text in sample.args) > 1
]


def one_by_one(function, *args, axes=2):
    """A function of args with some axes in front, at each index of these."""
    lengths = zip(*(arg.shape[:axes] for arg in args), strict=True)
    fronts = [max(of_all) for of_all in lengths]
    whole = [arg.expand(*fronts, *arg.shape[axes:]) for arg in args]
    found = [function(*(x[i] for x in whole)) for i in product(*map(range, fronts))]
    return torch.stack(found).reshape(*fronts, *found[0].shape)


def drawn(*shape):
    return torch.randn(*shape, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("a", FRONTS, ids=str)
@pytest.mark.parametrize(
    ("left", "right"), [((5,), (5, 6)), ((6, 5), (5,)), ((7, 5), (5, 6)), ((5,), (5,))], ids=str
)
def test_products(a, left, right):
    for b in FRONTS:
        x, y = drawn(*a, *left), drawn(*b, *right)
        found, expected = mapped_matmul(x, y, axes=3), one_by_one(torch.matmul, x, y, axes=3)
        torch.testing.assert_close(found, expected)
        weights = torch.randn_like(found)
        torch.testing.assert_close(
            torch.autograd.grad(found, (x, y), weights),
            torch.autograd.grad(expected, (x, y), weights),
        )


def test_products_of_what_is_stored_in_another_order():
    x, y = drawn(4, 3, 2, 5).permute(2, 1, 0, 3), drawn(2, 1, 4, 5, 6)
    torch.testing.assert_close(mapped_matmul(x, y, axes=3), one_by_one(torch.matmul, x, y, axes=3))


def module_of(name, sample, args, fronts, front):
    """A graph of one operator, over axes in front of its args and in front of what it gives."""
    inputs, given = [], []
    for arg, axes in zip(args, fronts, strict=True):
        if isinstance(arg.value, torch.Tensor):
            dims = (*(Dim(None, n) for n in axes), *arg.type.dims)
            step = Step("input", (), TensorType(arg.type.dtype, dims), f"x{len(inputs)}")
            inputs.append(step)
            given.append(step)
        else:
            given.append(arg.value)
    type_ = registry()[name].infer(tuple(arg.type for arg in args), sample.attrs)
    type_ = TensorType(type_.dtype, (*(Dim(None, n) for n in front), *type_.dims))
    step = Step(name, tuple(given), type_, "y", attrs=sample.attrs, mapped=len(front))
    return build_steps(Steps(inputs, [step]), SIZES, TORCH, "Module")


@pytest.mark.parametrize("fronts", [((2, 1), (2, 3)), ((1, 3), (2, 1)), ((2, 3), (1, 1))], ids=str)
@pytest.mark.parametrize(("name", "sample"), SAMPLES)
def test_every_operator(name, sample, fronts):
    generator = torch.Generator().manual_seed(0)
    args = [argument(text, generator) for text in sample.args]
    fronts = [fronts[i % 2] for i in range(len(args))]
    alone = module_of(name, sample, args, [()] * len(args), ())
    together = module_of(name, sample, args, fronts, (2, 3))
    given = [
        torch.stack([argument(text, generator).value for _ in range(n * m)]).unflatten(0, (n, m))
        for text, arg, (n, m) in zip(sample.args, args, fronts, strict=True)
        if isinstance(arg.value, torch.Tensor)
    ]
    (found,) = together(*given)
    expected = one_by_one(lambda *parts: alone(*parts)[0], *given)
    torch.testing.assert_close(found.expand(expected.shape), expected)


class Running(torch.nn.Module):
    def forward(self, carried, fast, slow, shared):
        total = carried + fast * slow * shared
        return total, total


def test_what_is_slower_than_the_turns_of_a_loop():
    fast, slow = torch.arange(1.0, 7.0), torch.tensor([1.0, 10.0, 100.0])
    loop = Loop(torch.fx.symbolic_trace(Running()), 6, 1, (1, 1), (False,))
    last, each = loop(torch.tensor(0.0), fast, slow, torch.tensor(2.0))
    expected = (2 * fast * slow.repeat_interleave(2)).cumsum(0)
    torch.testing.assert_close(each, expected)
    torch.testing.assert_close(last, expected[-1])
