"""The JSON of `nlgraph levels --json`: levels, components and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from nlgraph.levels.facts import Kind, kind_of, states_of
from nlgraph.levels.model import EdgeKind, LevelGraph, Net
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ComponentId, StateId

PAIRS = 20_000
"""Edges that are listed one by one; of n weights under one loss there are n² of one kind."""


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ClockEntry(_Entry):
    """A declared clock; `frequency` is its ticks per unit of time, exact: `1/16`."""

    name: str
    frequency: str


class LevelEntry(_Entry):
    """One level; `frequency` is exact, `inf` of non-parametric, `0` of frozen components."""

    level: int = Field(ge=1)
    frequency: str
    components: list[str]


class StateEntry(_Entry):
    """A state as it is seen from outside of its component."""

    dtype: str
    dims: list[str]
    shape: list[int | None]


class ComponentEntry(_Entry):
    """A component; `range` has the first and the last level that it fits."""

    name: str
    level: int = Field(ge=1)
    range: tuple[int, int]
    frequency: str
    clock: str
    kind: Kind
    states: dict[str, StateEntry]
    line: int = Field(ge=1)


class EdgeEntry(_Entry):
    """An edge; a net, with lists, is an edge from every source to every target but itself."""

    source: str | list[str] = Field(alias="from")
    target: str | list[str] = Field(alias="to")
    kind: EdgeKind
    via: str | None = None


class LevelsDocument(_Entry):
    """The level graph of a system."""

    nlgraph: Literal[1] = 1
    system: str
    unit: str
    clocks: list[ClockEntry]
    levels: list[LevelEntry]
    components: list[ComponentEntry]
    edges: list[EdgeEntry]

    def to_json(self) -> str:
        """The document as text; what is not known is left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True)


def levels_document(shaped: Shaped, graph: LevelGraph) -> LevelsDocument:
    """Write a level graph out, components in order of level, then of the file."""
    clocked = shaped.clocked
    equations = clocked.equations
    return LevelsDocument(
        system=equations.name,
        unit=equations.root,
        clocks=[
            ClockEntry(name=clock.id, frequency=str(1 / clocked.durations[clock.id]))
            for clock in equations.clocks.values()
            if clock.declared
        ],
        levels=[
            LevelEntry(
                level=level.index,
                frequency=frequency_text(level.frequency),
                components=list(level.components),
            )
            for level in graph.levels
        ],
        components=[
            _component(name, shaped, graph) for level in graph.levels for name in level.components
        ],
        edges=_edges(graph.nets),
    )


def frequency_text(frequency: Fraction | None) -> str:
    """An exact frequency as text: `512`, `1/16`, `0`, `inf`."""
    return "inf" if frequency is None else str(frequency)


def _component(name: ComponentId, shaped: Shaped, graph: LevelGraph) -> ComponentEntry:
    clocked = shaped.clocked
    equations = clocked.equations
    return ComponentEntry(
        name=name,
        level=graph.level_of[name],
        range=graph.ranges[name],
        frequency=frequency_text(clocked.frequency(name)),
        clock=clocked.components[name] or equations.root,
        kind=kind_of(clocked, name),
        states={
            _short(name, state): StateEntry(
                dtype=of.dtype, dims=[str(dim) for dim in of.dims], shape=list(of.shape)
            )
            for state, of in states_of(shaped, name).items()
        },
        line=equations.components[name].origin.user.line,
    )


def _short(component: ComponentId, state: StateId) -> str:
    """A state's name inside its component; one of the component's own name has that name."""
    inner = state.removeprefix(f"{component}.")
    return component.rpartition(".")[2] if inner == component else inner


def _edges(nets: Iterable[Net]) -> list[EdgeEntry]:
    nets = tuple(nets)
    pairs = _pairs(nets)
    if pairs is not None:
        return [
            EdgeEntry.model_construct(source=source, target=target, kind=kind, via=via)
            for (source, target, kind), via in pairs.items()
        ]
    return [
        EdgeEntry.model_construct(
            source=list(net.sources), target=list(net.targets), kind=net.kind, via=net.via
        )
        for net in nets
    ]


def _pairs(
    nets: tuple[Net, ...],
) -> dict[tuple[ComponentId, ComponentId, EdgeKind], str | None] | None:
    """Every edge once, the first way of each; None where there are too many."""
    pairs: dict[tuple[ComponentId, ComponentId, EdgeKind], str | None] = {}
    looked_at = 0
    for net in nets:
        looked_at += len(net.sources) * len(net.targets)
        if looked_at > _MOST_LOOKED_AT:
            return None
        for source in net.sources:
            for target in net.targets:
                if source != target:
                    pairs.setdefault((source, target, net.kind), net.via)
        if len(pairs) > PAIRS:
            return None
    return pairs


_MOST_LOOKED_AT = 10 * PAIRS
"""Nets may overlap; where they are this large, they hold too many pairs anyhow."""
