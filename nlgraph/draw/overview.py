"""Many cards: name chips that wrap inside their bands, and the edges from band to band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from xml.etree.ElementTree import Element

from nlgraph.draw.boxes import RAIL
from nlgraph.draw.model import Band, Box, Card, Folded
from nlgraph.draw.nets import KINDS
from nlgraph.draw.shapes import add, head, path_of, rectangle, text
from nlgraph.draw.theme import STROKES
from nlgraph.draw.words import counted, sentence
from nlgraph.levels.model import EdgeKind

_TOP: Final = 104
_INNER: Final = 1180
_CHIP: Final = 21
_LINE: Final = 26
_LETTER: Final = 6.7
_LOWEST: Final = 60
_LANE: Final = 9


@dataclass(frozen=True, slots=True)
class Arc:
    """The edges of a kind from one band to another, on a lane right of the kind's axis."""

    source: int
    target: int
    pairs: int
    lane: int


@dataclass(frozen=True, slots=True, eq=False)
class Overview:
    """Where chips, arcs and bands stand; each kind's arcs with the x of their axis."""

    boxes: Mapping[Card, Box]
    bands: tuple[Band, ...]
    arcs: Mapping[EdgeKind, tuple[float, tuple[Arc, ...]]]
    right: float
    bottom: float


def lay_out(folded: Folded) -> Overview:
    """Chips in order of the file, as many in a line as the longest name of their band allows."""
    rows: list[list[Card]] = [[] for _ in range(1 + max(card.band for card in folded.cards))]
    for card in folded.cards:
        rows[card.band].append(card)
    boxes: dict[Card, Box] = {}
    bands: list[Band] = []
    y: float = _TOP
    for row in rows:
        longest = max(len(name_of(card)) for card in row)
        per_line = max(1, int(_INNER // (longest * _LETTER + 22)))
        width = _INNER // per_line - 6
        for number, card in enumerate(row):
            line, place = divmod(number, per_line)
            x = RAIL + 10 + place * (width + 6)
            boxes[card] = Box(x, y + 8 + line * _LINE, width, _CHIP)
        height = max(_LOWEST, -(-len(row) // per_line) * _LINE)
        bands.append(Band(y, y + height + 16, (y + 8, height)))
        y += height + 16
    x = RAIL + _INNER + 34
    arcs: dict[EdgeKind, tuple[float, tuple[Arc, ...]]] = {}
    for kind in KINDS:
        found = _arcs({(a, b): n for (a, b, of), n in folded.flows.items() if of == kind})
        if found:
            arcs[kind] = x, found
            lanes = 1 + max(arc.lane for arc in found)
            x += max(40 + _LANE * lanes, 7 * len(kind) + 14)
    return Overview(boxes, tuple(bands), arcs, x, y)


def name_of(card: Card) -> str:
    """A chip's text: `low.{m,v}` of twins."""
    if len(card.labels) == 1:
        return card.labels[0]
    prefix = card.labels[0].rpartition(".")[0]
    return f"{prefix}.{{{','.join(label.rpartition('.')[2] for label in card.labels)}}}"


def write_overview(parent: Element, overview: Overview) -> None:
    """Draw chips and arcs above the bands."""
    for kind, (x, arcs) in overview.arcs.items():
        _write_arcs(parent, overview.bands, kind, x, arcs)
    for number, (card, box) in enumerate(overview.boxes.items()):
        group = add(parent, "g", class_=f"node {card.first.kind}", data_card=number)
        add(group, "title", sentence(card))
        rectangle(group, box, class_="card", rx=3)
        chip = text(group, box.x + 8, box.y + 14.5, name_of(card), 11, class_="mono")
        chip.set("style", "font-size:11px;font-weight:400")


def _arcs(flows: Mapping[tuple[int, int], int]) -> tuple[Arc, ...]:
    """Short arcs first, each on the first lane where it meets no other."""
    lanes: list[list[tuple[int, int]]] = []
    arcs: list[Arc] = []
    for source, target in sorted(flows, key=lambda ends: (abs(ends[0] - ends[1]), ends)):
        low, high = min(source, target), max(source, target)
        free = (
            number
            for number, taken in enumerate(lanes)
            if all(high < other_low or low > other_high for other_low, other_high in taken)
        )
        lane = next(free, len(lanes))
        if lane == len(lanes):
            lanes.append([])
        lanes[lane].append((low, high))
        arcs.append(Arc(source, target, flows[source, target], lane))
    return tuple(arcs)


def _write_arcs(
    parent: Element, bands: Sequence[Band], kind: EdgeKind, x: float, arcs: Sequence[Arc]
) -> None:
    top = bands[0].top
    text(parent, x - 6, top - 18, kind, 11, font_weight=600)
    text(parent, x - 6, top - 5, f"{sum(arc.pairs for arc in arcs):,}", 9.5, class_="dim")
    for arc in arcs:
        start, end = _within(bands[arc.source], 0.32), _within(bands[arc.target], 0.68)
        turn = x + 18 + _LANE * arc.lane
        group = add(parent, "g", class_=f"net {kind}")
        edges = counted(arc.pairs, "edge")
        says = f"{kind}: level {arc.source + 1} → level {arc.target + 1}, {edges}"
        add(group, "title", says)
        line = ((x, start), (turn, start), (turn, end), (x + 4, end))
        # The width tells the size of the flow.
        width = 1 + 0.55 * len(str(arc.pairs))
        add(group, "path", class_="edge", d=path_of(line), style=f"stroke-width:{width:g}")
        turned = add(group, "g", transform=f"translate({x:g} {end:g}) rotate(90)")
        head(turned, STROKES[kind].head, (0, 0), "top")


def _within(band: Band, share: float) -> float:
    return band.row[0] + band.row[1] * share
