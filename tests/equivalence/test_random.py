"""Random systems on both backends; `HYPOTHESIS_PROFILE=thorough` draws 10,000 of them.

How to run it so is told in docs/contributing/random-systems.md.
"""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import nlgraph
from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.diagnostics.render import render
from tests.equivalence.trial import compare, refusal
from tests.strategies.nested import nested
from tests.strategies.root import root_multiples
from tests.strategies.slips import slips

COUNTS = {"ci": {"nested": 18, "root": 25}, "thorough": {"nested": 1250, "root": 1250}}
COUNT = COUNTS[os.environ.get("HYPOTHESIS_PROFILE", "ci")]
"""How many systems of each kind a part draws."""

settings.register_profile(
    "random",
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
RANDOM = settings.get_profile("random")

WELL_FORMED = {"nested": 0.8, "root": 0.3}
"""The least share of systems that have no fault, among all texts."""

RUNS = 0.8
"""The least share of those that the eager backend executes."""


@pytest.mark.parametrize("part", range(6))
def test_random_systems_with_clocks_inside_the_tick_run_alike(part):
    seen = Counter()
    for number in range(part * COUNT["nested"], (part + 1) * COUNT["nested"]):
        tried(nested(number), 4, seen)
    judge("nested", part, seen)


@pytest.mark.parametrize("part", range(2))
def test_random_systems_of_multiples_of_the_root_run_alike(part):
    seen = Counter()

    @seed(part)
    @settings(RANDOM, max_examples=COUNT["root"])
    @given(root_multiples())
    def run(text):
        tried(text, 13, seen)

    run()
    judge("root", part, seen)


@seed(0)
@settings(RANDOM, max_examples=3 * COUNT["nested"])
@given(slips(st.one_of(st.integers(0, 2**32).map(nested), root_multiples())))
def test_a_slip_in_a_random_system_gives_a_module_or_diagnostics(text):
    try:
        nlgraph.compile(nlgraph.loads(text), backend="eager")
    except SpecError as error:
        faults = error.diagnostics
    else:
        return
    assert faults
    assert all(render(diagnostic) for diagnostic in faults)


def tried(text, ticks, seen):
    """Compare a system, if it is one, and count what became of it."""
    code = refusal(text)
    seen[code or "ran"] += 1
    if code is None:
        try:
            compare(text, ticks, resumed=3)
        except Exception as error:
            error.add_note(text)
            raise


def judge(kind, part, seen):
    refused = sum(count for code, count in seen.items() if code.startswith("NL07"))
    print(f"{kind} {part}: {dict(seen)}")  # noqa: T201 - `-rP` shows it
    assert seen["ran"] + refused >= WELL_FORMED[kind] * seen.total()
    assert seen["ran"] >= RUNS * (seen["ran"] + refused)
