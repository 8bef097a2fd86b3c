"""Who goes on learning: the components that a user names, and a system in which only they learn."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction

from nlgraph.diagnostics.suggest import nearest
from nlgraph.frontend import System
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ComponentId, StateId

_COMMA = re.compile(r",(?![^\[]*\])")


class NotLearnable(Exception):
    """A name that stands for nothing that learns; the message says why."""


def find_learners(system: System, named: str) -> frozenset[ComponentId]:
    """The components of a list of levels (numbers) and components (names), by commas.

    A component brings what its rule and its body add to it (`low` brings `low.m`), a family its
    members. A level brings those components alone that are of it.

    Raises:
        NotLearnable: a name or number stands for nothing, or for nothing that is updated.
    """
    found: set[ComponentId] = set()
    for name in filter(None, (part.strip() for part in _COMMA.split(named))):
        chosen = _of_level(system, name) if name.isdecimal() else _of_name(system, name)
        updated = {component for component in chosen if system.components[component].frequency}
        if not updated:
            what = f"level {name}" if name.isdecimal() else name
            message = f"{what} has nothing that is ever updated, so that nothing in it can learn"
            raise NotLearnable(message)
        found |= updated
    if not found:
        message = "no level and no component is named"
        raise NotLearnable(message)
    return frozenset(found)


def _of_level(system: System, number: str) -> tuple[ComponentId, ...]:
    for level in system.levels:
        if level.index == int(number):
            return level.components
    message = f"there is no level {number}: there are 1 to {system.levels[-1].index}"
    raise NotLearnable(message)


def _of_name(system: System, name: str) -> tuple[ComponentId, ...]:
    inside = (f"{name}.", f"{name}[")
    chosen = tuple(
        c.name for k, c in system.components.items() if k == name or k.startswith(inside)
    )
    if not chosen:
        guess = nearest(name, system.components)
        message = f"there is no component {name}" + (f"; did you mean {guess}?" if guess else "")
        raise NotLearnable(message)
    return chosen


def only_learning(shaped: Shaped, learners: frozenset[ComponentId]) -> Shaped:
    """The system in which the states of all other components stay as they are.

    What starts anew with each root tick runs as always. So does a state that is reset to its own
    name within a root tick: `put_back` has those, whose value is to be taken back after it.
    """
    held = _held(shaped, learners)
    back = put_back(shaped, learners)
    equations = shaped.clocked.equations
    states = {
        name: replace(state, update=None, reset=None) if name in held - back else state
        for name, state in equations.states.items()
    }
    clocked = replace(shaped.clocked, equations=replace(equations, states=states))
    return replace(shaped, clocked=clocked)


def put_back(shaped: Shaped, learners: frozenset[ComponentId]) -> frozenset[StateId]:
    """The states that do not learn and yet run within a root tick, from their own last value."""
    plan = Plan(shaped)
    within = plan.living(Fraction(1))
    return frozenset(s for s in _held(shaped, learners) if s in within and plan.keeps(s))


def _held(shaped: Shaped, learners: frozenset[ComponentId]) -> frozenset[StateId]:
    """The states that outlive a root tick and do not learn."""
    plan = Plan(shaped)
    within = plan.living(Fraction(1))
    return frozenset(
        name
        for name, state in shaped.clocked.equations.states.items()
        if state.component not in learners and (name not in within or plan.keeps(name))
    )
