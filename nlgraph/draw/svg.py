"""Write the drawing as SVG."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from nlgraph.draw.fold import WIRED_UP_TO, fold
from nlgraph.draw.model import Band, Box, Card, Layout, Route
from nlgraph.draw.nets import KINDS, gather_wires
from nlgraph.draw.overview import lay_out, write_overview
from nlgraph.draw.raster import add_raster
from nlgraph.draw.route import route
from nlgraph.draw.shapes import add, head, path_of, rectangle, text
from nlgraph.draw.theme import STROKES, Theme, style_sheet
from nlgraph.draw.words import counted, pace, sentence, short, size
from nlgraph.levels.model import EdgeKind
from nlgraph.schema.levels import LevelsDocument

_LAST: Final[tuple[EdgeKind, ...]] = ("same-time",)
"""What is drawn above all other edges."""


def write_svg(document: LevelsDocument, theme: Theme = "auto") -> str:
    """A level graph as an SVG document that needs nothing else.

    Bands are levels, the fastest on top; columns are hosts, so that an optimizer stands above its
    weights; on the right it shows when each level updates. `auto` follows the reader's system.
    """
    scope = "nl-" + hashlib.sha256(document.to_json().encode()).hexdigest()[:8]
    root = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "class": scope,
            "role": "img",
            "aria-labelledby": f"{scope}-title {scope}-about",
        },
    )
    levels = len(document.levels)
    components = counted(len(document.components), "component")
    about = f"{components} on {counted(levels, 'level')}, the fastest on top."
    add(root, "title", f"Level graph of {document.system}", id=f"{scope}-title")
    add(root, "desc", about, id=f"{scope}-about")
    add(root, "style").text = style_sheet(theme, scope)
    _add_hatch(root, scope)
    add(root, "rect", class_="ground", width="100%", height="100%")
    if not levels:
        text(root, 16, 28, document.system, 19, font_weight=700)
        text(root, 16, 47, "no components", 11.5, class_="dim")
        return _sized(root, 320, 64)
    _add_header(root, document)
    folded = fold(document)
    if len(folded.cards) > WIRED_UP_TO:
        overview = lay_out(folded)
        bottom = overview.bottom
        kinds = [kind for kind in KINDS if kind in overview.arcs]
        width = _add_levels(root, document, overview.bands, overview.right)
        write_overview(root, overview)
    else:
        layout = route(folded, gather_wires(folded))
        bottom = layout.bottom
        kinds = [kind for kind in KINDS if any(kind == r.wire.kind for r in layout.routes)]
        width = _add_levels(root, document, layout.bands, layout.right)
        _add_score(root, layout)
    width = max(width, _add_legend(root, kinds, bottom + 26))
    return _sized(root, width, bottom + (58 if kinds else 20))


def _sized(root: Element, width: float, height: float) -> str:
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    return tostring(root, encoding="unicode")


def _add_hatch(root: Element, scope: str) -> None:
    pattern = SubElement(
        SubElement(root, "defs"),
        "pattern",
        {
            "id": f"{scope}-hatch", "width": "6", "height": "6",
            "patternUnits": "userSpaceOnUse", "patternTransform": "rotate(45)",
        },
    )  # fmt: skip
    add(pattern, "rect", class_="paper", width=6, height=6)
    add(pattern, "line", class_="hatch", x1=0, y1=0, x2=0, y2=6)


def _add_header(root: Element, document: LevelsDocument) -> None:
    clocks = ", ".join(f"{clock.name} {short(clock.frequency)}" for clock in document.clocks)
    text(root, 16, 28, document.system, 19, font_weight=700)
    counts = (
        f"{counted(len(document.components), 'component')} · "
        f"{counted(len(document.levels), 'level')} · updates per {document.unit} · clocks: {clocks}"
    )
    text(root, 16, 47, counts, 11.5, class_="dim")


def _add_levels(
    root: Element, document: LevelsDocument, bands: Sequence[Band], right: float
) -> float:
    """The stripes, the rail that names the levels, and the raster; the drawing's right end."""
    colours = _ramp([level.frequency for level in document.levels])
    for index, (level, band) in enumerate(zip(document.levels, bands, strict=True)):
        stripe = Box(0, band.top, right, band.bottom - band.top)
        rectangle(root, stripe, class_=colours[index], opacity=0.09 if index % 2 else 0.13)
        rectangle(root, Box(0, stripe.y, 6, stripe.height), class_=colours[index])
        middle = band.row[0] + band.row[1] / 2
        count = counted(len(level.components), "component")
        text(root, 18, middle - 4, f"level {level.level}", 15, font_weight=700)
        text(root, 18, middle + 12, pace(level, document.unit), 11.5)
        text(root, 18, middle + 27, count, 10.5, class_="dim")
    return add_raster(root, document.levels, bands, colours, document.unit, right)


def _ramp(frequencies: Sequence[str]) -> list[str]:
    """The class of each level's colour, by the rank of its frequency."""
    ranks = {frequency: rank for rank, frequency in enumerate(dict.fromkeys(frequencies))}
    last = max(1, len(ranks) - 1)
    return [f"r{round(ranks[frequency] * 7 / last)}" for frequency in frequencies]


def _add_score(root: Element, layout: Layout) -> None:
    for card, box in layout.boxes.items():
        for shift in (6, 3) if card.copies > 1 else ():
            shadow = Box(box.x + shift, box.y - shift, box.width, box.height)
            rectangle(root, shadow, class_="card", rx=_radius(card, box))
    number = {card: index for index, card in enumerate(layout.boxes)}
    for found in sorted(layout.routes, key=lambda route: route.wire.kind in _LAST):
        _add_route(root, found, number)
    for card, box in layout.boxes.items():
        _add_card(root, card, box, number[card])


def _add_route(root: Element, found: Route, number: Mapping[Card, int]) -> None:
    """A wire; the numbers of the cards at its ends are there for a page's script."""
    wire = found.wire
    numbers = (" ".join(str(number[card]) for card in cards)
               for cards in (wire.sources, wire.targets))  # fmt: skip
    sources, targets = numbers
    group = add(root, "g", class_=f"net {wire.kind}", data_sources=sources, data_targets=targets)
    ends = (", ".join(label for card in cards for label in card.labels)
            for cards in (wire.sources, wire.targets))  # fmt: skip
    own = " (each but its own)" if wire.but_own else ""
    add(group, "title", f"{wire.kind}: {' → '.join(ends)}{own} · {counted(wire.pairs, 'edge')}")
    paths = [path_of(line) for line in found.lines]
    for path in paths:
        add(group, "path", class_="halo", d=path)
    for path in paths:
        add(group, "path", class_="edge", d=path)
    for x, y in found.joins:
        add(group, "circle", class_="join", cx=x, cy=y, r=3)
    for end in found.heads:
        head(group, STROKES[wire.kind].head, end.at, end.side)


def _radius(card: Card, box: Box) -> float:
    return box.height / 2 if card.first.kind == "non-parametric" else 4


def _add_card(root: Element, card: Card, box: Box, number: int) -> None:
    group = add(root, "g", class_=f"node {card.first.kind}", data_card=number)
    add(group, "title", sentence(card))
    rectangle(group, box, class_="card", rx=_radius(card, box))
    x = box.middle[0]
    for row, label in enumerate(card.labels):
        prefix, dot, name = label.rpartition(".")
        line = add(group, "text", class_="mono", x=x, y=box.y + 17 + 16 * row, text_anchor="middle")
        if dot:
            add(line, "tspan", prefix + dot, class_="prefix")
        add(line, "tspan", name)
    text(group, x, box.bottom - 7, size(card), 10.5, class_="dim", text_anchor="middle")


def _add_legend(root: Element, kinds: Sequence[EdgeKind], y: float) -> float:
    x: float = 18
    for kind in kinds:
        stroke = STROKES[kind]
        group = add(root, "g", class_=kind)
        add(group, "path", class_="edge", d=f"M{x:g} {y:g}h38")
        turned = add(group, "g", transform=f"translate({x + 50:g} {y:g}) rotate(-90)")
        head(turned, stroke.head, (0, 0), "top")
        text(root, x + 62, y, kind, 12, font_weight=600)
        text(root, x + 62, y + 14, stroke.says, 10.5, class_="dim")
        x += 72 + max(len(kind) * 7.2 + 8, len(stroke.says) * 5.6)
    return x
