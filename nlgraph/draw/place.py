"""Give every host a column, so that wires are short."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from nlgraph.draw.model import Card, Wire

_WORK: Final = 2_000_000
"""Ends of wires that are looked at before columns stay where they are."""

Columns = list[list[str]]


def place(cards: Sequence[Card], wires: Sequence[Wire]) -> Mapping[Card, int]:
    """The column of each card; hosts in bands that do not meet may share one."""
    hosts: dict[str, list[Card]] = defaultdict(list)
    for card in cards:
        hosts[card.host].append(card)
    columns = _shared(hosts, _pulls(wires))
    _swap(columns, [{card.host for card in wire.cards} for wire in wires])
    column_of = {host: index for index, column in enumerate(columns) for host in column}
    return {card: column_of[card.host] for card in cards}


def _pulls(wires: Sequence[Wire]) -> dict[str, dict[str, float]]:
    """How strongly hosts want to be near each other."""
    pulls: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for wire in wires:
        weight = 1 / max(1, len(wire.cards) - 1)
        for one in wire.cards:
            for other in wire.cards:
                if one.host != other.host:
                    pulls[one.host][other.host] += weight
    return pulls


def _shared(
    hosts: Mapping[str, Sequence[Card]], pulls: Mapping[str, Mapping[str, float]]
) -> Columns:
    def order(host: str) -> tuple[int, int]:
        cards = hosts[host]
        return min(card.band for card in cards), min(card.first.line for card in cards)

    columns: Columns = []
    taken: list[set[int]] = []
    for host in sorted(hosts, key=lambda host: (len(hosts[host]) == 1, *order(host))):
        bands = {card.band for card in hosts[host]}
        span = set(range(min(bands), max(bands) + 1))
        free = [index for index, used in enumerate(taken) if not used & span]
        if not free:
            columns.append([host])
            taken.append(set(span))
            continue
        near = pulls.get(host, {})
        best = max(free, key=lambda i: (sum(near.get(other, 0) for other in columns[i]), -i))
        columns[best].append(host)
        taken[best] |= span
    return columns


def _swap(columns: Columns, wires: Sequence[set[str]]) -> None:
    """Swap columns while that shortens wires, and while the work allows."""
    work = _WORK // (1 + sum(map(len, wires)))

    def length() -> int:
        at = {host: index for index, column in enumerate(columns) for host in column}
        spans = ([at[host] for host in hosts] for hosts in wires)
        return sum(max(span) - min(span) for span in spans)

    now, better = length(), True
    while better:
        better = False
        for left in range(len(columns)):
            for right in range(left + 1, len(columns)):
                if not work:
                    return
                work -= 1
                columns[left], columns[right] = columns[right], columns[left]
                if (then := length()) < now:
                    now, better = then, True
                else:
                    columns[left], columns[right] = columns[right], columns[left]
