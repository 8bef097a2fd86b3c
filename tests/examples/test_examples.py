"""Every example learns: soon enough in a short run, and well in a full one.

The bounds lie between what a broken update reaches and what the run reaches. Chance is 0.1 for the
digits. For the text, 3.3 nats a byte is what the frequencies of the bytes give, and 2.55 what the
language models reach in a full run when nothing is read from their memory, or by attention. Linear
attention cannot tell a key's last value from its earlier ones; a constant action is best in half
of the room's places.
"""

import re

import pytest

import nlgraph
from nlgraph.examples.data import ARRAYS, TEXT
from tests.examples.running import EXAMPLES, SMALL_TEXT, Run, held_out
from tests.examples.test_systems import SHORT as SYSTEMS

SHORT = {
    "momentum": Run(60, "accuracy", at_least=0.88),
    "adamw_mlp": Run(60, "accuracy", at_least=0.88),
    "cms": Run(130, "accuracy", at_least=0.9),
    "lookahead_ema": Run(150, "accuracy", at_least=0.86),
    "grad_accumulate": Run(160, "accuracy", at_least=0.88),
    "maml": Run(250, "loss", at_most=2.0),
    "recall": Run(60, "delta_accuracy", at_least=0.95),
    "wgan": Run(400, "distance", at_most=0.2),
    "dqn_target": Run(1500, "optimal", at_least=0.65),
    "delta": Run(40, "loss", at_most=2.95, options=SMALL_TEXT),
    "linear_attention": Run(40, "loss", at_most=2.95, options=SMALL_TEXT),
    "titans": Run(40, "loss", at_most=2.95, options=SMALL_TEXT),
    "hope": Run(40, "loss", at_most=2.95, options=SMALL_TEXT),
    "transformer": Run(40, "loss", at_most=2.95, options=SMALL_TEXT),
}

FULL = {
    "momentum": Run(1000, "accuracy", at_least=0.93),
    "adamw_mlp": Run(1000, "accuracy", at_least=0.97),
    "cms": Run(1000, "accuracy", at_least=0.95),
    "lookahead_ema": Run(1000, "accuracy", at_least=0.93),
    "grad_accumulate": Run(1000, "accuracy", at_least=0.95),
    "maml": Run(1500, "loss", at_most=0.55),
    "recall": Run(300, "delta_accuracy", at_least=0.99),
    "wgan": Run(3000, "distance", at_most=0.08),
    "dqn_target": Run(4000, "optimal", at_least=0.85),
    "delta": Run(150, "loss", at_most=2.25),
    "linear_attention": Run(150, "loss", at_most=2.4),
    "titans": Run(150, "loss", at_most=2.25),
    "hope": Run(150, "loss", at_most=2.25),
    "transformer": Run(150, "loss", at_most=2.2),
}


def test_every_example_is_trained():
    names = {file.stem for file in EXAMPLES.glob("*.nl")}
    assert names == SHORT.keys() | SYSTEMS.keys()
    assert SHORT.keys() == FULL.keys()
    assert not SHORT.keys() & SYSTEMS.keys()
    assert names >= TEXT | ARRAYS.keys()


@pytest.mark.parametrize("name", SHORT)
def test_an_example_begins_to_learn(name, tmp_path):
    held_out(name, SHORT[name], tmp_path, bytes_of_text=200_000)


@pytest.mark.train
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", FULL)
def test_an_example_learns_in_full(name, tmp_path):
    last = held_out(name, FULL[name], tmp_path)
    if name == "maml":
        assert last["holdout_before"] > 5 * last["holdout_loss"]
    if name == "recall":
        assert last["holdout_sum_accuracy"] < 0.6


@pytest.mark.parametrize("name", [*SHORT, *SYSTEMS])
def test_an_example_says_what_it_shows_and_where_it_comes_from(name):
    comment = (EXAMPLES / f"{name}.nl").read_text().partition("\nuse ")[0]
    assert comment.startswith(f"# {name}.nl: ")
    assert all(line.startswith("#") for line in comment.splitlines())
    assert re.search(r" (et al\.|& \w+) 20\d\d", comment)


@pytest.mark.parametrize("name", [*SHORT, *SYSTEMS])
def test_an_example_has_no_warnings(name):
    assert nlgraph.load(EXAMPLES / f"{name}.nl").warnings == ()
