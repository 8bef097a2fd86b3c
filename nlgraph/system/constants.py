"""Arithmetic on what is known when compiling."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

Constant = int | float | bool


def fold(op: str, values: tuple[Constant, ...]) -> Constant | None:
    """The value of an operator over constants; None where it is not for the compiler to compute.

    Raises:
        ArithmeticError: where the arithmetic has no result (a division by zero, an overflow).
    """
    function = _FOLDED.get(op)
    if function is None:
        return None
    if op == "pow" and abs(values[0]) > 1 and abs(values[1]) > _LARGEST_EXPONENT:
        message = "the power is too large"
        raise OverflowError(message)
    try:
        result = function(*values)
    except ValueError as error:
        raise ArithmeticError(str(error)) from error
    if isinstance(result, complex):
        message = "the power has no real value"
        raise ArithmeticError(message)
    if isinstance(result, int) and not isinstance(result, bool) and abs(result) > _LARGEST_INT:
        message = "the number is too large"
        raise OverflowError(message)
    assert isinstance(result, int | float)
    return result


_LARGEST_EXPONENT = 1024
_LARGEST_INT = 2**63 - 1


def _divide(a: Constant, b: Constant) -> Constant:
    """A whole quotient stays an int: `flat = c*X*Y/16` is a size."""
    if b == 0:
        message = "division by zero"
        raise ZeroDivisionError(message)
    if isinstance(a, int) and isinstance(b, int) and a % b == 0:
        return a // b
    return a / b


_FOLDED: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": _divide,
    "pow": operator.pow,
    "neg": operator.neg,
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "and": lambda a, b: bool(a and b),
    "or": lambda a, b: bool(a or b),
    "not": operator.not_,
    "maximum": max,
    "minimum": min,
    "abs": abs,
    "sqrt": math.sqrt,
    "exp": math.exp,
    "log": math.log,
    "sin": math.sin,
    "cos": math.cos,
    "tanh": math.tanh,
}
