"""Levels and the edges between components."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from nlgraph.system.ids import ComponentId

EdgeKind = Literal["same-time", "state", "context", "backprop", "init", "generates"]


@dataclass(frozen=True, slots=True)
class Level:
    """One level: components of one frequency (None: infinite) and of equal rank."""

    index: int
    frequency: Fraction | None
    components: tuple[ComponentId, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LevelGraph:
    """Levels, the range of levels that each component fits, and edges.

    Edges of one kind are kept as nets (every source to every target but itself), since with one
    loss over n weights the pairs grow with n².
    """

    levels: tuple[Level, ...]
    level_of: Mapping[ComponentId, int]
    ranges: Mapping[ComponentId, tuple[int, int]]
    nets: tuple[Net, ...]


@dataclass(frozen=True, slots=True)
class Net:
    """Edges of one kind from every source to every target, but from none to itself."""

    sources: tuple[ComponentId, ...]
    targets: tuple[ComponentId, ...]
    kind: EdgeKind
    via: str | None = None
