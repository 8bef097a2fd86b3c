"""What the terminal is given: colour where it is wanted, tables, and nothing that misleads."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Literal, TextIO

from nlgraph.diagnostics.escape import width

Style = Literal["bold", "dim", "red", "green", "cyan"]

_STYLES: dict[Style, str] = {"bold": "1", "dim": "2", "red": "31", "green": "32", "cyan": "36"}


def uses_colour(stream: TextIO) -> bool:
    """Whether a stream is to have colour: NO_COLOR and FORCE_COLOR decide, then the terminal."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class Painter:
    """Styles text for one stream, or leaves it plain."""

    def __init__(self, stream: TextIO) -> None:
        """A painter for a stream."""
        self.has_colour = uses_colour(stream)

    def paint(self, text: str, style: Style) -> str:
        """The text in a style."""
        return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if self.has_colour and text else text


def table(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    right: frozenset[int],
    columns: int,
    painter: Painter,
) -> str:
    """Aligned columns below their names; the last one is broken at double spaces to fit.

    Args:
        header: the names of the columns.
        rows: their cells.
        right: the columns whose cells stand at the right, as numbers do.
        columns: the width of the terminal.
        painter: styles the header.
    """
    widths = [max(map(width, cells)) for cells in zip(header, *rows, strict=True)]
    last = len(widths) - 1
    indent = 1 + sum(widths[:last]) + 2 * last

    def cell(text: str, place: int) -> str:
        blank = " " * (widths[place] - width(text))
        if place in right:
            return blank + text
        return text + blank if place < last else _wrapped(text, columns - indent, indent)

    def line(row: Sequence[str]) -> str:
        return (" " + "  ".join(cell(text, place) for place, text in enumerate(row))).rstrip()

    return "\n".join([painter.paint(line(header), "dim"), *map(line, rows)])


def _wrapped(text: str, room: int, indent: int) -> str:
    lines: list[str] = []
    for name in text.split("  "):
        if lines and width(lines[-1]) + 2 + width(name) <= room:
            lines[-1] += f"  {name}"
        else:
            lines.append(name)
    return ("\n" + " " * indent).join(lines)
