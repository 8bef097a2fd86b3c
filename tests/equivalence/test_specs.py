from pathlib import Path

import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import SpecError

ROOT = Path(__file__).parents[2]
SPECS = sorted((ROOT / "tests" / "specs").glob("*.nl"))
EXAMPLES = sorted((ROOT / "nlgraph" / "examples").glob("*.nl"))
INSIDE = ("NL0701", "NL0702", "NL0703")
"""What runs inside a tick of the root is refused by this backend as yet."""


@pytest.mark.parametrize("path", [*SPECS, *EXAMPLES], ids=lambda path: path.stem)
def test_eager_is_the_reference(pair, path):
    text = path.read_text()
    try:
        nlgraph.compile(nlgraph.loads(text), backend="eager")
    except SpecError as error:
        assert {diagnostic.code for diagnostic in error.diagnostics} <= set(INSIDE)  # noqa: PT017
        return
    assert len(list(pair(text).run(9))) == 9


def test_most_specs_run():
    refused = 0
    for path in SPECS:
        try:
            nlgraph.compile(nlgraph.loads(path.read_text()), backend="eager")
        except SpecError:
            refused += 1
    assert refused <= 16
