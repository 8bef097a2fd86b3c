"""Draw a level graph in the format that a file's ending names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from nlgraph.draw.dot import write_dot
from nlgraph.draw.mermaid import write_mermaid
from nlgraph.draw.page import write_page
from nlgraph.draw.png import write_png
from nlgraph.draw.svg import write_svg
from nlgraph.draw.theme import Theme
from nlgraph.schema.levels import LevelsDocument

FORMATS: Final[Mapping[str, Callable[[LevelsDocument, Theme], bytes]]] = {
    ".svg": lambda document, theme: write_svg(document, theme).encode(),
    ".html": lambda document, theme: write_page(document, theme).encode(),
    ".png": write_png,
    ".dot": lambda document, _: write_dot(document).encode(),
    ".mmd": lambda document, _: write_mermaid(document).encode(),
    ".json": lambda document, _: document.to_json().encode() + b"\n",
}
"""What writes a file, by its ending."""


class UnknownFormat(ValueError):
    """A file's ending names no format."""


def draw(document: LevelsDocument, ending: str, theme: Theme = "auto") -> bytes:
    """The contents of a file with this ending (`.svg .html .png .dot .mmd .json`).

    Raises:
        UnknownFormat: the ending is none of these.
        TooManyEdges: `.dot` or `.mmd` of a graph with more than 20,000 edges.
    """
    if ending.lower() not in FORMATS:
        known = ", ".join(FORMATS)
        raise UnknownFormat(f"a drawing ends in one of {known}, not {ending!r}")
    return FORMATS[ending.lower()](document, theme)
