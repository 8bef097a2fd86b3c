"""What a drawing says about frequencies and components."""

from __future__ import annotations

from fractions import Fraction

from nlgraph.draw.model import Card
from nlgraph.schema.levels import LevelEntry


def counted(count: int, noun: str) -> str:
    """`1 component`, `2 components`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def pace(level: LevelEntry, unit: str) -> str:
    """How often a level updates."""
    if level.frequency == "inf":
        return "at once, no state"
    if level.frequency == "0":
        return "never updated"
    frequency = Fraction(level.frequency)
    if frequency >= 1:
        return f"{frequency} per {unit}"
    period = 1 / frequency
    return f"every {period} {unit}s" if period.denominator == 1 else f"{frequency} per {unit}"


def short(frequency: str) -> str:
    """A frequency on a card."""
    return {"inf": "∞", "0": "never"}.get(frequency, frequency)


def size(card: Card) -> str:
    """The line below a card's names: copies, frequency, and the shape of the first state."""
    parts = [f"×{card.copies}"] if card.copies > 1 else []
    parts.append(short(card.first.frequency))
    states = list(card.first.states.values())
    if states:
        parts.append("×".join(states[0].dims) or "scalar")
        if len(states) > 1:
            parts[-1] += f" +{len(states) - 1}"
    return " · ".join(parts)


def sentence(card: Card) -> str:
    """A card, said aloud."""
    first = card.first
    low, high = first.range
    fits = "" if low == high else f", fits levels {low} to {high}"
    copies = f" ({card.copies} each)" if card.copies > 1 else ""
    return (
        f"{', '.join(card.labels)}{copies}: level {first.level}{fits}, frequency "
        f"{short(first.frequency)}, {first.kind}"
    )
