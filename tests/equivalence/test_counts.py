"""How often components update in a run: as often as the frequency that was derived for them.

The law of chunks: a memory of chunks of C tokens updates T/C times in a sequence of T, and a block
of a continuum ⌊i/C⌋ times in i steps.
"""

from collections import defaultdict
from fractions import Fraction
from math import floor
from pathlib import Path

import pytest
import torch

import nlgraph
from nlgraph.reference import views
from tests.equivalence.conftest import inputs_at, shortened

ROOT = Path(__file__).parents[2]
PATHS = sorted(
    [*(ROOT / "tests" / "specs").glob("*.nl"), *(ROOT / "nlgraph" / "examples").glob("*.nl")]
)
TEXTS = {
    f"{path.parent.name}-{path.stem}": shortened(path.read_text(encoding="utf-8")) for path in PATHS
}
INSIDE = [name for name, text in TEXTS.items() if "along" in text or "task /" in text]
TICKS = 4


def small(text):
    """A system with few copies, and few tokens where no chunk needs more."""
    short = {"T": 8} if "along T" in text and "16 token" not in text else {}
    return nlgraph.loads(text, set={"B": 2, **short})


def updating(text):
    """The components that update, with how often in a root tick."""
    components = small(text).components
    return {name: of.frequency for name, of in components.items() if of.frequency}


def counted(text):
    """The text with a counter for each component that updates, which ticks with its updates.

    What rules add has no name in the file; the oracle's instants tell of these.
    """
    names = [name for name in updating(text) if "." not in name]
    lines = [
        f"component counter{i} : f64[] = 0 every 1 {name} {{ counter{i}' = counter{i} + 1 }}"
        for i, name in enumerate(names)
    ]
    return "\n".join([text, *lines, ""]), {f"counter{i}": n for i, n in enumerate(names)}


@pytest.mark.parametrize("backend", ["reference", "eager"])
@pytest.mark.parametrize("name", INSIDE)
def test_a_counter_of_updates_counts_what_was_derived(name, backend):
    text, counters = counted(TEXTS[name])
    system = small(text)
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    expected = updating(TEXTS[name])
    for tick in range(1, TICKS + 1):
        module.step(**inputs_at(system, tick, generator))
        for counter, component in counters.items():
            found = int(module.state[counter])
            assert found == floor(tick * expected[component]), (component, tick)


@pytest.mark.parametrize("name", INSIDE)
def test_the_reference_computes_each_update_at_its_instant(name, monkeypatch):
    """Of what is reset, the last updates before it are computed only where something reads them."""
    at = defaultdict(set)
    update = views.update

    def noted(context, state):
        if type(context.view) is views.View:
            at[state].add(context.time)
        return update(context, state)

    monkeypatch.setattr(views, "update", noted)
    system = small(TEXTS[name])
    module = nlgraph.compile(system, backend="reference", dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    for tick in range(1, TICKS + 1):
        module.step(**inputs_at(system, tick, generator))
    clocked = system.shaped.clocked
    for state, definition in clocked.equations.states.items():
        frequency = system.components[definition.component].frequency
        if not frequency:
            assert not at[state]
            continue
        period = 1 / Fraction(frequency)
        instants = {period * i for i in range(1, floor(TICKS / period) + 1)}
        reset = definition.reset
        window = TICKS if reset is None else clocked.durations[reset.clock]
        computed = [instant in at[state] for instant in sorted(instants)]
        for start in range(0, len(computed), max(int(window / period), 1)):
            inside = computed[start : start + int(window / period)]
            assert inside == sorted(inside, reverse=True), state
        assert at[state] <= instants
        assert reset is not None or all(computed), state
