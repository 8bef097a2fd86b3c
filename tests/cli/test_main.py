import os
import subprocess
import sys
from pathlib import Path

import pytest

import nlgraph
from nlgraph.cli.main import COMMANDS, main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = str(ROOT / "nlgraph" / "examples" / "momentum.nl")


def test_the_version_is_the_packages(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"nlgraph {nlgraph.__version__}\n"


def test_help_names_every_command(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(f"\n    {command} " in out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_help_has_examples(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"examples:\n  nlgraph {command}" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_help_fits_the_terminal(command, columns, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    assert main([*command.split(), "--help"]) == 0
    out = capsys.readouterr().out
    wide = [line for line in out.splitlines() if len(line) > columns]
    # An option with what it takes is never broken.
    assert [line for line in wide if not line.strip().startswith(("[", "(", "-"))] == []


def test_a_long_example_is_broken_as_in_a_shell(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["levels", "--help"]) == 0
    out = capsys.readouterr().out
    assert "  nlgraph levels hope.nl --json > \\\n      levels.json\n" in out


def test_without_a_command_the_help_is_shown_as_an_error(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert "COMMAND" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["chekc", "a.nl"], "'chekc'"),
        (["check"], "FILE"),
        (["check", "--format", "yaml", EXAMPLE], "'yaml'"),
        (["levels", "--nope", EXAMPLE], "--nope"),
        (["levels", EXAMPLE, "--set", "=3"], "is not NAME=VALUE"),
        (["--nope"], "COMMAND"),
    ],
)
def test_a_wrong_command_line_is_one_error_and_status_2(arguments, said, capsys):
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert said in err


def test_a_fault_of_ours_is_told_in_a_line(capsys, monkeypatch):
    def broken(*_):
        message = "the law of x\x1b[31m broke"
        raise AssertionError(message)

    monkeypatch.setattr("nlgraph.cli.levels.read_spec", broken)
    assert main(["levels", EXAMPLE]) == 1
    err = capsys.readouterr().err
    assert (
        "a fault of nlgraph itself, not of your spec: AssertionError: the law of x<U+001B>" in err
    )
    assert "Traceback" not in err


def test_an_interrupt_outside_a_run_exits_with_130(capsys, monkeypatch):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("nlgraph.cli.levels.read_spec", interrupted)
    assert main(["levels", EXAMPLE]) == 130
    assert "Traceback" not in capsys.readouterr().err


def _process(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "nlgraph", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), **options},
    )


def test_the_plainest_terminal_is_told_the_same(tmp_path):
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    spec = tmp_path / "ä.nl"
    spec.write_text("clock step\noutput y = α\n", encoding="utf-8")
    process = _process("check", str(spec), **plain)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert not out
    assert b"error[NL0201]: nothing here is called `?`\n" in err
    assert b"Traceback" not in err


@pytest.mark.parametrize(
    "arguments", [("levels", EXAMPLE), ("levels", "--json", EXAMPLE), ("--help",)]
)
def test_a_pipe_that_nobody_reads_shows_nothing(arguments):
    process = _process(*arguments)
    process.stdout.close()
    assert process.wait(timeout=60) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_a_terminal_that_cannot_show_a_sign_gets_another():
    process = _process("levels", EXAMPLE, PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert b"momentum ? unit of time: step" in out
