"""Route wires on lanes between the bands, as in a circuit diagram."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from nlgraph.draw.boxes import set_columns
from nlgraph.draw.ends import End, find_ends
from nlgraph.draw.model import Band, Box, Card, Folded, Head, Layout, Point, Route, Wire
from nlgraph.draw.place import place
from nlgraph.draw.ports import Ports, place_ports

TOP: Final = 72
"""Where the first band begins, below the title."""

_LANE: Final = 9
_APART: Final = 12

_Key = tuple[Wire, Card | None]
"""A horizontal piece: a wire's own lane, or the way of one end to its gutter."""

Line = tuple[Point, ...]


def route(folded: Folded, wires: Sequence[Wire]) -> Layout:
    """Where all cards stand, and how all wires run."""
    cards = folded.cards
    columns = place(cards, wires)
    channels, ends = find_ends(cards, wires, columns)
    set_out = set_columns(cards, ends, columns)
    ports = place_ports(ends, set_out.boxes)
    turns = {
        end: ports[end.card, end.side][end.wire]
        if end.gutter is None
        else set_out.risers[end.gutter, end.wire]
        for end in ends
    }
    lanes, counts = _lanes(channels, ends, ports, turns)
    rows, tops, bottom = _rows(cards, set_out.boxes, counts)
    boxes = {
        card: replace(box, y=rows[card.band][0] + (rows[card.band][1] - box.height) // 2)
        for card, box in set_out.boxes.items()
    }

    def level_of(channel: int, key: _Key) -> float:
        return tops[channel] + 15 + _LANE * lanes.get((channel, key), 0)

    by_wire: dict[Wire, list[End]] = defaultdict(list)
    for end in ends:
        by_wire[end.wire].append(end)
    routes: list[Route] = []
    for wire, found in by_wire.items():
        lines: list[Line] = []
        heads: list[Head] = []
        trunk = level_of(channels[wire], (wire, None))
        for end in found:
            box = boxes[end.card]
            start = ports[end.card, end.side][wire], box.y if end.side == "top" else box.bottom
            if end.reads:
                heads.append(Head(start, end.side))
            if end.gutter is None:
                lines.append((start, (start[0], trunk)))
            else:
                level = level_of(end.near, (wire, end.card))
                turn = turns[end]
                lines.append((start, (start[0], level), (turn, level), (turn, trunk)))
        routes.append(_joined(wire, tuple(dict.fromkeys(lines)), tuple(heads), trunk))
    bands = _bands(rows, bottom)
    return Layout(boxes, bands, tuple(routes), set_out.right, bottom)


def _lanes(
    channels: Mapping[Wire, int],
    ends: Sequence[End],
    ports: Ports,
    turns: Mapping[End, float],
) -> tuple[Mapping[tuple[int, _Key], int], Mapping[int, int]]:
    """The lane of each horizontal piece in its channel, and how many lanes a channel has."""
    spans: dict[int, dict[_Key, list[float]]] = defaultdict(lambda: defaultdict(list))
    for end in ends:
        spans[channels[end.wire]][end.wire, None].append(turns[end])
        if end.gutter is not None:
            port = ports[end.card, end.side][end.wire]
            spans[end.near][end.wire, end.card] += [port, turns[end]]
    lanes: dict[tuple[int, _Key], int] = {}
    counts: dict[int, int] = {}
    for channel, pieces in spans.items():
        last: list[float] = []
        for key, xs in sorted(pieces.items(), key=lambda piece: (min(piece[1]), max(piece[1]))):
            left, right = min(xs), max(xs)
            if right - left < 1:
                continue
            free = (lane for lane, end in enumerate(last) if end + _APART < left)
            lane = next(free, len(last))
            last[lane : lane + 1] = [right]
            lanes[channel, key] = lane
        counts[channel] = len(last)
    return lanes, counts


def _rows(
    cards: Sequence[Card], boxes: Mapping[Card, Box], lanes: Mapping[int, int]
) -> tuple[list[tuple[float, float]], list[float], float]:
    """The top and the height of each band's cards, the tops of channels, and the bottom of all."""
    heights: dict[int, float] = defaultdict(float)
    for card in cards:
        heights[card.band] = max(heights[card.band], boxes[card].height)
    y: float = TOP
    rows: list[tuple[float, float]] = []
    tops: list[float] = []
    for band in range(len(heights) + 1):
        tops.append(y)
        count = lanes.get(band, 0)
        outer = band in (0, len(heights))
        y += 16 if outer and not count else 24 + _LANE * max(count, 1)
        if band < len(heights):
            rows.append((y, heights[band]))
            y += heights[band]
    return rows, tops, y


def _bands(rows: Sequence[tuple[float, float]], bottom: float) -> tuple[Band, ...]:
    """Bands meet in the middle of the channel between their cards."""
    fronts = [(top + height + below) / 2 for (top, height), (below, _) in pairwise(rows)]
    edges = [TOP, *fronts, bottom]
    return tuple(Band(edges[band], edges[band + 1], row) for band, row in enumerate(rows))


def _joined(wire: Wire, lines: tuple[Line, ...], heads: tuple[Head, ...], trunk: float) -> Route:
    """The outermost two ends make one line along the lane; the others join it."""
    xs = [line[-1][0] for line in lines]
    low, high = min(xs), max(xs)
    first = lines[xs.index(low)]
    last = lines[-1 - xs[::-1].index(high)]
    others = tuple(line for line in lines if line is not first and line is not last)
    joins = () if high - low < 1 else tuple((x, trunk) for x in sorted(set(xs)) if low < x < high)
    main = (*first, *reversed(last)) if first is not last else first
    return Route(wire, tuple(map(_plain, (main, *others))), joins, heads)


def _plain(line: Line) -> Line:
    """The same line without points at which it does not turn."""
    points: list[Point] = []
    for point in line:
        if points and abs(point[0] - points[-1][0]) + abs(point[1] - points[-1][1]) < 1:
            continue
        if len(points) > 1 and _straight_on(points[-2], points[-1], point):
            points[-1] = point
        else:
            points.append(point)
    return tuple(points)


def _straight_on(a: Point, b: Point, c: Point) -> bool:
    return abs(a[0] - b[0]) + abs(b[0] - c[0]) < 1 or abs(a[1] - b[1]) + abs(b[1] - c[1]) < 1
