"""Random breakage: a spec with a slip in it gives a system or diagnostics, and soon.

`HYPOTHESIS_PROFILE=thorough` tries many more slips than CI does, each time others.
"""

import os
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nlgraph
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.diagnostics.render import render
from nlgraph.frontend import system_of
from nlgraph.text.source import Source
from tests.strategies.slips import slips

TESTS = Path(__file__).parents[1]
SPECS = sorted(
    [*(TESTS / "specs").glob("*.nl"), *(Path(nlgraph.__file__).parent / "examples").glob("*.nl")]
)
TEXTS = [path.read_text(encoding="utf-8") for path in SPECS]
SECONDS = 1.0

settings.register_profile(
    "breakage-ci",
    max_examples=300,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "breakage-thorough", settings.get_profile("breakage-ci"), max_examples=5000, derandomize=False
)
PROFILE = settings.get_profile(f"breakage-{os.environ.get('HYPOTHESIS_PROFILE', 'ci')}")


@settings(PROFILE)
@given(slips(st.sampled_from(TEXTS)))
def test_a_slip_gives_a_system_or_diagnostics(text):
    start = time.process_time()
    found = outcome(text)
    assert time.process_time() - start < SECONDS
    if isinstance(found, SpecError):
        assert found.diagnostics
        assert all(diagnostic.severity == "error" for diagnostic in found.diagnostics)
        assert all(render(diagnostic) for diagnostic in found.diagnostics)


def outcome(text):
    try:
        return system_of(Source("broken.nl", text), {}, Report(), project=None)
    except SpecError as error:
        return error
