"""Random breakage of real systems, and random text: nothing raises, and faults can be shown."""

import re
import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nlgraph.diagnostics.render import render
from nlgraph.syntax.grammar import tables
from nlgraph.text.source import Source

from .conftest import SPECS, read  # noqa: TID252

TOKENS = re.compile(r"\w+|\s+|[^\w\s]")
TEXTS = [path.read_text(encoding="utf-8") for path in SPECS]
WORDS = [*tables().words, *tables().signs.values(), "x", "W", "1", "2.5", '"s"', "\n", ";", "# c\n"]

settings.register_profile(
    "syntax", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
FUZZ = settings(settings.get_profile("syntax"), max_examples=150)


def check(text: str) -> None:
    start = time.perf_counter()
    file, diagnostics = read(text)
    assert time.perf_counter() - start < 5
    for diagnostic in diagnostics:
        assert diagnostic.labels
        for label in diagnostic.labels:
            assert isinstance(label.span.source, Source)
            assert 0 <= label.span.start <= label.span.end <= len(text)
        assert render(diagnostic).isprintable() or "\n" in render(diagnostic)
    assert diagnostics or not file.unread


@st.composite
def broken_specs(draw: st.DrawFn) -> str:
    """A system of the project in which some tokens were dropped, doubled, swapped or replaced."""
    tokens = TOKENS.findall(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(tokens) - 2))
        match draw(st.sampled_from(["drop", "double", "swap", "replace", "cut"])):
            case "drop":
                del tokens[place]
            case "double":
                tokens.insert(place, tokens[place])
            case "swap":
                tokens[place], tokens[place + 1] = tokens[place + 1], tokens[place]
            case "replace":
                tokens[place] = draw(st.sampled_from(WORDS))
            case "cut":
                tokens = tokens[: place + 2]
    return "".join(tokens)


@FUZZ
@given(broken_specs())
def test_broken_systems(text: str):
    check(text)


@FUZZ
@given(st.lists(st.sampled_from(WORDS), max_size=80).map(" ".join))
def test_words_in_any_order(text: str):
    check(text)


@FUZZ
@given(st.text(max_size=200))
def test_any_text(text: str):
    check(text)


@FUZZ
@given(st.text(alphabet="aW_1.'\"#(){}[]=~:;,+-*/@^<>!& \n\t\r\0\u202e²", max_size=200))
def test_any_signs(text: str):
    check(text)


def test_dropping_any_one_line_of_a_system_is_no_traceback():
    for text in TEXTS:
        lines = text.splitlines(keepends=True)
        for dropped in range(0, len(lines), max(1, len(lines) // 40)):
            check("".join(lines[:dropped] + lines[dropped + 1 :]))
