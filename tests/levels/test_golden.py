"""Every spec of `tests/specs` has the levels of its golden file, worked out by hand.

Sources: Behrouz et al. 2025 (Nested Learning), Definition 2 applied to the systems of the paper.
"""

import json
from pathlib import Path

import pytest

import nlgraph

SPECS = Path(__file__).resolve().parents[1] / "specs"


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.nl")), ids=lambda path: path.stem)
def test_levels_are_those_of_the_golden_file(path):
    golden = json.loads(path.with_suffix(".levels.json").read_text(encoding="utf-8"))
    system = nlgraph.load(path)
    found = [
        [set(level.components), "inf" if level.frequency is None else str(level.frequency)]
        for level in system.levels
    ]
    assert found == [[set(names), frequency] for names, frequency in golden["levels"]]
    ranges = {
        name: list(component.range)
        for name, component in system.components.items()
        if component.range[0] != component.range[1]
    }
    assert ranges == golden["ranges"]


@pytest.mark.parametrize("path", sorted(SPECS.glob("*.nl")), ids=lambda path: path.stem)
def test_a_golden_spec_is_sound(path):
    """In one spec what is drawn at random stays so on purpose: it shows the memories alone."""
    codes = {warning.code for warning in nlgraph.load(path).warnings}
    assert codes == ({"NL0252"} if path.stem == "cms_nested" else set())


def test_every_golden_file_has_its_spec():
    assert {path.stem for path in SPECS.glob("*.nl")} == {
        path.name.removesuffix(".levels.json") for path in SPECS.glob("*.levels.json")
    }
