"""Every value of the examples has a type, and no fault is left unsaid."""

from pathlib import Path

import pytest

import nlgraph
from nlgraph.shapes.fit import fits

EXAMPLES = sorted((Path(nlgraph.__file__).parent / "examples").glob("*.nl"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_value_has_a_type(path):
    shaped = nlgraph.load(path).shaped
    assert shaped.types
    assert None not in shaped.types.values()
    assert None not in shaped.signals.values()
    for name, state in shaped.clocked.equations.states.items():
        own = shaped.states[name]
        assert own is not None
        if state.update is not None:
            per = shaped.clocked.equations.components[state.component].per
            assert fits(shaped.type_of(state.update, per), own)
