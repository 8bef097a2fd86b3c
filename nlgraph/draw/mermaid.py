"""Write a level graph in Mermaid's language."""

from __future__ import annotations

from nlgraph.diagnostics.escape import escape
from nlgraph.draw.pairs import pairs_of
from nlgraph.draw.theme import LIGHT, STROKES
from nlgraph.draw.words import pace, short
from nlgraph.levels.model import EdgeKind
from nlgraph.schema.levels import LevelsDocument

_ARROWS: dict[EdgeKind, str] = {
    "same-time": "==>", "state": "-->", "context": "-.->", "backprop": "-.->", "init": "--x",
    "generates": "--o",
}  # fmt: skip


def write_mermaid(document: LevelsDocument) -> str:
    """Every level a subgraph, every component a node, and every pair a link.

    Raises:
        TooManyEdges: more pairs than a drawing of them could show.
    """
    number = {component.name: index for index, component in enumerate(document.components)}
    of = {component.name: component for component in document.components}
    lines = ["flowchart TB"]
    for level in document.levels:
        title = f"level {level.level}: {pace(level, document.unit)}"
        lines.append(f"  subgraph level{level.level} [{_quoted(title)}]")
        for name in level.components:
            label = f"{name} · {short(of[name].frequency)}"
            opened, closed = ("([", "])") if of[name].kind == "non-parametric" else ("[", "]")
            lines.append(f"    n{number[name]}{opened}{_quoted(label)}{closed}")
        lines.append("  end")
    links: dict[EdgeKind, list[str]] = {}
    for index, (source, target, kind) in enumerate(pairs_of(document)):
        lines.append(f"  n{number[source]} {_ARROWS[kind]} n{number[target]}")
        links.setdefault(kind, []).append(str(index))
    for kind, indices in links.items():
        width = f"stroke-width:{STROKES[kind].width}px"
        lines.append(f"  linkStyle {','.join(indices)} stroke:{LIGHT.kinds[kind]},{width}")
    return "\n".join([*lines, ""])


def _quoted(text: str) -> str:
    """A label; whatever could end it or stand for markup is written as an entity."""
    kept = (
        char if char.isalnum() or char in " ._·:/'∞" else f"#{ord(char)};" for char in escape(text)
    )
    return f'"{"".join(kept)}"'
