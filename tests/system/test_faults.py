"""Faults of names, definitions, templates and rules: each with its line and its words."""

from __future__ import annotations

import pytest

from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.syntax.parse import parse
from nlgraph.system.resolve import resolve
from nlgraph.text.source import Source

HEAD = "dim B = 8, d = 4\nclock step\ninput x : [B, d] every step\n"
"""Three lines: what stands in a case starts on line 4."""


def diagnose(text: str, overrides: dict[str, str] | None = None) -> tuple[Diagnostic, ...]:
    report = Report()
    source = Source("case.nl", text)
    resolve(parse(source, report), overrides or {}, report)
    return report.sorted()


def errors_of(text: str, overrides: dict[str, str] | None = None) -> list[Diagnostic]:
    return [d for d in diagnose(text, overrides) if d.severity == "error"]


FAULTS = [
    # text, code, line of the first label, words of the message, words of the help
    ("logits = x\ny = logitz + 1", "NL0201", 5, "`logitz`", "`logits`"),
    (
        "component W : [d, d] = 0 { minimize mean(x @ W) by adamw() }",
        "NL0201",
        4,
        "`adamw`",
        "use std.optim (adamw)",
    ),
    ("y = relux(x)", "NL0201", 4, "`relux`", "`relu`"),
    ("component M { state A : [d] = 0 }\ny = M.B", "NL0202", 5, "`B`", ""),
    ("y = 1 + x\ny = 2 + x", "NL0203", 5, "`y` is declared twice", "another name"),
    ("clock x", "NL0203", 4, "`x` is declared twice", ""),
    (
        "z = x\ncomponent M : [d] = 0 { z = 2 * M\n M' = M }",
        "NL0204",
        5,
        "would hide",
        "another name",
    ),
    ("component M : [d] = 0 { d = 2 * M\n M' = M }", "NL0204", 4, "`d`", ""),
    ("y = step + 1", "NL0205", 4, "a clock", "tick"),
    ("input z : [d] every x", "NL0205", 4, "not a clock or a component", ""),
    ("dim n = 3 * mean(x)", "NL0201", 4, "`x`", ""),
    ("clock c = 2.5 step", "NL0207", 4, "whole number from 1, not 2.5", ""),
    ("clock c = 0 step", "NL0207", 4, "not 0", ""),
    ("const a = 1 / 0", "NL0208", 4, "division by zero", ""),
    ("const a = 10 ^ 10 ^ 10", "NL0208", 4, "too large", ""),
    ("const a = b, b = a + 1", "NL0211", 4, "`a` → `b`", ""),
    (
        "component M : like N = 0\ncomponent N : like M = 0",
        "NL0211",
        4,
        "`M` → `N` → `M` are defined by each other",
        "write out the dims",
    ),
    ("clock other", "NL0213", 4, "second root", "16"),
    ("fn f(a, b) = a + b\ny = f(x)", "NL0214", 5, "needs `b`", ""),
    ("fn f(a) = a\ny = f(x, 1)", "NL0214", 5, "takes 1 argument, not 2", ""),
    ("fn f(alpha) = alpha\ny = f(alhpa = x)", "NL0214", 5, "no argument `alhpa`", "`alpha`"),
    ("component W : [d, d] = 0\ny = W(x)", "NL0215", 5, "no map", "map (q)"),
    ("component W { state A, C : [d, d] = 0 }\ny = x @ W", "NL0216", 5, "bundle of 2", ""),
    (
        "component W { state A, C : [d] = 0 }\ncomponent V { state A, E : [d] = 0\n V' = V + W }",
        "NL0217",
        6,
        "different states",
        "",
    ),
    (
        "component W : [d] = 0 { W' = W + 1\n W' = W + 2 }",
        "NL0218",
        5,
        "two updates",
        "one equation",
    ),
    ("component W : [d] = 0 { V' = W }", "NL0219", 4, "`V` is no state", "its states are `W`"),
    ("W' = x", "NL0220", 4, "outside a component", "braces"),
    ("y = tick + x", "NL0220", 4, "outside a component", "tick(clock)"),
    ("y = grad(mean(x), x)", "NL0221", 4, "needs the name of a state", "make a signal"),
    ("y = average(x)", "NL0222", 4, "must name the clock", "average("),
    ("use std.optin (adamw)", "NL0223", 4, "no library `std.optin`", "std.optim"),
    ("use std.optim (adamv)", "NL0223", 4, "no `adamv`", "adam"),
    ('use "other.nl" (rule1)', "NL0223", 4, "no project folder", "standard library"),
    ("fn f(a) = f(a)\ny = f(x)", "NL0601", 4, "`f` would be written out without end", "`for`"),
    ("for i in 1 .. 1000000000 { z[i] = x }", "NL0602", 4, "more than", ""),
    ("z[1] = x\ny = z[2]", "NL0214", 5, "no member 2", "1 to 1"),
    ("y = x + [1, 2]", "NL0220", 4, "a list", "stack"),
    ("y = (x + 1)'", "NL0220", 4, "a prime", "after the name of a state"),
    ("y = x'", "NL0205", 4, "not a state", "only states have primes"),
    ("component W : [d] ~ xavir()", "NL0201", 4, "`xavir`", "`xavier`"),
    ("component W : f23[d] = 0", "NL0201", 4, "`f23`", "`f32`"),
]


@pytest.mark.parametrize(("text", "code", "line", "words", "advice"), FAULTS)
def test_a_fault_is_told_where_it_stands(
    text: str, code: str, line: int, words: str, advice: str
) -> None:
    found = errors_of(HEAD + text)
    assert [d.code for d in found] == [code], [d.message for d in found]
    (fault,) = found
    assert fault.labels[0].span.line == line
    assert words in fault.message
    assert advice in (fault.help or "")


def test_independent_faults_come_out_in_one_run_without_echoes() -> None:
    found = errors_of(HEAD + "y = xx + 1\nz = y @ y\nw = zz\nv = w + z\noutput v")
    assert [(d.code, d.labels[0].span.line) for d in found] == [("NL0201", 4), ("NL0201", 6)]


def test_a_fault_in_a_library_rule_shows_the_users_line_first() -> None:
    text = HEAD + (
        "rule r(lr) for W, g { W' = W - lr * h }\n"
        "component W : [d, d] = 0 { minimize mean(x @ W) by r(lr = 1) }"
    )
    (fault,) = errors_of(text)
    assert [label.span.line for label in fault.labels] == [5, 4]


def test_a_rule_may_not_stand_before_then() -> None:
    text = (
        "use std.optim (adamw, gd)\nclock step\ncomponent W : [3] = 0 "
        "{ minimize mean(W) by gd(lr = 1) then adamw() }"
    )
    (fault,) = errors_of(text)
    assert "not a transform" in fault.message


def test_a_file_without_root_clock_is_told_what_to_add() -> None:
    (fault,) = errors_of("dim d = 3\ncomponent W : [d] = 0")
    assert fault.code == "NL0212"
    assert "clock step" in (fault.help or "")


@pytest.mark.parametrize(
    ("name", "value", "code"), [("dd", "3", "NL0209"), ("d", "many", "NL0210")]
)
def test_overrides_that_do_not_fit(name: str, value: str, code: str) -> None:
    assert [d.code for d in errors_of(HEAD + "y = x", {name: value})] == [code]


def test_unused_numbers_and_imports_are_warned_of() -> None:
    text = (
        "use std.optim (gd)\ndim n = 3\nconst a = 1\nclock step\ninput x : [2] every step\noutput x"
    )
    found = diagnose(text)
    assert {d.message for d in found} == {
        "the import `gd` is never used",
        "the dim `n` is never used",
        "the const `a` is never used",
    }
    assert all(d.severity == "warning" for d in found)
