"""A run of an example as a user starts it."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import nlgraph
from nlgraph.cli.main import main
from nlgraph.examples.data import ARRAYS, TEXT, example_data, text

EXAMPLES = Path(nlgraph.__file__).parent / "examples"


@dataclass(frozen=True)
class Run:
    """Root ticks, and for a metric on held-out items the most or the least that it may be."""

    steps: int
    metric: str
    at_most: float = float("inf")
    at_least: float = -float("inf")
    options: tuple[str, ...] = ()


SMALL_TEXT = ("--set", "B=8", "--set", "T=64")


def _data(name, folder, bytes_of_text):
    if name in TEXT:
        (folder / "data.txt").write_bytes(text()[:bytes_of_text])
        return str(folder / "data.txt")
    if name in ARRAYS:
        np.savez(folder / "data.npz", **example_data(name))
        return str(folder / "data.npz")
    return "digits"


def held_out(name, run, folder, *, bytes_of_text=None):
    """Train as a user does; what the last line says of held-out items."""
    data = _data(name, folder, bytes_of_text)
    share = ("--holdout", "0.05") if name in TEXT else ()
    command = ["train", str(EXAMPLES / f"{name}.nl"), "--data", data, "--out", str(folder / name)]
    assert main([*command, "--steps", str(run.steps), *share, *run.options]) == 0
    last = json.loads((folder / name / "metrics.jsonl").read_text().splitlines()[-1])
    assert last["tick"] == run.steps
    assert run.at_least <= last[f"holdout_{run.metric}"] <= run.at_most
    return last
