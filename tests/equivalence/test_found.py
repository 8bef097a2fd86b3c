import pytest

from tests.equivalence.found import FOUND
from tests.equivalence.trial import compare


@pytest.mark.parametrize("name", FOUND)
def test_it_runs_alike(name):
    compare(FOUND[name], ticks=5, resumed=3)
