import math

import pytest

from nlgraph.export.code import Code, infix, method, negative, nesting, number

A, B, C = Code("a"), Code("b"), Code("c")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (infix(infix(A, "+", B), "*", C), "(a + b) * c"),
        (infix(A, "+", infix(B, "*", C)), "a + b * c"),
        (infix(infix(A, "-", B), "-", C), "a - b - c"),
        (infix(A, "-", infix(B, "-", C)), "a - (b - c)"),
        (infix(infix(A, "/", B), "@", C), "a / b @ c"),
        (infix(A, "@", infix(B, "*", C)), "a @ (b * c)"),
        (infix(infix(A, "**", B), "**", C), "(a**b) ** c"),
        (infix(negative(A), "**", number(2)), "(-a) ** 2"),
        (negative(infix(A, "**", number(2))), "-a**2"),
        (infix(A, "**", number(-0.5)), "a**-0.5"),
        (infix(infix(A, "==", B), "==", C), "(a == b) == c"),
        (infix(infix(A, "<", B), "&", infix(B, "<", C)), "(a < b) & (b < c)"),
        (method(infix(A, "+", B), "sum"), "(a + b).sum()"),
        (infix(number(-1), "*", A), "-1 * a"),
        (infix(A, "-", number(-1)), "a - -1"),
    ],
)
def test_parentheses_stand_where_they_are_needed(code, text):
    assert code.text == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (2, "2"),
        (True, "True"),
        (0.5, "0.5"),
        (1e-8, "1e-8"),
        (1e16, "1e16"),
        (1 - 0.9, "1 - 0.9"),
        (1 - 0.999, "1 - 0.999"),
        (0.1, "0.1"),
        (-0.01, "-0.01"),
        (math.inf, "math.inf"),
        (-math.inf, "-math.inf"),
    ],
)
def test_a_number_is_exactly_what_it_was(value, text):
    assert number(value).text == text
    assert eval(text) == value


@pytest.mark.parametrize(
    ("text", "depth"),
    [("a + (b)", 0), ("f(a)", 1), ("f(a + (b))", 1), ("f(g(a))", 2), ("(a + b).sum()", 1)],
)
def test_nesting_counts_calls_and_no_other_brackets(text, depth):
    assert nesting(text) == depth
