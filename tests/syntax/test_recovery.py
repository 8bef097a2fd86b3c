"""After a fault reading goes on at the next statement: no fault is lost, none is an echo."""

import re

import pytest

from .conftest import SPECS, faults, read, show  # noqa: TID252

GOOD = "z = 1"


def names(text: str) -> list[str]:
    """The classes of the statements that were read."""
    return [type(statement).__name__ for statement in read(text)[0].statements]


def test_each_line_has_a_fault_of_its_own():
    text = "x = = 1\ny = a b\ngood = 3\ninput q : [d]\nw = f(a\ndim = 3\nlast = 1\n"
    assert [fault.split(":")[0] for fault in faults(text)] == ["1", "2", "4", "5", "6"]
    assert names(text) == ["Equation", "Equation"]


@pytest.mark.parametrize(
    "broken",
    [
        "x = f(a b,\n      c = 3,\n      d = 4)",
        "x = f(a,\n  b c,\n  lr = 3,\n)",
        "x = a b +\n  c *\n  d",
        "x = a b\n  + c\n  - d",
        "x = [a b, [c, (d]\n",
        "x = {a, b}",
        "x = {a, {b}}",
        "componet W : [d] = 0 {\n  W' = W\n  state Z : [d] = 0\n}",
        "component W [d, c] ~ xavier() {\n  W' = W\n  map (q) = q @ W\n}",
        "rule r(lr) { component m : like W = 0 { m' = m }; W' = W - m' }",
        "fn f x { y = x; for i in 1 .. 3 { y = y + 1 }\n return y }",
        "for i in range(3) {\n  component a[i] = b()\n  z[i] = 1\n}",
        "train W, V\n  minimize loss with adamw()",
        "train W V\n  minimize loss by adamw()",
        "component W : [d, c ~ xavier() {\n  W' = W\n}",
        "use std.optim (adamw gd)",
        "x = 'a' b",
        "x = a ? b : c",
        'x = "open',
        "x = a; y = b c; v = d",
        "component W : [d] = 0 {\n  W' = W +\n}",
        "component W : [d] = 0 { x = ) }",
        "x = )",
        "component A : [d] = 0\n  minimize e by r()\n}",
        "component A : [d] = 0\n  state V : [d] = 0\n  W' = W\n",
        "block b(n)\n  state V : [d] = 0\n  map (q) = q @ V\n}",
        "component A : [d] = 0 {{\n  A' = A\n}",
        "component A : [d] = 0 ? {\n  A' = A\n}",
        "component A : [d] = 0 ?\n  A' = A\n}",
        "rule r() for W, g { component m : like W = 0 m' = g }; W' = W }",
        "component A : [d] = 0 { A' = A\ninput q : [d] every s",
        "y = 2; else",
        "y = 2; component",
    ],
)
def test_one_fault_has_no_echo(broken: str):
    text = f"a = 1\n{broken}\n{GOOD}\n"
    assert len(faults(text)) == 1, faults(text)
    statements = read(text)[0].statements
    assert show(statements[0]) == "Equation(target=a, primed=False, value=1)"
    assert show(statements[-1]) == "Equation(target=z, primed=False, value=1)"


def test_components_after_a_broken_one_are_read():
    text = """
component A [d, c] = 0 {
  A' = A b
  component B : [d] = 0 { B' = = B }
  good = 1
}
component C : [d] = 0 {
  bad = = 1
  C' = C
}
component D : [d] = 0
"""
    assert [fault.split(":")[0] for fault in faults(text)] == ["2", "3", "4", "8"]
    file = read(text)[0]
    assert names(text) == ["Component", "Component"]
    assert show(file.statements[0].body) == "(Equation(target=C, primed=True, value=C))"


def test_a_missing_brace_ends_where_the_file_level_begins():
    text = """
component A : [d] = 0 {
  for i in 1 .. 2 {
    x[i] = 1
input y : [d] every step
dim d = 3
"""
    assert faults(text) == ["3: this `{` is never closed"]
    assert names(text) == ["Component", "Input", "Dims"]


def test_a_broken_line_inside_braces_loses_only_itself():
    file, diagnostics = read("component A : [d] = 0 { x = 1; y = ; z = 3 }")
    assert len(diagnostics) == 1
    assert show(file.statements[0].body) == (
        "(Equation(target=x, primed=False, value=1), Equation(target=z, primed=False, value=3))"
    )


def test_the_names_of_what_was_not_read_are_kept():
    text = "good = a\nx = = 1\ncomponent W [d, c] = 0 {\n  inner = 1\n}\nfor i in r(2) { z[i] = q }"
    assert read(text)[0].unread == {"x", "W", "d", "c", "inner", "i", "r", "z", "q"}
    assert read("a = b")[0].unread == frozenset()


def test_a_file_of_faults_is_given_up():
    diagnostics = read("x = = 1\n" * 3000)[1]
    assert len(diagnostics) == 1001
    assert diagnostics[-1].message == "after 1,000 faults the rest is not read"


def test_statements_before_the_giving_up_are_kept():
    assert len(read("good = 1\n" + "x = = 1\n" * 3000)[0].statements) == 1


def test_dropping_a_token_of_a_system_is_one_fault_and_hardly_ever_two():
    counts: list[int] = []
    for path in SPECS:
        tokens = re.findall(r"\w+|\s+|[^\w\s]", path.read_text(encoding="utf-8"))
        counts += (
            len(faults("".join(tokens[:dropped] + tokens[dropped + 1 :])))
            for dropped in range(0, len(tokens), max(5, len(tokens) // 40))
        )
    assert max(counts) <= 3
    assert sum(count > 1 for count in counts) <= len(counts) / 200
