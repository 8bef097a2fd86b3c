"""Functions of plain numbers, as torch has them: no result is an error.

A quotient by 0 is infinite or no number, a logarithm of 0 minus infinity, an overflow infinite.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Number = int | float


def divide(a: Number, b: Number) -> float:
    """A / b."""
    if b == 0:
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * _sign(b)
    return a / b


def power(a: Number, b: Number) -> Number:
    """A to the power of b; of a negative number only to a whole one."""
    if a == 0 and b < 0:
        return math.inf
    if a < 0 and math.isfinite(a) and math.isfinite(b) and b != int(b):
        return math.nan
    try:
        return a**b
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf


def exp(x: Number) -> float:
    """The exponential."""
    return _bounded(math.exp, x)


def exp2(x: Number) -> float:
    """2 to the power of x."""
    return _bounded(lambda y: 2.0**y, x)


def expm1(x: Number) -> float:
    """exp(x) - 1."""
    return _bounded(math.expm1, x)


def log(x: Number) -> float:
    """The natural logarithm."""
    return _logarithm(math.log, x)


def log2(x: Number) -> float:
    """The logarithm to base 2."""
    return _logarithm(math.log2, x)


def log10(x: Number) -> float:
    """The logarithm to base 10."""
    return _logarithm(math.log10, x)


def log1p(x: Number) -> float:
    """log(1 + x)."""
    return -math.inf if x == -1 else _defined(math.log1p, x)


def sqrt(x: Number) -> float:
    """The square root."""
    return _defined(math.sqrt, x)


def rsqrt(x: Number) -> float:
    """1 over the square root."""
    return math.inf if x == 0 else 1 / sqrt(x)


def reciprocal(x: Number) -> float:
    """1 over x."""
    return divide(1, x)


def sin(x: Number) -> float:
    """The sine."""
    return _defined(math.sin, x)


def cos(x: Number) -> float:
    """The cosine."""
    return _defined(math.cos, x)


def tan(x: Number) -> float:
    """The tangent."""
    return _defined(math.tan, x)


def asin(x: Number) -> float:
    """The inverse sine."""
    return _defined(math.asin, x)


def acos(x: Number) -> float:
    """The inverse cosine."""
    return _defined(math.acos, x)


def sinh(x: Number) -> float:
    """The hyperbolic sine."""
    return math.copysign(_bounded(math.sinh, abs(x)), x)


def cosh(x: Number) -> float:
    """The hyperbolic cosine."""
    return _bounded(math.cosh, x)


def sigmoid(x: Number) -> float:
    """1 / (1 + exp(-x))."""
    e = math.exp(-abs(x))
    return 1 / (1 + e) if x >= 0 else e / (1 + e)


def floor(x: Number) -> Number:
    """The next whole number below."""
    return _rounded(math.floor, x)


def ceil(x: Number) -> Number:
    """The next whole number above."""
    return _rounded(math.ceil, x)


def trunc(x: Number) -> Number:
    """The whole part."""
    return _rounded(math.trunc, x)


def nearest(x: Number) -> Number:
    """The nearest whole number, halves to even."""
    return _rounded(round, x)


def square(x: Number) -> Number:
    """X times x."""
    return x * x


def sign(x: Number) -> int:
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def relu(x: Number) -> Number:
    """x, or 0 where it is negative."""
    return max(x, 0)


def mod(a: Number, b: Number) -> Number:
    """What a division leaves, with the sign of b."""
    return math.nan if b == 0 else a % b


def _sign(x: Number) -> float:
    return math.copysign(1.0, x)


def _defined(function: Callable[[float], float], x: Number) -> float:
    try:
        return function(x)
    except ValueError:
        return math.nan


def _bounded(function: Callable[[float], float], x: Number) -> float:
    try:
        return function(x)
    except OverflowError:
        return math.inf


def _logarithm(function: Callable[[float], float], x: Number) -> float:
    return -math.inf if x == 0 else _defined(function, x)


def _rounded(function: Callable[[float], int], x: Number) -> Number:
    """A whole number; of a float it is a float, as in a tensor."""
    if isinstance(x, int) or not math.isfinite(x):
        return x
    return float(function(x))
