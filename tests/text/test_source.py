import pytest

from nlgraph.text.source import Source
from nlgraph.text.span import Origin, Span


@pytest.mark.parametrize(
    ("offset", "position"), [(0, (1, 1)), (2, (1, 3)), (3, (2, 1)), (4, (3, 1)), (6, (3, 3))]
)
def test_lines_and_columns_count_from_one(offset: int, position: tuple[int, int]):
    assert Source("m.nl", "ab\n\ncd").position(offset) == position


def test_a_line_is_without_its_end():
    source = Source("m.nl", "ab\r\ncd\n")
    assert [source.line(number) for number in (1, 2, 3)] == ["ab", "cd", ""]
    assert source.line_count == 3


def test_an_empty_text_has_one_line():
    assert Source("m.nl", "").line_count == 1
    assert Source("m.nl", "").line(1) == ""


def test_a_span_knows_its_text_and_place():
    span = Span(Source("m.nl", "x = 1\ny = 22"), 10, 12)
    assert (span.text, span.line, span.column) == ("22", 2, 5)


def test_the_user_wrote_the_outermost_place():
    spans = [Span(Source(name, "abc"), 0, 1) for name in ("m.nl", "a.nl", "b.nl")]
    origin = Origin(spans[2], Origin(spans[1], Origin(spans[0])))
    assert origin.user is spans[0]
