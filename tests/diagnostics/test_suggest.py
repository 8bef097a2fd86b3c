import time

import pytest

from nlgraph.diagnostics.suggest import nearest

NAMES = ["adamw", "adam", "clip_norm", "gd", "momentum", "W1", "W2", "logits", "lr", "d", "h"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("adanw", "adamw"),
        ("admaw", "adamw"),
        ("adamW", "adamw"),
        ("Logits", "logits"),
        ("logit", "logits"),
        ("clipnorm", "clip_norm"),
        ("clip_nrom", "clip_norm"),
        ("momentun", "momentum"),
        ("w1", "W1"),
        ("W3", "W1"),
        ("D", "d"),
        ("x", None),
        ("qq", None),
        ("something", None),
        ("", None),
    ],
)
def test_the_name_that_was_meant(name: str, meant: str | None):
    assert nearest(name, NAMES) == meant


def test_case_counts_less_than_a_letter():
    assert nearest("loss", ["lost", "Loss"]) == "Loss"


def test_equally_near_names_are_taken_by_the_alphabet():
    assert nearest("W9", ["W2", "W1", "W3"]) == "W1"
    assert nearest("W9", ["W3", "W1", "W2"]) == "W1"


def test_the_name_itself_is_no_suggestion():
    assert nearest("adam", ["adam"]) is None


def test_the_work_is_bounded():
    start = time.perf_counter()
    assert nearest("a" * 100_000, ["a" * 99_999]) is None
    nearest("layer_99999", (f"layer_{i}" for i in range(10**6)))
    assert time.perf_counter() - start < 5
