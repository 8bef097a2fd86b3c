"""The shapes that a drawing is written in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from nlgraph.diagnostics.escape import escape
from nlgraph.draw.model import Box, Point, Side
from nlgraph.draw.theme import HeadShape

_CORNER: Final = 5


def add(parent: Element, tag: str, content: str | None = None, /, **attributes: object) -> Element:
    """A new element; `class_` is the attribute `class`, and `_` in names stands for `-`."""
    named = {name.rstrip("_").replace("_", "-"): number(v) for name, v in attributes.items()}
    element = SubElement(parent, tag, named)
    element.text = None if content is None else escape(content)
    return element


def number(value: object) -> str:
    """A number as short as it is exact to a hundredth; anything else as text."""
    return f"{round(value, 2):g}" if isinstance(value, float) else escape(str(value))


def text(
    parent: Element, x: float, y: float, content: str, size: float, /, **more: object
) -> Element:
    """A line of text."""
    return add(parent, "text", content, x=x, y=y, font_size=size, **more)


def rectangle(parent: Element, box: Box, /, **more: object) -> Element:
    """A rectangle."""
    return add(parent, "rect", x=box.x, y=box.y, width=box.width, height=box.height, **more)


def path_of(points: Sequence[Point]) -> str:
    """A line with rounded corners, as a path."""
    steps = [f"M{_at(points[0])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        steps.append(f"L{_at(start)}Q{_at(corner)} {_at(end)}")
    steps.append(f"L{_at(points[-1])}")
    return "".join(steps)


def head(parent: Element, shape: HeadShape, at: Point, side: Side) -> None:
    """The head of an edge that enters a card from above (`top`) or from below."""
    x, y = at
    back = -1 if side == "top" else 1
    match shape:
        case "dot":
            add(parent, "circle", class_="head closed", cx=x, cy=y + 4 * back, r=4)
            return
        case "triangle":
            path, closed = f"M{_at(at)}l-5 {9 * back}h10z", " closed"
        case "hollow":
            path, closed = f"M{_at(at)}l-5 {8 * back}h10z", " closed"
        case "diamond":
            path = f"M{_at(at)}l-4.5 {5.5 * back}l4.5 {5.5 * back}l4.5 {-5.5 * back}z"
            closed = " closed"
        case "vee":
            path = f"M{_at((x - 4, y + 7 * back))}L{_at(at)}l4 {7 * back}"
            closed = ""
        case "bar":
            path, closed = f"M{_at((x - 6, y + 1 * back))}h12v{2 * back}h-12z", " closed"
    add(parent, "path", class_="head" + closed, d=path)


def _at(point: Point) -> str:
    return f"{number(float(point[0]))} {number(float(point[1]))}"


def _towards(corner: Point, other: Point) -> Point:
    """The point on the way from a corner where its curve begins."""
    reach = min(_CORNER, (abs(other[0] - corner[0]) + abs(other[1] - corner[1])) / 2)
    x, y = (c + reach * ((o > c) - (o < c)) for c, o in zip(corner, other, strict=True))
    return x, y
