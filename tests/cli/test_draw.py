from pathlib import Path

import pytest

import nlgraph
from nlgraph.cli.main import main

MOMENTUM = str(Path(nlgraph.__file__).parent / "examples" / "momentum.nl")


@pytest.mark.parametrize("ending", ["svg", "html", "png", "dot", "mmd", "json"])
def test_draws_what_the_ending_says(tmp_path, ending, capsys):
    out = tmp_path / f"momentum.{ending}"
    assert main(["draw", MOMENTUM, "-o", str(out)]) == 0
    assert out.stat().st_size > 200
    assert capsys.readouterr() == ("", "")


def test_an_unknown_ending_is_told_and_nothing_is_written(tmp_path, capsys):
    out = tmp_path / "momentum.gif"
    assert main(["draw", MOMENTUM, "-o", str(out)]) == 2
    assert "a drawing ends in one of .svg, .html, .png" in capsys.readouterr().err
    assert not out.exists()


def test_an_unwritable_file_is_told(tmp_path, capsys):
    out = tmp_path / "no" / "such" / "folder.svg"
    assert main(["draw", MOMENTUM, "-o", str(out)]) == 2
    assert "cannot be written: No such file or directory" in capsys.readouterr().err


def test_a_spec_with_errors_is_not_drawn(tmp_path, capsys):
    spec = tmp_path / "bad.nl"
    spec.write_text("clock step\noutput y = x\n")
    out = tmp_path / "bad.svg"
    assert main(["draw", str(spec), "-o", str(out)]) == 1
    assert "NL0201" in capsys.readouterr().err
    assert not out.exists()


def test_a_system_shows_itself_in_a_notebook(tmp_path):
    system = nlgraph.load(MOMENTUM)
    assert system._repr_html_().startswith("<svg ")
    system.draw(tmp_path / "dark.svg", theme="dark")
    assert "#12161d" in (tmp_path / "dark.svg").read_text()
