from hypothesis import HealthCheck, given, reject, settings

import nlgraph
from nlgraph.diagnostics.diagnostic import SpecError
from tests.equivalence.conftest import Pair
from tests.strategies.root import root_multiples

REFUSED = ("NL0703", "NL0706", "NL0707", "NL0708")


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(root_multiples())
def test_random_systems_run_alike(text):
    try:
        pair = Pair(text)
    except SpecError as error:
        codes = {diagnostic.code for diagnostic in error.diagnostics}
        assert codes
        assert all(code < "NL07" or code in REFUSED for code in codes)
        reject()
    assert len(list(pair.run(13))) == 13


def test_most_random_systems_are_systems():
    seen = {"right": 0, "all": 0}

    @settings(max_examples=60, deadline=None, derandomize=True, database=None)
    @given(root_multiples())
    def count(text):
        seen["all"] += 1
        try:
            nlgraph.loads(text)
        except SpecError:
            return
        seen["right"] += 1

    count()
    assert seen["right"] > seen["all"] / 3
