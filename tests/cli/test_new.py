import shlex
from pathlib import Path

import numpy as np
import pytest

import nlgraph
from nlgraph.cli.main import main
from nlgraph.cli.new import DEFAULT, examples


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def commands_of(out):
    lines = out.split("next:\n")[1].splitlines()
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("example", examples())
def test_every_example_checks_and_trains_as_the_output_says(example, capsys):
    assert main(["new", "mine", "--from", example]) == 0
    commands = commands_of(capsys.readouterr().out)
    assert [command[0] for command in commands] == ["train", "levels"]
    assert main(["check", "--strict", "mine.nl"]) == 0
    for command in commands:
        steps = ["--steps", "2", "--holdout", "0"] if command[0] == "train" else []
        assert main([*command, *steps]) == 0
    assert "runs/mine: metrics.jsonl, checkpoints/2" in capsys.readouterr().out


def test_without_an_example_one_writes_the_default_and_the_digits(folder):
    assert main(["new", "mine"]) == 0
    assert {file.name for file in folder.iterdir()} == {"mine.nl", "mine.npz"}
    spec = Path("mine.nl").read_text(encoding="utf-8")
    assert spec.startswith("# mine.nl: ")
    assert nlgraph.load("mine.nl").levels
    original = Path(nlgraph.__file__).parent / "examples" / f"{DEFAULT}.nl"
    assert spec.splitlines()[1:] == original.read_text(encoding="utf-8").splitlines()[1:]
    with np.load("mine.npz") as arrays:
        assert arrays["x"].shape == (1797, 64)
        assert set(arrays["y"].tolist()) == set(range(10))


def test_two_times_the_same_is_written():
    assert main(["new", "one"]) == main(["new", "two"]) == 0
    assert Path("one.npz").read_bytes() == Path("two.npz").read_bytes()


def test_the_ending_may_be_given(folder):
    assert main(["new", "mine.nl"]) == 0
    assert {file.name for file in folder.iterdir()} == {"mine.nl", "mine.npz"}


def test_a_name_with_a_space_and_quotes_trains_as_the_output_says(capsys):
    assert main(["new", "über b'c"]) == 0
    command = commands_of(capsys.readouterr().out)[0]
    assert main([*command, "--steps", "2"]) == 0


@pytest.mark.parametrize("there", ["mine.nl", "mine.npz"])
def test_nothing_is_ever_overwritten(there, folder, capsys):
    Path(there).write_text("mine", encoding="utf-8")
    assert main(["new", "mine"]) == 2
    assert f"error: {there} is not written: it is there already" in capsys.readouterr().err
    assert {file.name for file in folder.iterdir()} == {there}
    assert Path(there).read_text(encoding="utf-8") == "mine"


def test_a_link_that_leads_nowhere_is_not_followed(folder, capsys):
    Path("mine.npz").symlink_to("elsewhere")
    assert main(["new", "mine"]) == 2
    assert "it is there already" in capsys.readouterr().err
    assert [file.name for file in folder.iterdir()] == ["mine.npz"]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        (".nl", "it is empty"),
        ("a/b", "it is a path"),
        ("a\\b", "it is a path"),
        ("../a", "it is a path"),
        ("/a", "it is a path"),
        ("..", "it begins with"),
        (".a", "it begins with"),
        ("~a", "it begins with"),
        (" a", "it begins with"),
        ("a.", "or ends with"),
        ("a\nb", "cannot be seen"),
        ("a\x1b[31m", "cannot be seen"),
        ("a\u202eb", "cannot be seen"),
        ("a\x00", "cannot be seen"),
        ("\udcff", "cannot be seen"),
        ("a:b", ": cannot stand"),
        ("a*", "* cannot stand"),
        ("CON", "a device"),
        ("nul.a", "a device"),
        ("a" * 201, "longer than 200 bytes"),
        ("ä" * 101, "longer than 200 bytes"),
    ],
)
def test_a_name_that_cannot_be_is_one_error(name, why, folder, capsys):
    assert main(["new", "--", name]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert err.startswith("error: ")
    assert why in err
    assert err.isprintable() or err.count("\n") == 1
    assert not list(folder.iterdir())


@pytest.mark.parametrize("ending", [".nl", ".npz"])
def test_a_full_disk_is_one_error_and_leaves_nothing(ending, folder, capsys, monkeypatch):
    real = Path.open

    def full(self, mode="r", *arguments, **options):
        if mode == "xb" and self.suffix == ending:
            raise OSError(28, "No space left on device")
        return real(self, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    assert main(["new", "mine"]) == 2
    assert f"mine{ending} is not written: No space left on device" in capsys.readouterr().err
    assert not list(folder.iterdir())


def test_an_example_that_is_not_there_is_told_with_those_that_are(folder, capsys):
    assert main(["new", "mine", "--from", "momntum"]) == 2
    err = capsys.readouterr().err
    assert "no example 'momntum'. Did you mean momentum?" in err
    assert all(name in err for name in examples())
    assert not list(folder.iterdir())


def test_the_help_names_every_example(capsys):
    assert main(["new", "--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in examples())


def test_an_example_whose_text_is_not_installed_says_so(folder, capsys, monkeypatch):
    from nlgraph.examples import data

    def missing():
        message = "torch, which ships the text, is not installed"
        raise FileNotFoundError(message)

    monkeypatch.setattr(data, "TEXT", frozenset({DEFAULT}))
    monkeypatch.setattr(data, "text", missing)
    assert main(["new", "mine"]) == 2
    assert "cannot be trained here: torch, which ships the text" in capsys.readouterr().err
    assert not list(folder.iterdir())
