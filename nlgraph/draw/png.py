"""Write the drawing as PNG."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Final

from nlgraph.draw.svg import write_svg
from nlgraph.draw.theme import Theme
from nlgraph.schema.levels import LevelsDocument

ZOOM: Final = 2
"""Pixels of the picture for one of the drawing, so that it is sharp on dense screens."""


def write_png(document: LevelsDocument, theme: Theme = "auto") -> bytes:
    """A level graph as a picture, with fonts of its own; `auto` is light."""
    import resvg_py

    svg = write_svg(document, "light" if theme == "auto" else theme)
    with as_file(files("nlgraph.draw") / "fonts") as fonts:
        picture = resvg_py.svg_to_bytes(
            svg_string=svg, zoom=ZOOM, skip_system_fonts=True, font_dirs=[str(fonts)]
        )
    return bytes(picture)
