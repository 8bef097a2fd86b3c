from pathlib import Path

import pytest

import nlgraph
from nlgraph.schema.levels import LevelsDocument

SPECS = Path(__file__).parent.parent / "specs"


def document_of(text):
    return LevelsDocument.model_validate_json(nlgraph.loads(text).to_json())


@pytest.fixture(scope="session")
def documents():
    """The level graph of every spec, by its name."""
    return {
        path.stem: LevelsDocument.model_validate_json(nlgraph.load(path).to_json())
        for path in sorted(SPECS.glob("*.nl"))
    }


def layers(count, extra=""):
    """A chain of trained layers."""
    return document_of(f"""
use std.optim (adam)
use std.blocks (mlp)
dim B = 4, d = 3
clock step
input x, y : [B, d] every step
for i in 1 .. {count} {{ component layer[i] = mlp(d, d) }}
component head : [d, d] ~ xavier()
loss = mse(chain(layer, x) @ head, y)
train layer, head minimize loss by adam()
{extra}
""")
