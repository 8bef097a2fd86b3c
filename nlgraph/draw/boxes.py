"""Size cards, and set columns and gutters from left to right."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Final

from nlgraph.draw.ends import End
from nlgraph.draw.model import Box, Card, Side, Wire

GRID: Final = 10
"""Ports stand on it, 5 further right on top of a card than below, so that no verticals coincide."""

RAIL: Final = 150
"""The width of the rail on the left, which names the levels."""

_LETTER: Final = 7.6
_NARROWEST: Final = 92
_BETWEEN: Final = 12
_RISER: Final = 8


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Boxes that know their x and their size alone; where risers stand; the right end."""

    boxes: Mapping[Card, Box]
    risers: Mapping[tuple[int, Wire], float]
    right: float


def set_columns(cards: Sequence[Card], ends: Sequence[End], columns: Mapping[Card, int]) -> Columns:
    """Boxes on the port grid, wide enough for their names and their ports."""
    ports: dict[tuple[Card, Side], int] = defaultdict(int)
    gutters: dict[int, dict[Wire, None]] = defaultdict(dict)
    for end in ends:
        ports[end.card, end.side] += 1
        if end.gutter is not None:
            gutters[end.gutter][end.wire] = None
    size = {card: _size(card, max(ports[card, "top"], ports[card, "bottom"])) for card in cards}
    rows: dict[tuple[int, int], list[Card]] = defaultdict(list)
    for card in cards:
        rows[columns[card], card.band].append(card)
    width = {
        key: sum(size[c][0] for c in row) + _BETWEEN * (len(row) - 1) for key, row in rows.items()
    }
    count = 1 + max(columns.values())
    boxes: dict[Card, Box] = {}
    risers: dict[tuple[int, Wire], float] = {}
    x: float = RAIL + GRID
    for column in range(count + 1):
        for number, wire in enumerate(gutters[column]):
            risers[column, wire] = x + 6 + _RISER * number
        x += 14 + _RISER * len(gutters[column])
        if column == count:
            break
        x = _up_to(x, 2 * GRID)
        here = [key for key in rows if key[0] == column]
        widest = max(width[key] for key in here)
        for key in here:
            left = x + (widest - width[key]) // 2
            for card in rows[key]:
                left = round(left / GRID) * GRID
                boxes[card] = Box(left, 0, *size[card])
                left += size[card][0] + _BETWEEN
        x += widest
    return Columns(boxes, risers, x + GRID)


def _size(card: Card, ports: int) -> tuple[float, float]:
    names = max(map(len, card.labels)) * _LETTER + (46 if card.copies > 1 else 22)
    width = max(names, (2 * ports + 1) * GRID, _NARROWEST)
    return _up_to(width, 2 * GRID), 22 + 16 * len(card.labels)


def _up_to(x: float, step: int) -> float:
    return ceil(x / step) * step
