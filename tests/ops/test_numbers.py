"""Functions of plain numbers give what torch gives in float64, at their edges too."""

import math

import pytest
import torch

from nlgraph.functional import numbers

EDGES = (0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 3.0, 1000.0, -1000.0, math.inf, -math.inf)
ONE = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "reciprocal"),
    *("sin", "cos", "tan", "asin", "acos", "sinh", "cosh", "sigmoid"),
    *("floor", "ceil", "trunc", "square", "sign", "relu"),
)


def same(found: float, expected: torch.Tensor) -> bool:
    wanted = float(expected)
    if math.isnan(wanted):
        return math.isnan(found)
    return found == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("x", EDGES)
@pytest.mark.parametrize("name", ONE)
def test_one_number(name, x):
    expected = getattr(torch, name)(torch.tensor(x, dtype=torch.float64))
    assert same(getattr(numbers, name)(x), expected)


@pytest.mark.parametrize("x", EDGES)
def test_nearest(x):
    assert same(numbers.nearest(x), torch.round(torch.tensor(x, dtype=torch.float64)))


@pytest.mark.parametrize("b", EDGES)
@pytest.mark.parametrize("a", EDGES)
@pytest.mark.parametrize(
    ("name", "function"), [("divide", torch.div), ("power", torch.pow), ("mod", torch.remainder)]
)
def test_two_numbers(name, function, a, b):
    expected = function(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))
    assert same(getattr(numbers, name)(a, b), expected)


def test_whole_numbers_stay_whole():
    assert isinstance(numbers.floor(3), int)
    assert isinstance(numbers.power(2, 3), int)
    assert isinstance(numbers.floor(2.5), float)
