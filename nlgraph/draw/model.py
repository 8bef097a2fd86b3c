"""What a drawing is made of, from what is shown to where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nlgraph.levels.model import EdgeKind
from nlgraph.schema.levels import ComponentEntry

Point = tuple[float, float]
Side = Literal["top", "bottom"]


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One box: a component, twins of one host and level, or a family that is folded to a stack."""

    labels: tuple[str, ...]
    members: tuple[ComponentEntry, ...]
    host: str
    band: int

    @property
    def first(self) -> ComponentEntry:
        """The component that stands for all."""
        return self.members[0]

    @property
    def copies(self) -> int:
        """How many components one label stands for."""
        return len(self.members) // len(self.labels)


@dataclass(frozen=True, slots=True, eq=False)
class Folded:
    """Cards, the edges between them with the number of pairs that each stands for, by kind.

    Edges are left out where there are too many cards to draw them; then `flows` alone, the edges
    from band to band, tell them.
    """

    cards: tuple[Card, ...]
    edges: Mapping[tuple[int, int, EdgeKind], int]
    flows: Mapping[tuple[int, int, EdgeKind], int]


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """Edges of one kind from all sources to all targets; `but_own`: but from none to its own."""

    kind: EdgeKind
    sources: tuple[Card, ...]
    targets: tuple[Card, ...]
    but_own: bool
    pairs: int

    @property
    def cards(self) -> tuple[Card, ...]:
        """Every end."""
        return (*self.sources, *self.targets)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle; x goes right and y down, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The bottom edge."""
        return self.y + self.height

    @property
    def middle(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Head:
    """The head of an edge where it enters a card, from above or from below."""

    at: Point
    side: Side


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """How a wire runs: lines, the joins where they meet, and heads at its targets."""

    wire: Wire
    lines: tuple[tuple[Point, ...], ...]
    joins: tuple[Point, ...]
    heads: tuple[Head, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A level's stripe, from `top` to `bottom`; its cards and pulses fill `row`, a part of it."""

    top: float
    bottom: float
    row: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where everything stands; bands end at `right`, the last of them at `bottom`."""

    boxes: Mapping[Card, Box]
    bands: tuple[Band, ...]
    routes: tuple[Route, ...]
    right: float
    bottom: float
