"""No text, however deep, long or wild, raises or takes long."""

import time

import pytest

from nlgraph import limits
from nlgraph.diagnostics.render import render

from .conftest import read  # noqa: TID252

DEEP = 10_000
SECONDS = 5.0  # far more than any of these takes, so that a busy machine passes


def timed(text: str):
    start = time.perf_counter()
    file, diagnostics = read(text)
    for diagnostic in diagnostics:
        render(diagnostic)
    assert time.perf_counter() - start < SECONDS
    return file, diagnostics


@pytest.mark.parametrize(
    ("before", "inner", "after"),
    [
        ("(", "1", ")"),
        ("[", "1", "]"),
        ("f(", "1", ")"),
        ("(", "", ""),
        ("[", "", ""),
        ("-", "1", ""),
        ("not ", "a", ""),
        ("a^", "a", ""),
        ("if a then b else ", "c", ""),
        ("if a then ", "b", " else c"),
        ("a[", "0", "]"),
        ("", "a", "'"),
        ("", "a", ".b"),
        ("", "a", "()"),
        ("", "a", " with (b = c)"),
    ],
)
def test_deep_expressions_are_one_error(before: str, inner: str, after: str):
    text = f"x = {before * DEEP}{inner}{after * DEEP}"
    if len(text) >= limits.CHARACTERS:
        text = f"x = {before * 5000}{inner}{after * 5000}"
    file, diagnostics = timed(f"a = 1\n{text}\ny = 2\n")
    (diagnostic,) = diagnostics
    assert diagnostic.code == "NL0612"
    assert len(file.statements) == 2


@pytest.mark.parametrize("head", ["for i in 1 .. 2", "component A=b"])
@pytest.mark.parametrize("closer", ["}", ""])
def test_deep_bodies_are_one_error(head: str, closer: str):
    _, diagnostics = timed(f"{head}{{" * DEEP + closer * DEEP)
    assert [diagnostic.code for diagnostic in diagnostics] == ["NL0612"]


@pytest.mark.parametrize("sign", list("()[]{}'\"#;=:~.,+-\n\\\0é "))
def test_one_sign_many_times(sign: str):
    _, diagnostics = timed(sign * (limits.CHARACTERS - 1))
    assert len(diagnostics) <= 1


@pytest.mark.parametrize(
    "line", ["x = {", "x = (", "x = f(a,", "x = = 3", "component W : [d] = 0 {", "a b", "x = )"]
)
@pytest.mark.parametrize("end", ["\n", "; ", " "])
def test_one_broken_line_many_times(line: str, end: str):
    timed(f"{line}{end}" * (limits.CHARACTERS // (len(line) + len(end))))


def test_a_bracket_and_many_empty_lines():
    timed("x = (a ? +" + "\n" * 150_000 + "y")
    timed("x = a ? +" + "\n" * 150_000 + "y")


def test_as_deep_as_allowed_is_no_error():
    depth = limits.NESTING - 2
    assert read(f"x = {'(' * depth}1{')' * depth}")[1] == ()
    assert read(f"x = {'-' * depth}1")[1] == ()
    assert read("component A=b {" * depth + "}" * depth)[1] == ()


def test_a_long_sum_is_not_deep():
    _, diagnostics = timed("x = a" + " + a" * 40_000)
    assert diagnostics == ()


def test_a_text_that_is_too_long_is_one_error_and_not_read():
    file, diagnostics = timed("x" * 10**6)
    assert [d.message for d in diagnostics] == [
        f"the text has 1,000,000 characters; a spec has at most {limits.CHARACTERS:,}"
    ]
    assert file.statements == ()
