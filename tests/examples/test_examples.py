"""Every example learns the digits: soon enough in a short run, and well in a full one.

The short runs' bounds lie between what a broken update reaches (chance is 0.1; one that never
updates stays there) and what the run reaches with each of five seeds. The full runs are those of
`nlgraph train EXAMPLE --data digits`.
"""

import json
from pathlib import Path

import pytest

import nlgraph
from nlgraph.cli.main import main

EXAMPLES = Path(nlgraph.__file__).parent / "examples"

SHORT = {
    "momentum": (60, 0.88),
    "adamw_mlp": (60, 0.88),
    "cms": (130, 0.9),
    "lookahead_ema": (150, 0.86),
}

FULL = {"momentum": 0.93, "adamw_mlp": 0.97, "cms": 0.95, "lookahead_ema": 0.93}


def _held_out(name, folder, *arguments):
    """Train as a user does; what the last line says of held-out items."""
    command = ["train", str(EXAMPLES / f"{name}.nl"), "--data", "digits", "--out", str(folder)]
    assert main([*command, *arguments]) == 0
    return json.loads((folder / "metrics.jsonl").read_text().splitlines()[-1])


def test_every_example_is_trained():
    assert {file.stem for file in EXAMPLES.glob("*.nl")} == SHORT.keys() == FULL.keys()


@pytest.mark.parametrize("name", SHORT)
def test_an_example_begins_to_learn(name, tmp_path):
    steps, accuracy = SHORT[name]
    last = _held_out(name, tmp_path / "run", "--steps", str(steps))
    assert last["tick"] == steps
    assert last["holdout_accuracy"] >= accuracy


@pytest.mark.train
@pytest.mark.parametrize("name", FULL)
def test_an_example_learns_in_full(name, tmp_path):
    assert _held_out(name, tmp_path / "run")["holdout_accuracy"] >= FULL[name]


@pytest.mark.parametrize("name", SHORT)
def test_an_example_says_what_it_shows_and_where_it_comes_from(name):
    comment = (EXAMPLES / f"{name}.nl").read_text().partition("\nuse ")[0]
    assert comment.startswith(f"# {name}.nl: ")
    assert all(line.startswith("#") for line in comment.splitlines())
    assert "et al." in comment


@pytest.mark.parametrize("name", SHORT)
def test_an_example_has_no_warnings(name):
    assert nlgraph.load(EXAMPLES / f"{name}.nl").warnings == ()
