import pytest

from tests.equivalence.conftest import same
from tests.equivalence.snippets import OPEN, SNIPPETS, STATED

TICKS = 13


@pytest.mark.parametrize("name", SNIPPETS)
def test_eager_is_the_reference(pair, name):
    assert len(list(pair(SNIPPETS[name]).run(TICKS))) == TICKS


@pytest.mark.parametrize("name", OPEN)
def test_eager_is_the_reference_at_any_size(pair, name):
    two = pair(OPEN[name], {"B": 5})
    assert len(list(two.run(TICKS))) == TICKS


def test_another_window_may_have_another_size(pair):
    text = "\n".join(line for line in OPEN["open_batch"].splitlines() if "first" not in line)
    two = pair(text, {"B": 5})
    for size in (5, 7, 7, 3):
        two.sizes["B"] = size
        assert len(list(two.run(2))) == 2


def test_a_call_may_bring_another_size_than_the_file_says(pair):
    two = pair(STATED)
    for size in (5, 7, 3):
        two.sizes["B"] = size
        assert len(list(two.run(2))) == 2


def test_there_is_no_graph_before_sizes_are_known(pair):
    with pytest.raises(ValueError, match="the size of B comes with the first call"):
        pair(OPEN["open_batch"]).eager.graph(1)


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
