import io

import pytest

from nlgraph.train.progress import Bar, Lines, rate


def _lines(*, first, steps):
    stream = io.StringIO()
    with Lines(stream, first=first, steps=steps) as view:
        for tick in range(first + 1, steps + 1):
            view.tick(tick, {"loss": 1 / tick})
    return stream.getvalue().splitlines()


def test_a_long_run_writes_its_first_tick_and_every_tenth_of_it():
    shown = [line.split("/")[0].strip() for line in _lines(first=0, steps=1000)]
    assert shown == ["1", *(str(100 * i) for i in range(1, 11))]


def test_a_short_run_writes_every_tick():
    assert len(_lines(first=0, steps=5)) == 5


def test_a_resumed_run_counts_the_whole():
    shown = _lines(first=90, steps=100)
    assert shown[0].startswith(" 91/100  loss 0.01099")
    assert shown[-1].startswith("100/100  loss 0.01 ")


def test_a_note_is_a_line():
    stream = io.StringIO()
    with Lines(stream, first=0, steps=10) as view:
        view.note("something")
    assert stream.getvalue() == "note: something\n"


def test_the_bar_shows_where_the_run_is_and_leaves_the_cursor_visible():
    stream = io.StringIO()
    with Bar(stream, first=0, steps=20, colour=False) as view:
        for tick in range(1, 21):
            view.tick(tick, {"loss": 0.25, "accuracy": 0.5})
        view.note("a [bold] word")
    shown = stream.getvalue()
    assert "20/20" in shown
    assert "loss 0.25  accuracy 0.5" in shown
    assert "a [bold] word" in shown
    assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")


@pytest.mark.parametrize(
    ("speed", "shown"),
    [(1060.4, "1,060"), (10, "10"), (9.96, "10"), (2.345, "2.3"), (0.0123, "0.012")],
)
def test_a_slow_speed_keeps_two_digits(speed, shown):
    assert rate(speed) == shown
