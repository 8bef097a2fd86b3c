"""The period of each clock, as far as the file states it.

Each clock and each stated component follows one other thing: a clock its parent (`16 step`, `5
critic`), a component its clock or its host. So a period is a factor of a root tick, or of the tick
of a group of components whose clock is to be inferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.clocks import errors
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, ComponentId
from nlgraph.system.model import ClockDef, Equations
from nlgraph.text.span import Origin


@dataclass(frozen=True, slots=True)
class Period:
    """`factor` root ticks or, of a `group`, as many of that group's updates.

    `clock` is the stated clock; None for the components of a group.
    """

    factor: Fraction
    group: ComponentId | None
    clock: ClockId | None


@dataclass(frozen=True, slots=True)
class Periods:
    """The periods of all clocks and components; a group has the name of its outermost component.

    `updated` are the components with an update, `lost` the names of clocks and components whose
    clock is defined by itself or not at all; these have the root's period.
    """

    clocks: Mapping[ClockId, Period]
    components: Mapping[ComponentId, Period]
    updated: frozenset[ComponentId]
    lost: frozenset[str]


def find_periods(equations: Equations, report: Report) -> Periods:
    """Follow each clock to the root, or to the components whose clock is to be inferred."""
    updated = frozenset(
        state.component for state in equations.states.values() if state.update is not None
    )
    links = _Links(equations, updated)
    known: dict[_Thing, Period | None] = {}
    for thing in links.things():
        _follow(thing, links, known, report)
    lost = frozenset(name for (_, name), period in known.items() if period is None)
    clocks = {
        name: known[("clock", name)] or Period(Fraction(1), None, name) for name in equations.clocks
    }
    components = {
        name: known[("component", name)] or Period(Fraction(1), None, equations.root)
        for name in equations.components
    }
    return Periods(clocks, components, updated, lost)


def enclosing(
    clock: ClockId, equations: Equations, components: Mapping[ComponentId, ClockId | None]
) -> ClockId | None:
    """The clock with whose tick a clock starts anew; None for the root and its multiples."""
    at: ClockId | None = clock
    for _ in range(len(equations.clocks) + 1):
        definition = None if at is None else equations.clocks.get(at)
        if definition is None:
            return None
        if definition.kind in ("along", "divided"):
            return definition.parent
        at = definition.parent
        if definition.parent_component is not None:
            at = components.get(definition.parent_component)
    return None


def innermost(
    clock: ClockId, equations: Equations, components: Mapping[ComponentId, ClockId | None]
) -> ClockDef:
    """The clock along a dimension, or divided, of which a clock inside a tick is made."""
    definition = equations.clocks[clock]
    while definition.kind == "multiple":
        parent = definition.parent
        if definition.parent_component is not None:
            parent = components[definition.parent_component]
        assert parent is not None, "the clock lies inside a tick"
        definition = equations.clocks[parent]
    return definition


_Thing = tuple[str, str]


class _Links:
    """What each clock and component follows, and by which factor."""

    def __init__(self, equations: Equations, updated: frozenset[ComponentId]) -> None:
        self.equations = equations
        self.updated = updated

    def things(self) -> list[_Thing]:
        clocks = [("clock", str(name)) for name in self.equations.clocks]
        return clocks + [("component", str(name)) for name in self.equations.components]

    def next(self, thing: _Thing) -> tuple[_Thing | Period | None, Fraction]:
        """What a thing follows; a Period where it ends there, None where it is not declared."""
        kind, name = thing
        if kind == "clock":
            definition = self.equations.clocks.get(ClockId(name))
            return self._clock(definition) if definition is not None else (None, Fraction(1))
        found = self._component(ComponentId(name))
        if isinstance(found, Period):
            return found, Fraction(1)
        return ("clock", str(found)), Fraction(1)

    def _clock(self, definition: ClockDef) -> tuple[_Thing | Period | None, Fraction]:
        count = Fraction(max(definition.count, 1))
        factor = count if definition.kind == "multiple" else 1 / count
        if definition.kind == "root":
            return Period(Fraction(1), None, definition.id), Fraction(1)
        if definition.parent_component is not None:
            return ("component", str(definition.parent_component)), factor
        return None if definition.parent is None else ("clock", str(definition.parent)), factor

    def _component(self, name: ComponentId) -> ClockId | Period:
        """A component's stated clock, or that of its host; else the group to be inferred.

        The group is that of the outermost host that has updates of its own.
        """
        leader = name
        at: ComponentId | None = name
        for _ in range(len(self.equations.components)):
            component = None if at is None else self.equations.components.get(at)
            if component is None:
                break
            if component.clock is not None:
                return component.clock
            if component.id in self.updated:
                leader = component.id
            at = component.host
        return Period(Fraction(1), leader, None)


def _follow(
    start: _Thing, links: _Links, known: dict[_Thing, Period | None], report: Report
) -> None:
    path: list[tuple[_Thing, Fraction]] = []
    at: _Thing | Period | None = start
    while isinstance(at, tuple) and at not in known:
        onward, factor = links.next(at)
        path.append((at, factor))
        known[at] = None  # stays so in a cycle
        at = onward
    if isinstance(at, tuple) and any(at == thing for thing, _ in path):
        cycle = [thing for thing, _ in path]
        _report_cycle(cycle[cycle.index(at) :], links.equations, report)
    period = known[at] if isinstance(at, tuple) else at
    for thing, factor in reversed(path):
        if period is None:
            return
        own = ClockId(thing[1]) if thing[0] == "clock" else period.clock
        period = Period(period.factor * factor, period.group, own)
        known[thing] = period


def _is_unnamed(thing: _Thing, equations: Equations) -> bool:
    return thing[0] == "clock" and not equations.clocks[ClockId(thing[1])].declared


def _report_cycle(cycle: list[_Thing], equations: Equations, report: Report) -> None:
    # `5 critic` has the place of the component that says it: the components tell it all.
    told = [thing for thing in cycle if not _is_unnamed(thing, equations)]
    chain = [(name, _place(kind, name, equations)) for kind, name in told or cycle]
    first = min(range(len(chain)), key=lambda i: chain[i][1].span.start)
    report.add(errors.clock_cycle((*chain[first:], *chain[:first])))


def _place(kind: str, name: str, equations: Equations) -> Origin:
    if kind == "clock":
        return equations.clocks[ClockId(name)].origin
    component = equations.components[ComponentId(name)]
    return component.clock_origin or component.origin
