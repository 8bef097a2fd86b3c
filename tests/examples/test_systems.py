"""The examples that are whole systems of the literature learn as their headers say.

The bounds lie between what a broken update reaches and what the run reaches. Chance is 0.1 for the
digits, but 0.5 where their names change, which no network knows by itself; a probe of an encoder
that is not trained comes to 0.65, and a torque at random has the right sign in 0.47.
"""

import pytest

from tests.examples.running import SMALL_TEXT, Run, held_out

SHORT = {
    "lion_vs_adam": Run(100, "lion_accuracy", at_least=0.88),
    "mean_teacher": Run(250, "accuracy", at_least=0.82),
    "darts": Run(80, "relu_share", at_most=0.26),
    "diloco": Run(96, "accuracy", at_least=0.88),
    "moco": Run(200, "contrast", at_most=5.2),
    "continual": Run(64, "memory_first", at_least=0.85),
    "lora": Run(200, "accuracy", at_least=0.75),
    "cms_nested": Run(247, "accuracy", at_least=0.8),
    "cms_sequential": Run(255, "accuracy", at_least=0.84),
    "cms_headwise": Run(255, "accuracy", at_least=0.75),
    "hope_attention": Run(40, "loss", at_most=2.75, options=SMALL_TEXT),
    "td3": Run(1200, "right", at_least=0.65),
}

FULL = {
    "lion_vs_adam": Run(600, "lion_accuracy", at_least=0.94),
    "mean_teacher": Run(2000, "accuracy", at_least=0.9),
    "darts": Run(600, "accuracy", at_least=0.93),
    "diloco": Run(1000, "accuracy", at_least=0.94),
    "moco": Run(1000, "accuracy", at_least=0.76),
    "continual": Run(1100, "memory_second", at_least=0.9),
    "lora": Run(1000, "accuracy", at_least=0.88),
    "cms_nested": Run(503, "accuracy", at_least=0.9),
    "cms_sequential": Run(511, "accuracy", at_least=0.92),
    "cms_headwise": Run(511, "accuracy", at_least=0.88),
    "hope_attention": Run(150, "loss", at_most=2.2),
    "td3": Run(3000, "right", at_least=0.8),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_system_begins_to_learn(name, tmp_path):
    last = held_out(name, SHORT[name], tmp_path, bytes_of_text=200_000)
    if name.startswith("cms"):
        assert last["holdout_at_start"] < 0.65


@pytest.mark.train
@pytest.mark.parametrize("name", FULL)
def test_a_system_learns_in_full(name, tmp_path):
    last = held_out(name, FULL[name], tmp_path)
    if name == "continual":
        assert last["holdout_memory_first"] < 0.7


def test_a_low_rank_change_learns_sooner_beside_a_trained_base(tmp_path):
    held_out("adamw_mlp", Run(100, "accuracy", at_least=0.9), tmp_path)
    base = tmp_path / "adamw_mlp" / "checkpoints" / "100" / "state.safetensors"
    run = Run(200, "accuracy", at_least=0.87, options=("--init", str(base)))
    held_out("lora", run, tmp_path)
