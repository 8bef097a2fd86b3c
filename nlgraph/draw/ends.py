"""Choose the channel that each wire runs in, and the side on which it meets each card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nlgraph.draw.model import Card, Side, Wire


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """Where a wire meets a card.

    Channel c lies above band c, the last one below all. A wire that other cards stand in the way
    of goes round them, through the gutter right of its column: then `near` is the channel by which
    it leaves the card.
    """

    wire: Wire
    card: Card
    reads: bool
    side: Side
    near: int
    gutter: int | None


def find_ends(
    cards: Sequence[Card], wires: Sequence[Wire], columns: Mapping[Card, int]
) -> tuple[Mapping[Wire, int], tuple[End, ...]]:
    """The channel of each wire, and all ends."""
    bands = 1 + max(card.band for card in cards)
    stands = {(card.band, columns[card]) for card in cards}
    channels: dict[Wire, int] = {}
    ends: list[End] = []
    for wire in wires:
        channel = channels[wire] = _channel(wire, bands)
        roles = [(card, False) for card in wire.sources] + [(card, True) for card in wire.targets]
        for card, reads in roles:
            above = channel <= card.band
            between = range(channel, card.band) if above else range(card.band + 1, channel)
            column = columns[card]
            blocked = any((band, column) in stands for band in between)
            ends.append(
                End(
                    wire,
                    card,
                    reads,
                    "top" if above else "bottom",
                    card.band if above else card.band + 1,
                    column + 1 if blocked else None,
                )
            )
    return channels, tuple(ends)


def _channel(wire: Wire, bands: int) -> int:
    """The channel that is nearest to all cards, if possible with some of them above it."""

    def cost(channel: int) -> tuple[int, bool, float]:
        at = [card.band for card in wire.cards]
        crossed = sum(max(0, band - channel, channel - band - 1) for band in at)
        return crossed, all(band >= channel for band in at), abs(channel - bands / 2)

    return min(range(bands + 1), key=cost)
