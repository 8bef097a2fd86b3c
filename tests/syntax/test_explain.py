"""Broken texts: on which line the fault is, what its sentence and its help say."""

import pytest

from nlgraph.diagnostics.render import render

from .conftest import read  # noqa: TID252

# Each text has one fault: line, words of its message, words of its help ("" where it has none).
BROKEN = {
    # brackets
    "x = f(a, b\ny = 2": (1, "this `(` is never closed", ""),
    "x = f(a, (b + c)\ny = 2\nz = 3": (1, "this `(` is never closed", ""),
    "x = [1, 2\ncomponent W : [d] = 0": (1, "this `[` is never closed", ""),
    "x = 1\ny = f(a": (2, "this `(` is never closed", ""),
    "component W : [d] = 0 {\n  W' = W\ninput x : [d] every step": (1, "`{` is never closed", ""),
    "y = 1\ncomponent W : [d] = 0 {\n  W' = W": (2, "this `{` is never closed", ""),
    "x = 3\n}\ny = 4": (2, "this `}` closes nothing", ""),
    "x = f(a]": (1, "`]` does not close the `(`", ""),
    "x = a)": (1, "this `)` closes nothing", ""),
    "component W : [d] = 0 { W' = f(a }": (1, "this `(` is never closed", ""),
    "input x : int[B every step": (1, "this `[` is never closed", ""),
    "rule r(lr) for W, g {\n  component m : like W = 0 m' = g }\n  W' = W - m'\n}": (
        2,
        "a `{` is missing before this",
        "",
    ),
    "component W : [d] = 0\n  state V : [d] = 0\n  W' = W\n}\ny = 1": (
        2,
        "a `{` is missing before this",
        "",
    ),
    "component W : [d] = 0 { {\n  W' = W\n}": (1, "cannot begin with `{`", ""),
    # characters, strings, numbers
    "x = a ? b : c": (1, "`?` cannot stand here", "if … then … else"),
    "x = a % b": (1, "`%` cannot stand here", ""),
    "x = a \N{MULTIPLICATION SIGN} b": (1, "MULTIPLICATION SIGN", "`*`"),
    "x = W\N{PRIME}": (1, "(PRIME) cannot stand here", "`'`"),
    "x = a\N{NO-BREAK SPACE}+ b": (1, "NO-BREAK SPACE", "plain space"),
    "x = a\N{RIGHT-TO-LEFT OVERRIDE}b": (1, "`<U+202E>` (RIGHT-TO-LEFT OVERRIDE)", ""),
    "x = a\0": (1, "`<U+0000>` cannot stand here", ""),
    "x = a\N{SUPERSCRIPT TWO}": (1, "is not a name: names are letters, digits and `_`", ""),
    "x = 1\ny = \N{ARABIC-INDIC DIGIT THREE}": (2, "cannot stand here", ""),
    'x = "abc\ny = 2': (1, "string is never closed", '`"`'),
    "use 'rules.nl' (a)": (1, "double quotes", '`"rules.nl"`'),
    'use "a\\q" (a)': (1, "`\\q` means nothing in a string", "backslash"),
    "x = 1. + 2": (1, "digits on both sides of its point", "`1.0`"),
    "x = .5": (1, "digits on both sides of its point", "`0.5`"),
    "x = a + .5": (1, "digits on both sides of its point", "`0.5`"),
    "x = 1.e3": (1, "digits on both sides of its point", "`1.0e3`"),
    "x = 1.5.2": (1, "one point", ""),
    "x = 1e": (1, "neither number nor name", "`1e-3`"),
    "x = 2x": (1, "neither number nor name", "`2 * x`"),
    "x = 1_000": (1, "neither number nor name", "without `_`"),
    "x = 0x1F": (1, "neither number nor name", "decimal"),
    "x = 12345678901234567890": (1, "too large", "18 digits"),
    "x = 1e999": (1, "too large", ""),
    # words
    "dim to = 3": (1, "`to` is a reserved word", "`to_`"),
    "map = 3": (1, "`map` is a reserved word", ""),
    "x = rule + 1": (1, "`rule` is a reserved word", ""),
    "component state : [d] = 0": (1, "`state` is a reserved word", ""),
    "fn f(in) = 1": (1, "`in` is a reserved word", ""),
    "ouput y": (1, "no statement begins with the word `ouput`", "`output`"),
    "componet W : [d] = 0 {\n  W' = W\n}": (1, "the word `componet`", "`component`"),
    "def f(x) = x": (1, "the word `def`", "`fn NAME(x) = …`"),
    "from std.optim import adamw": (1, "the word `from`", "`use std.optim (adamw)`"),
    "every step": (1, "cannot begin with the reserved word `every`", "header of a component"),
    # operators
    "x = a ** 2": (1, "no operator `**`", "`^`"),
    "x = a // 2": (1, "no operator `//`", "`/`"),
    "// hello": (1, "no operator `//`", "`#`"),
    "x = a && b": (1, "no operator `&&`", "`and`"),
    "x = !a": (1, "`!` cannot stand here", "`not`"),
    "x == 3": (1, "`==` compares", "`=`"),
    "x = if a = b then 1 else 2": (1, "`=` cannot stand inside an expression", "`==`"),
    "x := 3": (1, "no operator `:=`", "`=`"),
    "x += 1": (1, "no operator `+=`", "`X' = X + …`"),
    "fn f(x) -> x": (1, "no operator `->`", "`=`"),
    "x = a <> b": (1, "no operator `<>`", "`!=`"),
    "x = a < b < c": (1, "comparisons cannot be chained", "`a < b and b < c`"),
    "x = a == not b": (1, "`not` cannot stand after `==` without parentheses", "`(not …)`"),
    "x = 1 + if a then b else c": (1, "`if` cannot stand after `+`", "(if … then … else …)"),
    # primes
    "component W : [d] = 0 { 'W = W }": (1, "a prime stands after the name", "`W'`"),
    "component W' : [d] = 0": (1, "a declaration has no prime", "`W`"),
    "component W : [d] = 0 { W'' = W }": (1, "one prime is enough", "leave it out"),
    # missing parts
    "input x : [B, d]\ny = 1": (1, "`every CLOCK` is missing", "every step"),
    "input x : [B, d] step": (1, "`every CLOCK` is missing", "every step"),
    "input x every step": (1, "an input says its type", ": [B, d]"),
    "component A {\n  state W = 0\n}": (2, "a state says its type", ": like X"),
    "component W [d, c] ~ xavier()": (1, "a `:` stands between", "component W : [d, h]"),
    "component ffn mlp(d, h)": (1, "a `=` stands between", "component ffn = mlp(d, h)"),
    "component W : [d] xavier()": (1, "a `=` or a `~` stands before an initial value", "xavier"),
    "train W minimize loss": (1, "`by RULE(…)` is missing", "by adamw(lr = 1e-3)"),
    "train W minimize loss adamw()": (1, "`by RULE(…)` is missing", "by adamw(lr = 1e-3)"),
    "train W by adamw()": (1, "`train` says what it minimizes", "train W minimize loss"),
    "train W minimize loss by adamw": (1, "a rule is called", "`adamw()`"),
    "train W\n minimize e by a(), b()": (2, "`then` stands between", "then adamw"),
    "rule sgd(lr) { w' = w }": (1, "`for W, g` is missing", "for W, g"),
    "block mlp { state W : [d] = 0 }": (1, "parameters in parentheses", "block mlp(n, m)"),
    "component W : [d] = 0 { map q = q }": (1, "parameters in parentheses", "map (q)"),
    "use std.optim adamw": (1, "stand in parentheses", "(adamw, gd)"),
    "clock slow every 16 step": (1, "a `=` stands between", "clock slow = 16 step"),
    "clock slow = every 16 step": (1, "there is no `every` here", "clock slow = 16 step"),
    "clock slow = 16": (1, "a count is followed by the clock", "`16 step`"),
    "x = if a then b": (1, "the `else` is missing", "if c then a else b"),
    "x = if a: b else c": (1, "the `then` is missing", "if c then a else b"),
    "for i in range(5) { z[i] = 1 }": (1, "`..` is missing", "1 .. 4"),
    "x = if a then b elif c then d else e": (1, "the `else` is missing", "else if"),
    "train W minimize e by a() b()": (1, "expected `then` or the end of the statement", ""),
    "use a[1] (b)": (1, "names with dots between them", ""),
    # wrong places
    "state W : [d] = 0": (1, "`state` cannot stand at file level", "component NAME : TYPE"),
    "minimize loss by sgd()": (1, "`minimize` cannot stand at file level", "train NAMES"),
    "return x": (1, "`return` cannot stand at file level", "fn or a map"),
    "component W : [d] = 0 {\n  input x : [d] every step\n}": (
        2,
        "`input` cannot stand in the body of a component",
        "file level",
    ),
    "fn f(x) { component W : [d] = 0; return x }": (1, "in the braces of a fn", "move it out"),
    # clauses and arguments
    "component A : [d] = 0 every 2 s every 3 s": (1, "says `every` twice", ""),
    "x = f(a = 1, b)": (1, "without a name stands after one with a name", "put it first"),
    # in general
    "x = a b": (1, "expected an operator or the end of the statement after `a`, found `b`", ""),
    "x = (a b)": (1, "expected an operator or `)` after `a`, found `b`", ""),
    "x = 1\ny = a +": (2, "expected an expression after `+`, found the end of the file", ""),
    "x =\ny = 2": (1, "the statement breaks off after `=`", ""),
    "x = a *\ncomponent W : [d] = 0": (1, "the statement breaks off after `*`", ""),
    "dim": (1, "expected a name after `dim`, found the end of the file", ""),
    "metric a, b": (1, "expected `=` or the end of the statement after `a`, found `,`", ""),
    "x = W[]": (1, "expected an expression, `...` or `:` after `[`, found `]`", ""),
    "component M : like W per every token": (1, "expected a name after `per`", ""),
    "f(x)": (1, "expected `=`, found `(`", "give its value a name"),
    "W : [d] = 0": (1, "expected `=`, found `:`", "component W : …"),
    "W ~ xavier()": (1, "expected `=`, found `~`", "component W : TYPE ~ …"),
    "x + 1": (1, "expected `=`, found `+`", "`x = …`"),
    "y[0].z[i + 1] a = 2": (1, "expected `=`", "an equation is"),
    "x = (a ]\ny = 1": (1, "`]` does not close the `(`", ""),
    "x = [a }\ny = 1": (1, "`}` does not close the `[`", ""),
    "x = a\n  (b)": (2, "a statement cannot begin with `(`", "on the line"),
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_text_has_one_fault_in_words(text: str):
    line, message, help_ = BROKEN[text]
    (diagnostic,) = read(text)[1]
    assert diagnostic.code.startswith("NL01")
    assert message in diagnostic.message
    assert diagnostic.labels[0].span.line == line
    assert help_ in (diagnostic.help or "")
    if not help_:
        assert diagnostic.help is None or len(diagnostic.help) < 80


def test_no_message_names_a_kind_of_token():
    for text in BROKEN:
        for diagnostic in read(text)[1]:
            shown = render(diagnostic)
            for kind in ("LPAR", "RSQB", "_SEP", "__ANON", "CMP", "$END", "QUOTE", "ODD"):
                assert kind not in shown


def shown(text: str) -> str:
    return "\n".join(render(diagnostic) for diagnostic in read(text)[1])


def test_an_unclosed_bracket_shows_where_it_was_opened_and_what_shows_it():
    assert shown("y = 1\nx = f(a,\n  b\nz = 3\n") == "\n".join(
        [
            "error[NL0102]: this `(` is never closed",
            "  ┌─ m.nl:2:6",
            "  │",
            "2 │ x = f(a,",
            "  │      ^",
            "4 │ z = 3",
            "  │ - a `)` is missing before this",
        ]
    )


def test_a_missing_part_is_shown_after_the_last_word_of_its_line():
    assert shown("input x : [B, d]\nlogits = x\n") == "\n".join(
        [
            "error[NL0109]: an input says how often it comes: `every CLOCK` is missing",
            "  ┌─ m.nl:1:17",
            "  │",
            "1 │ input x : [B, d]",
            "  │                 ^ missing here",
            "  │",
            "  = help: write `input x : [B, d] every step`, with your clock for `step`",
        ]
    )


def test_a_statement_in_a_wrong_place_shows_what_it_stands_in():
    text = "component W : [d] = 0 {\n  for i in 1 .. 2 {\n    dim k = 2\n  }\n}\n"
    assert shown(text) == "\n".join(
        [
            "error[NL0108]: `dim` cannot stand in the body of a component",
            "  ┌─ m.nl:3:5",
            "  │",
            "1 │ component W : [d] = 0 {",
            "  │ --------- inside this",
            "3 │     dim k = 2",
            "  │     ^^^",
            "  │",
            "  = help: move it to file level",
        ]
    )


def test_a_fault_inside_brackets_of_another_line_shows_the_bracket():
    assert shown("x = f(a,\n  b c)\n") == "\n".join(
        [
            "error[NL0101]: expected an operator, `,`, `=` or `)` after `b`, found `c`",
            "  ┌─ m.nl:2:5",
            "  │",
            "1 │ x = f(a,",
            "  │      - inside this bracket",
            "2 │   b c)",
            "  │     ^",
        ]
    )
