import pytest

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, SpecError
from nlgraph.diagnostics.render import render
from nlgraph.text.source import Source
from nlgraph.text.span import Span


def span(source: Source, piece: str) -> Span:
    start = source.text.index(piece)
    return Span(source, start, start + len(piece))


def lines(*rows: str) -> str:
    return "\n".join(rows)


def rendered(source: Source, piece: str, text: str = "here", *others: Label) -> list[str]:
    """The rows under the head of a diagnostic."""
    diagnostic = Diagnostic("NL0101", "odd", (Label(span(source, piece), text), *others))
    return render(diagnostic).split("\n")[1:]


CMS = Source(
    "cms.nl",
    "\n" * 8
    + "component low = mlp(d, 4*d) every 16 token {\n"
    + "\n" * 4
    + "  W1' = W1 - 0.1 * grad(loss, W1)\n}\n",
)


def test_the_form_of_the_language_reference():
    diagnostic = Diagnostic(
        "NL0301",
        "the loss ticks every token, but `low` updates every 16 tokens",
        (
            Label(span(CMS, "grad(loss, W1)"), "one gradient for every token"),
            Label(span(CMS, "every 16 token"), "`low` updates here"),
        ),
        "say how the 16 gradients of a window are gathered:\n"
        "accumulate(grad(…)), average(grad(…)), latest(grad(…)) or collect(grad(…))",
    )
    expected = lines(
        "error[NL0301]: the loss ticks every token, but `low` updates every 16 tokens",
        "   ┌─ cms.nl:14:20",
        "   │",
        " 9 │ component low = mlp(d, 4*d) every 16 token {",
        "   │                             -------------- `low` updates here",
        "14 │   W1' = W1 - 0.1 * grad(loss, W1)",
        "   │                    ^^^^^^^^^^^^^^ one gradient for every token",
        "   │",
        "   = help: say how the 16 gradients of a window are gathered:",
        "           accumulate(grad(…)), average(grad(…)), latest(grad(…)) or collect(grad(…))",
    )
    assert render(diagnostic) == expected
    assert str(SpecError([diagnostic])) == expected


def test_places_in_two_files_each_under_its_name():
    std = Source("std/optim.nl", "rule gd(lr) for W, g {\n  W' = W - h\n}\n")
    source = Source("m.nl", "train W minimize loss by gd(1)\n")
    other = Label(span(std, "h"), "from here")
    assert rendered(source, "gd(1)", "expanded from here", other) == [
        "  ┌─ m.nl:1:26",
        "  │",
        "1 │ train W minimize loss by gd(1)",
        "  │                          ^^^^^ expanded from here",
        "  │",
        "  ┌─ std/optim.nl:2:12",
        "  │",
        "2 │   W' = W - h",
        "  │            - from here",
    ]


def test_two_places_in_one_line_have_a_row_each():
    source = Source("m.nl", "x = f(a]\n")
    other = Label(span(source, "("), "opened here")
    assert rendered(source, "]", "a `)` is expected here", other)[2:] == [
        "1 │ x = f(a]",
        "  │      - opened here",
        "  │        ^ a `)` is expected here",
    ]


def test_tabs_and_wide_characters_keep_the_place_under_its_text():
    source = Source("m.nl", "\tλ = 日本語 ! e\N{COMBINING ACUTE ACCENT}!!\n")
    assert rendered(source, "!!")[2:] == [
        "1 │     λ = 日本語 ! e\N{COMBINING ACUTE ACCENT}!!",
        "  │                   ^^ here",
    ]


def test_what_would_turn_or_hide_the_text_is_spelled_out():
    source = Source("a\x1b[31m.nl", "x = \u202ea\x1b[0m ! \ud800\n")
    diagnostic = Diagnostic("NL0101", "odd \u2066", (Label(span(source, "!"), "\x07"),), "\u200b")
    assert render(diagnostic) == lines(
        "error[NL0101]: odd <U+2066>",
        "  ┌─ a<U+001B>[31m.nl:1:12",
        "  │",
        "1 │ x = <U+202E>a<U+001B>[0m ! <U+D800>",
        "  │                          ^ <U+0007>",
        "  │",
        "  = help: <U+200B>",
    )


@pytest.mark.parametrize("length", [150, 5_000, 200_000])
def test_a_long_line_is_trimmed_around_the_place(length: int):
    source = Source("m.nl", "a" * length + "?" + "b" * length)
    rows = rendered(source, "?")
    assert rows[2] == "1 │ …" + "a" * 23 + "?" + "b" * 74 + "…"
    assert rows[3] == "  │ " + " " * 24 + "^ here"


def test_a_place_that_is_longer_than_a_line_is_trimmed_too():
    source = Source("m.nl", "x = " + "a" * 500)
    rows = rendered(source, "a" * 500)
    assert len(rows[2]) == len("1 │ ") + 100
    assert len(rows[3]) <= len("1 │ ") + 100 + len(" here")


def test_a_place_over_several_lines_shows_its_first_and_its_last():
    source = Source("m.nl", "component A {\n  x = 1\n  y = 2\n}\nz = 3\n")
    assert rendered(source, "component A {\n  x = 1\n  y = 2\n}")[2:] == [
        "1 │ component A {",
        "  │ ^^^^^^^^^^^^^",
        "  ┆",
        "4 │ }",
        "  │ ^ here",
    ]
    assert rendered(source, "x = 1\n  y = 2")[2:] == [
        "2 │   x = 1",
        "  │   ^^^^^",
        "3 │   y = 2",
        "  │   ^^^^^ here",
    ]


def test_an_empty_place_is_one_mark():
    source = Source("m.nl", "x =\ny = 1")
    for offset, row in ((3, "1 │ x ="), (9, "2 │ y = 1")):
        shown = render(Diagnostic("NL0101", "odd", (Label(Span(source, offset, offset)),)))
        assert shown.split("\n")[3] == row
        assert shown.split("\n")[4].rstrip().endswith("^")


def test_the_end_of_a_text_and_an_empty_text():
    for text in ("", "x = 1\n"):
        source = Source("m.nl", text)
        shown = render(Diagnostic("NL0101", "odd", (Label(Span(source, len(text), len(text))),)))
        assert shown.split("\n")[-1] == "  │ ^"


def test_without_a_place_only_the_sentence_and_the_help():
    diagnostic = Diagnostic("NL0121", "cannot read `m.nl`", (), "did you mean `n.nl`?")
    assert render(diagnostic) == lines(
        "error[NL0121]: cannot read `m.nl`", " = help: did you mean `n.nl`?"
    )


def test_a_warning_says_so():
    diagnostic = Diagnostic("NL0290", "`x` is never used", (), severity="warning")
    assert render(diagnostic) == "warning[NL0290]: `x` is never used"


def test_colour_adds_nothing_but_colour():
    label = Label(span(CMS, "every 16 token"), "text")
    diagnostic = Diagnostic("NL0301", "odd", (label,), "help\nmore")
    colored = render(diagnostic, color=True)
    assert "\x1b[1;31merror[NL0301]\x1b[0m" in colored
    plain = colored
    for code in ("1;31", "1;32", "1;33", "34", "1", "0"):
        plain = plain.replace(f"\x1b[{code}m", "")
    assert plain == render(diagnostic)
