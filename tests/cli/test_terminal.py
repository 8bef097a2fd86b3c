import io

import pytest

from nlgraph.cli.terminal import Painter, table, uses_colour


class _Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_has_colour_and_a_file_has_none():
    assert uses_colour(_Terminal())
    assert not uses_colour(io.StringIO())


def test_a_dumb_terminal_has_no_colour(monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    assert not uses_colour(_Terminal())


def test_no_color_wins_over_everything(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not uses_colour(_Terminal())


def test_force_color_gives_colour_to_a_file(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert uses_colour(io.StringIO())


def test_an_empty_no_color_says_nothing(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "")
    assert uses_colour(_Terminal())


def _table(header, rows, *, right=frozenset(), columns=80):
    return table(header, rows, right=right, columns=columns, painter=Painter(io.StringIO()))


def test_columns_are_aligned_numbers_to_the_right():
    shown = _table(("level", "name"), [("1", "m"), ("10", "W")], right=frozenset({0}))
    assert shown == " level  name\n     1  m\n    10  W"


def test_a_long_last_cell_is_broken_between_names_and_indented():
    shown = _table(("level", "components"), [("1", "alpha  beta  gamma  delta")], columns=21)
    assert shown == " level  components\n 1      alpha  beta\n        gamma  delta"


def test_a_name_is_never_broken():
    shown = _table(("level", "components"), [("1", "a_very_long_name  b")], columns=10)
    assert shown.splitlines()[1:] == [" 1      a_very_long_name", "        b"]


def test_wide_and_combining_characters_are_counted_as_they_show():
    shown = _table(("every", "components"), [("記憶", "a"), ("e\u0301", "b")])
    assert shown.splitlines()[1:] == [" 記憶   a", " e\u0301      b"]


def test_only_the_header_is_styled(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    shown = _table(("a", "b"), [("1", "2")])
    assert shown == "\x1b[2m a  b\x1b[0m\n 1  2"
