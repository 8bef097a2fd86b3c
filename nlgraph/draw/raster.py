"""The firing raster: when each level updates, in the rows of the bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import log
from typing import Final
from xml.etree.ElementTree import Element

from nlgraph.draw.model import Band, Box
from nlgraph.draw.shapes import add, rectangle, text
from nlgraph.draw.words import pace
from nlgraph.schema.levels import LevelEntry

_INSIDE: Final = 150
_BETWEEN: Final = 24
_WIDTH: Final = 276
_MOST_PULSES: Final = 48
_SHOWN: Final = (8, 64)
"""The fewest and the most units that a linear axis shows."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Units 1 to `units` over `width` pixels from `x`; over more than 64 their logarithms."""

    x: float
    width: float
    units: int

    @property
    def linear(self) -> bool:
        """Whether every unit has the same width."""
        return self.units <= _SHOWN[1]

    def at(self, unit: Fraction) -> float:
        """Where a unit ends."""
        if self.linear:
            return self.x + self.width * float(unit / self.units)
        return self.x + self.width * log(1 + unit) / log(1 + self.units)


def add_raster(
    parent: Element,
    levels: Sequence[LevelEntry],
    bands: Sequence[Band],
    colours: Sequence[str],
    unit: str,
    left: float,
) -> float:
    """Draw the raster right of `left`, and tell where it ends.

    A pulse stands at the end of its period, when it fires.
    """
    paces = [Fraction(level.frequency) for level in levels if _fires(level)]
    x = left + 26
    top = bands[0].row[0] - 22
    inside = None
    if any(frequency > 1 for frequency in paces):
        inside = Axis(x, _INSIDE, 1)
        text(parent, x, top, f"inside one {unit}", 11, class_="dim")
        x += _INSIDE + _BETWEEN
    slowest = max([1 / frequency for frequency in paces if frequency < 1], default=Fraction(1))
    units = max(_SHOWN[0], int(slowest))
    axis = Axis(x, _WIDTH, units)
    scale = "" if axis.linear else ", on a logarithmic scale"
    text(parent, x, top, f"{unit}s 1 to {units}{scale}", 11, class_="dim")
    for level, band, colour in zip(levels, bands, colours, strict=True):
        row = Box(axis.x, band.row[0] + 2, axis.width, band.row[1] - 4)
        y = row.bottom
        add(parent, "line", class_="rule", x1=left + 26, x2=axis.x + axis.width, y1=y, y2=y)
        if not _fires(level):
            says = "no state to update" if level.frequency == "inf" else pace(level, unit)
            text(parent, axis.x, row.middle[1] + 4, says, 10.5, class_="dim")
            continue
        frequency = Fraction(level.frequency)
        if inside is not None and frequency >= 1:
            _pulses(parent, inside, frequency, row, colour)
        _pulses(parent, axis, frequency, row, colour)
    return axis.x + axis.width + 20


def _fires(level: LevelEntry) -> bool:
    return level.frequency not in ("inf", "0")


def _pulses(parent: Element, axis: Axis, frequency: Fraction, row: Box, colour: str) -> None:
    count = int(axis.units * frequency)
    solid = Box(axis.x, row.y, axis.width, row.height)
    if axis.linear and count <= max(_MOST_PULSES, _SHOWN[1] * (axis.units > 1)):
        width = max(1.5, min(4.0, axis.width / count / 2.2))
        for number in range(1, count + 1):
            x = axis.at(number / frequency) - width
            rectangle(parent, Box(x, row.y, width, row.height), class_=colour)
    elif axis.linear:
        rectangle(parent, solid, class_=colour)
        if axis.units == 1:
            x, y = solid.middle
            label = {"text_anchor": "middle", "font_weight": 700, "class_": "on"}
            text(parent, x, y + 4, f"× {count}", 11, **label)
    else:
        _on_logarithms(parent, axis, frequency, row, colour)


def _on_logarithms(parent: Element, axis: Axis, frequency: Fraction, row: Box, colour: str) -> None:
    """Pulses as far as they stand apart; behind that a block up to the end."""
    number, before = 1, axis.x
    while (x := axis.at(number / frequency)) <= axis.x + axis.width + 0.01:
        if x - before < 4:
            end = axis.x + axis.width
            rectangle(parent, Box(before, row.y, end - before, row.height), class_=colour)
            return
        rectangle(parent, Box(x - 2, row.y, 2, row.height), class_=colour)
        number, before = number + 1, x
