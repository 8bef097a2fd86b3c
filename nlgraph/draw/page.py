"""Write the drawing as a page that one can explore."""

from __future__ import annotations

import base64
import hashlib
import json
from html import escape as html_escape
from importlib.resources import files
from typing import Final

from nlgraph.diagnostics.escape import escape
from nlgraph.draw.fold import fold
from nlgraph.draw.nets import KINDS
from nlgraph.draw.svg import write_svg
from nlgraph.draw.theme import Theme
from nlgraph.draw.words import counted
from nlgraph.schema.levels import LevelsDocument

_PAGE: Final = """\
<!doctype html>
<html lang="en" data-theme="{theme}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<h1>{system}</h1>
<input type="search" id="find" placeholder="find a component ( / )" aria-label="find a component">
<fieldset><legend>edges</legend>{kinds}</fieldset>
<p id="status" role="status"></p>
</header>
<main>
<div id="drawing">{svg}</div>
<aside id="details" aria-label="details">
<p>Point at a component for its details; click it, or press Enter, for what it reads and what
reads it, with Shift for all of it. Arrow keys move, Esc clears.</p>
</aside>
</main>
<script type="application/json" id="graph">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def write_page(document: LevelsDocument, theme: Theme = "auto") -> str:
    """A level graph as one HTML file that asks nothing of anyone: no request leaves it."""
    assets = files("nlgraph.draw") / "assets"
    script = (assets / "page.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    used = {edge.kind for edge in document.edges}
    svg = write_svg(document, theme).replace('role="img"', 'role="group"', 1)
    system = html_escape(escape(document.system))
    return _PAGE.format(
        theme=theme,
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'",
        title=f"{system}: {counted(len(document.levels), 'level')}",
        system=system,
        style=(assets / "page.css").read_text(encoding="utf-8"),
        kinds="".join(
            f'<label class="{kind}"><input type="checkbox" checked value="{kind}">{kind}</label>'
            for kind in KINDS
            if kind in used
        ),
        svg=svg,
        data=_data(document),
        script=script,
    )


def _data(document: LevelsDocument) -> str:
    """The components of each card, by number, and edges by the numbers of components."""
    number = {component.name: index for index, component in enumerate(document.components)}

    def numbers(names: str | list[str]) -> list[int]:
        return [number[name] for name in ([names] if isinstance(names, str) else names)]

    data = {
        "unit": document.unit,
        "components": [
            component.model_dump(exclude_none=True) for component in document.components
        ],
        "cards": [[number[m.name] for m in card.members] for card in fold(document).cards],
        "edges": [
            [numbers(edge.source), numbers(edge.target), KINDS.index(edge.kind)]
            for edge in document.edges
        ],
        "kinds": list(KINDS),
    }
    # Nothing in a name may end the script element or begin a comment in it.
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")
