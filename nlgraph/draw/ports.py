"""Place the ports, where wires meet cards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import ceil

from nlgraph.draw.boxes import GRID
from nlgraph.draw.ends import End
from nlgraph.draw.model import Box, Card, Side, Wire
from nlgraph.draw.nets import KINDS

Ports = Mapping[tuple[Card, Side], Mapping[Wire, float]]


def place_ports(ends: Sequence[End], boxes: Mapping[Card, Box]) -> Ports:
    """The x of each wire at each side of each card; a wire of two ends is straight if it can be."""
    ports: dict[tuple[Card, Side], dict[Wire, float]] = defaultdict(dict)
    of: dict[Wire, list[End]] = defaultdict(list)
    at: dict[tuple[Card, Side], dict[Wire, None]] = defaultdict(dict)
    for end in ends:
        of[end.wire].append(end)
        at[end.card, end.side][end.wire] = None
    for pair in of.values():
        if len(pair) == 2 and pair[0].side != pair[1].side and _direct(pair):
            _straight(pair, boxes, ports)
    middle = {
        wire: sum(boxes[end.card].middle[0] for end in found) / len(found)
        for wire, found in of.items()
    }
    for (card, side), wires in at.items():
        taken = ports[card, side]
        left = [wire for wire in wires if wire not in taken]
        left.sort(key=lambda wire: (middle[wire], KINDS.index(wire.kind)))
        taken.update(zip(left, _slots(boxes[card], side, taken.values(), len(left)), strict=True))
    return ports


def _direct(ends: Iterable[End]) -> bool:
    return all(end.gutter is None for end in ends)


def _straight(
    pair: Sequence[End],
    boxes: Mapping[Card, Box],
    ports: Mapping[tuple[Card, Side], dict[Wire, float]],
) -> None:
    one, other = (boxes[end.card] for end in pair)
    low, high = max(one.x, other.x) + GRID, min(one.right, other.right) - GRID
    used = [x for end in pair for side in ("top", "bottom") for x in _used(ports, end.card, side)]
    free = [
        x
        for x in range(ceil(low / GRID) * GRID, int(high) + 1, GRID)
        if all(abs(x - taken) >= 12 for taken in used)
    ]
    if free:
        x = min(free, key=lambda x: abs(x - (low + high) / 2))
        for end in pair:
            ports[end.card, end.side][end.wire] = x


def _used(
    ports: Mapping[tuple[Card, Side], Mapping[Wire, float]], card: Card, side: Side
) -> Iterable[float]:
    return ports.get((card, side), {}).values()


def _slots(box: Box, side: Side, taken: Iterable[float], count: int) -> list[float]:
    """Free places for so many ports, spread around the middle."""
    used = list(taken)
    start = box.x + GRID + (5 if side == "top" else 0)
    places = [start + GRID * step for step in range(int(box.width // GRID))]
    free = [x for x in places if x <= box.right - 6 and all(abs(x - other) >= 8 for other in used)]
    step = 2 if len(free) >= 2 * count else 1
    shift = max(0, (len(free) - ((count - 1) * step + 1)) // 2)
    return [free[min(len(free) - 1, shift + number * step)] for number in range(count)]
