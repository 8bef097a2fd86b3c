from pathlib import Path

import pytest

import nlgraph

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "tests" / "specs").glob("*.nl"))
EXAMPLES = sorted((ROOT / "nlgraph" / "examples").glob("*.nl"))


@pytest.mark.parametrize("path", [*SPECS, *EXAMPLES], ids=lambda path: path.stem)
def test_eager_is_the_reference(pair, path):
    text = path.read_text()
    long = "T = 512" in text
    if long:
        text = text.replace("T = 512", "T = 64").replace("every 512 token", "every 64 token")
        text = text.replace("64 token", "16 token")
    ticks = 3 if "along" in text else 9
    assert len(list(pair(text).run(ticks))) == ticks


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_it_compiles_as_it_is(path):
    module = nlgraph.compile(nlgraph.loads(path.read_text()), backend="eager")
    assert module.graph(1).graph.nodes
