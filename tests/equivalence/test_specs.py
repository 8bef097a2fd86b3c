from pathlib import Path

import pytest

import nlgraph
from tests.equivalence.conftest import shortened
from tests.small import small

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "tests" / "specs").glob("*.nl"))
EXAMPLES = sorted((ROOT / "nlgraph" / "examples").glob("*.nl"))


@pytest.mark.parametrize("path", [*SPECS, *EXAMPLES], ids=lambda path: path.stem)
def test_eager_is_the_reference(pair, path):
    whole = path.read_text(encoding="utf-8")
    text = small(whole) if path in EXAMPLES else shortened(whole)
    ticks = 3 if "along" in text else 9
    assert len(list(pair(text).run(ticks))) == ticks


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_it_compiles_as_it_is(path):
    module = nlgraph.compile(nlgraph.loads(path.read_text()), backend="eager")
    assert module.graph(1).graph.nodes
