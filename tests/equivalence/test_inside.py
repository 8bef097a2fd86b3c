import pytest

from tests.equivalence.conftest import same
from tests.equivalence.inside import INSIDE

TICKS = 5


@pytest.mark.parametrize("name", INSIDE)
def test_eager_is_the_reference(pair, name):
    assert len(list(pair(INSIDE[name]).run(TICKS))) == TICKS


@pytest.mark.parametrize("name", INSIDE)
def test_a_resumed_run_is_the_unbroken_one(pair, name):
    two = pair(INSIDE[name])
    fresh = two.compile("eager", seed=1)
    for tick in range(1, TICKS + 1):
        given = two.inputs(tick)
        expected = two.eager.step(**given)
        if tick == 2:
            fresh.load_state_dict(two.eager.state_dict())
        if tick > 2:
            same(fresh.step(**given), expected, f"tick {tick}")
            same(fresh.state, two.eager.state, f"states after tick {tick}")
