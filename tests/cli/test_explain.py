import pytest

from nlgraph.cli.main import main
from nlgraph.diagnostics.codes import titles


def _explain(capsys, *arguments):
    status = main(["explain", *arguments])
    return status, *capsys.readouterr()


@pytest.mark.parametrize("code", ["NL0301", "nl0301", "301"])
def test_a_page_is_plain_where_it_is_piped(code, capsys):
    status, out, err = _explain(capsys, code)
    assert (status, err) == (0, "")
    assert out.startswith(f"NL0301: {titles()['NL0301']}\n\n")
    assert "\n    component W : [d] = 0 every 16 step {\n" in out
    assert "    error[NL0301]: the loss ticks every step" in out
    assert "```" not in out
    assert "\x1b" not in out
    assert not any(line.startswith("#") or line != line.rstrip() for line in out.splitlines())


def test_a_terminal_gets_colour(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    _, out, _ = _explain(capsys, "NL0301")
    assert out.startswith("\x1b[1mNL0301: ")
    assert "\x1b[36m`accumulate(e)`\x1b[0m" in out


def test_every_page_can_be_shown(capsys):
    for code in titles():
        assert _explain(capsys, code)[1].startswith(f"{code}: ")


def test_without_a_code_all_are_listed(capsys):
    status, out, _ = _explain(capsys)
    assert status == 0
    assert out.splitlines() == [f"{code}  {title}" for code, title in titles().items()]


def test_of_an_unknown_code_the_nearest_are_named(capsys):
    status, out, err = _explain(capsys, "NL0399")
    assert (status, out) == (2, "")
    assert "there is no NL0399; near it are NL0401, NL0402, NL0403;" in err


@pytest.mark.parametrize("text", ["E0301", "NL", "\x1b[31m", "³"])
def test_what_is_no_code_is_a_wrong_command_line(text, capsys):
    status, out, err = _explain(capsys, text)
    assert (status, out) == (2, "")
    assert "is no code; a code is as NL0301" in err
    assert "\x1b" not in err
