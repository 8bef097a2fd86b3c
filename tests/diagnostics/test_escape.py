import pytest

from nlgraph.diagnostics.escape import escape, width


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("λ 日本", "λ 日本"),
        ("a\nb", "a<U+000A>b"),
        ("\x1b[31m", "<U+001B>[31m"),
        ("\u202e\u2066\u200f", "<U+202E><U+2066><U+200F>"),
        ("\u2028", "<U+2028>"),
        ("\ud800", "<U+D800>"),
        ("\U000e0041", "<U+E0041>"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str):
    assert escape(text) == shown


def test_the_columns_of_a_text():
    assert width("abc") == 3
    assert width("日本") == 4
    assert width("e\N{COMBINING ACUTE ACCENT}") == 1
