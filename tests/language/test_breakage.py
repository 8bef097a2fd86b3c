"""Random breakage: a spec with a slip in it gives a system or diagnostics, and soon.

`HYPOTHESIS_PROFILE=thorough` tries many more slips than CI does, each time others.
"""

import os
import re
import time
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nlgraph
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.diagnostics.render import render
from nlgraph.frontend import system_of
from nlgraph.text.source import Source

TESTS = Path(__file__).parents[1]
SPECS = sorted(
    [*(TESTS / "specs").glob("*.nl"), *(Path(nlgraph.__file__).parent / "examples").glob("*.nl")]
)
TEXTS = [path.read_text(encoding="utf-8") for path in SPECS]
TOKENS = re.compile(r"#[^\n]*|\w+|[^\S\n]+|.|\n")
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


@st.composite
def broken_texts(draw):
    """A spec with one to three tokens or lines dropped, doubled, or swapped with another."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 3))):
        lines = draw(st.booleans())
        parts = text.splitlines(keepends=True) if lines else TOKENS.findall(text)
        spaced = [i for i, part in enumerate(parts) if part.strip() and not part.startswith("#")]
        if len(spaced) < 2:
            break
        place = draw(st.sampled_from(spaced))
        match draw(st.sampled_from(["drop", "double", "swap with the next", "swap with any"])):
            case "drop":
                del parts[place]
            case "double":
                parts.insert(place, parts[place])
            case "swap with the next":
                other = spaced[(spaced.index(place) + 1) % len(spaced)]
                parts[place], parts[other] = parts[other], parts[place]
            case _:
                other = draw(st.sampled_from(spaced))
                parts[place], parts[other] = parts[other], parts[place]
        text = "".join(parts)
    return text


@settings(PROFILE)
@given(broken_texts())
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
