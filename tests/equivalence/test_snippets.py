import pytest

from tests.equivalence.conftest import same
from tests.equivalence.snippets import OPEN, SNIPPETS

TICKS = 13


@pytest.mark.parametrize("name", SNIPPETS)
def test_eager_is_the_reference(pair, name):
    assert len(list(pair(SNIPPETS[name]).run(TICKS))) == TICKS


@pytest.mark.parametrize("name", OPEN)
def test_eager_is_the_reference_at_any_size(pair, name):
    two = pair(OPEN[name], {"B": 5})
    assert len(list(two.run(TICKS))) == TICKS


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_resumed_run_is_the_unbroken_one(pair, name):
    two = pair(SNIPPETS[name])
    fresh = two.compile("eager", seed=1)
    for tick in two.run(TICKS):
        if tick == 5:
            fresh.load_state_dict(two.eager.state_dict())
    del tick
    resumed = pair(SNIPPETS[name])
    resumed.eager = fresh
    for tick in range(1, TICKS + 1):
        given = resumed.inputs(tick)
        expected = resumed.reference.step(**given)
        if tick > 5:
            same(fresh.step(**given), expected, f"tick {tick}")
            same(fresh.state, resumed.reference.state, f"states after tick {tick}")
