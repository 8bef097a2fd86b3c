"""Python expressions as text, with as few parentheses as their operators need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import isinf, isnan

ATOM, POWER, SIGN, PRODUCT, SUM, AND, OR, COMPARISON, CHOICE = range(9)
"""How tightly an expression holds together, the tightest first."""

_INFIX = {
    "**": POWER,
    "*": PRODUCT,
    "/": PRODUCT,
    "@": PRODUCT,
    "%": PRODUCT,
    "//": PRODUCT,
    "+": SUM,
    "-": SUM,
    "&": AND,
    "|": OR,
    "==": COMPARISON,
    "!=": COMPARISON,
    "<": COMPARISON,
    "<=": COMPARISON,
    ">": COMPARISON,
    ">=": COMPARISON,
}
_PLACES = 6


@dataclass(frozen=True, slots=True)
class Code:
    """An expression, how tightly it holds together, and of a call the items in its brackets."""

    text: str
    binds: int = ATOM
    items: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The text, as an argument stands in a call."""
        return self.text

    def within(self, binds: int) -> str:
        """The text as an operand of an operator that holds together so."""
        return self.text if self.binds <= binds else f"({self.text})"


def infix(a: Code, symbol: str, b: Code) -> Code:
    """`a symbol b`."""
    binds = _INFIX[symbol]
    if symbol == "**":
        simple = a.binds == ATOM and _is_simple(a.text) and _is_simple(b.text.removeprefix("-"))
        space = "" if simple else " "
        return Code(f"{a.within(ATOM)}{space}**{space}{b.within(SIGN)}", POWER)
    # What is equal to the left is taken first anyway; a comparison is never chained.
    left = a.within(binds - (symbol in ("==", "!=", "<", "<=", ">", ">=")))
    return Code(f"{left} {symbol} {b.within(binds - 1)}", binds)


def negative(a: Code) -> Code:
    """`-a`."""
    return Code(f"-{a.within(POWER)}", SIGN)


def call(function: str, *args: object, **kwargs: object) -> Code:
    """`function(args, keyword=value)`."""
    given = [str(arg) for arg in args] + [f"{key}={value}" for key, value in kwargs.items()]
    return Code(f"{function}({', '.join(given)})", ATOM, tuple(given))


def method(a: Code, name: str, *args: object, **kwargs: object) -> Code:
    """`a.name(args)`."""
    return call(f"{a.within(ATOM)}.{name}", *args, **kwargs)


def attribute(a: Code, name: str) -> Code:
    """`a.name`."""
    return Code(f"{a.within(ATOM)}.{name}")


def number(value: float) -> Code:
    """A number; `1 - 0.9` where that is what it was before it was rounded."""
    if isinstance(value, bool | int):
        return Code(repr(value), SIGN if value < 0 else ATOM)
    if isnan(value):
        return Code("math.nan")
    if isinf(value):
        return Code("math.inf") if value > 0 else Code("-math.inf", SIGN)
    rest = round(1 - value, _PLACES)
    if 1 - rest == value and len(repr(rest)) + len("1 - ") < len(repr(value)):
        return infix(Code("1"), "-", Code(repr(rest)))
    text = re.sub(r"e([+-])0?(\d+)$", lambda e: f"e{e[1].strip('+')}{e[2]}", repr(value))
    return Code(text, SIGN if value < 0 else ATOM)


def nesting(text: str) -> int:
    """How deep calls stand inside each other."""
    deepest = 0
    calls: list[bool] = []
    for before, char in zip(f" {text}", text, strict=False):
        if char == "(":
            calls.append(before.isalnum() or before in "_])")
            deepest = max(deepest, sum(calls))
        elif char == ")" and calls:
            calls.pop()
    return deepest


def _is_simple(text: str) -> bool:
    """Whether formatters write no spaces around `**` beside it: names, numbers, attributes."""
    return text.replace(".", "").replace("_", "").isalnum()
