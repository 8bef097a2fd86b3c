import io
import json
import sys
from pathlib import Path

import pytest

from nlgraph.cli.main import main

GOOD = "dim d = 3\nclock step\ninput x : [d] every step\noutput y = x\n"
WARNED = GOOD + "input unused : [d] every step\n"
BAD = "dim d = 3\nclock step\ninput x : [d] every step\noutput y = x + nothing\noutput z = y +\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (("good", GOOD), ("warned", WARNED), ("bad", BAD)):
        Path(f"{name}.nl").write_text(text)


def _check(capsys, *arguments):
    status = main(["check", *arguments])
    return status, *capsys.readouterr()


def test_a_spec_without_errors_is_said_to_have_none(capsys):
    assert _check(capsys, "good.nl") == (0, "good.nl: no errors\n", "")


def test_errors_are_shown_on_standard_error_with_their_places(capsys):
    status, out, err = _check(capsys, "bad.nl")
    assert status == 1
    assert out == ""
    assert "error[NL0201]: nothing here is called `nothing`\n" in err
    assert "bad.nl:4:16" in err
    assert err.endswith("\nbad.nl: 2 errors\n")


def test_warnings_are_shown_and_are_no_errors_but_with_strict(capsys):
    status, out, err = _check(capsys, "warned.nl")
    assert status == 0
    assert "warning[" in err
    assert out == "warned.nl: no errors, 1 warning\n"
    assert _check(capsys, "--strict", "warned.nl")[0] == 1


OVERSIGHTS = {
    "a component drawn at random that nothing updates": (
        "component W : [d] ~ normal(0, 1)\noutput z = x * W",
        "NL0252",
    ),
    "an unused input": ("input unused : [d] every step", "NL0251"),
    "an unused signal": ("h = tanh(x)", "NL0251"),
    "an unused dim": ("dim k = 5", "NL0250"),
    "an unused import": ("use std.optim (gd)", "NL0250"),
    "a loss that no one minimizes": ("loss = mean(x^2)\noutput loss", "NL0253"),
    "an output that depends on no input": ("output z = full(1, [d])", "NL0254"),
}


@pytest.mark.parametrize("oversight", OVERSIGHTS)
def test_each_oversight_is_a_warning_and_with_strict_an_error(oversight, capsys):
    lines, code = OVERSIGHTS[oversight]
    Path("seen.nl").write_text(f"{GOOD}{lines}\n")
    status, _, err = _check(capsys, "seen.nl")
    assert status == 0
    assert err.count("warning[") == 1
    assert f"warning[{code}]" in err
    assert _check(capsys, "--strict", "seen.nl")[0] == 1


def test_every_file_is_checked(capsys):
    status, out, err = _check(capsys, "bad.nl", "good.nl", "absent.nl")
    assert status == 1
    assert out == "good.nl: no errors\n"
    assert "bad.nl: 2 errors" in err
    assert "absent.nl: 1 error" in err
    assert "there is no such file" in err


def test_a_dash_reads_standard_input(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(BAD.encode())))
    status, _, err = _check(capsys, "-")
    assert status == 1
    assert "<stdin>:4:16" in err


def test_an_override_is_checked_too(capsys):
    assert _check(capsys, "good.nl", "--set", "d=5")[0] == 0
    status, _, err = _check(capsys, "good.nl", "--set", "D=5")
    assert status == 1
    assert "`D`" in err


def test_json_has_every_diagnostic_of_every_file(capsys):
    status, out, err = _check(capsys, "--format", "json", "bad.nl", "good.nl", "warned.nl")
    assert status == 1
    assert err == ""
    found = json.loads(out)
    assert found["nlgraph"] == 1
    first, *_ = found["diagnostics"]
    assert first["code"] == "NL0201"
    assert first["severity"] == "error"
    assert first["message"] == "nothing here is called `nothing`"
    assert first["labels"][0] == {
        "file": "bad.nl",
        "line": 4,
        "column": 16,
        "end_line": 4,
        "end_column": 23,
        "text": "not declared",
    }
    assert {label["file"] for fault in found["diagnostics"] for label in fault["labels"]} == {
        "bad.nl",
        "warned.nl",
    }


def test_json_of_a_good_spec_is_an_empty_list(capsys):
    assert json.loads(_check(capsys, "--format", "json", "good.nl")[1])["diagnostics"] == []


def test_nothing_in_a_spec_moves_the_cursor(capsys):
    Path("evil\x1b.nl").write_text("clock step\noutput y = \x1b[31m\u202ered\n")
    _, out, err = _check(capsys, "evil\x1b.nl")
    assert not set("\x1b\u202e") & set(out + err)
