"""What model.py looks like: recorded, to be read in the diff."""

from pathlib import Path

import pytest

import nlgraph
from nlgraph.export.python import python_text

EXAMPLES = Path(nlgraph.__file__).parent / "examples"


@pytest.mark.parametrize("name", ["momentum", "cms", "lookahead_ema"])
def test_an_example_is_written_as_recorded(name, snapshot):
    snapshot(f"{name}.model.txt", python_text(nlgraph.load(EXAMPLES / f"{name}.nl")))


def test_many_weights_are_one_loop():
    text = python_text(nlgraph.load(EXAMPLES / "adamw_mlp.nl"))
    assert text.count("0.999 * state[v]") == 1
    assert "for W, m, v in ADAMW:" in text


def test_a_slow_clock_is_a_plain_condition():
    text = python_text(nlgraph.load(EXAMPLES / "cms.nl"))
    assert "        if tick % 16 == 0:  # every 16 step\n" in text


def test_only_functions_that_are_used_are_there():
    text = python_text(nlgraph.load(EXAMPLES / "momentum.nl"))
    assert "def xavier(" in text
    assert "def kaiming(" not in text
    assert "def global_norm(" not in text
