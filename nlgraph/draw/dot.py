"""Write a level graph in Graphviz's language."""

from __future__ import annotations

from nlgraph.diagnostics.escape import escape
from nlgraph.draw.fold import host_of
from nlgraph.draw.pairs import pairs_of
from nlgraph.draw.theme import LIGHT, STROKES, HeadShape
from nlgraph.draw.words import pace, short
from nlgraph.schema.levels import LevelsDocument

_ARROWS: dict[HeadShape, str] = {
    "triangle": "normal", "vee": "vee", "dot": "dot", "hollow": "empty", "bar": "tee",
    "diamond": "odiamond",
}  # fmt: skip


def write_dot(document: LevelsDocument) -> str:
    """Every level a cluster, every component a node, and every pair an edge; hosts share a group.

    Raises:
        TooManyEdges: more pairs than a drawing of them could show.
    """
    names = {component.name for component in document.components}
    number = {component.name: index for index, component in enumerate(document.components)}
    lines = [
        f"digraph {_quoted(document.system)} {{",
        '  graph [rankdir=TB, fontname="sans-serif", newrank=true]',
        '  node [shape=box, style=rounded, fontname="monospace", fontsize=11]',
    ]
    of = {component.name: component for component in document.components}
    for level in document.levels:
        title = f"level {level.level}: {pace(level, document.unit)}"
        lines += [f"  subgraph cluster_{level.level} {{", f"    label={_quoted(title)}"]
        for name in level.components:
            label = f"{name}\n{short(of[name].frequency)}"
            group = _quoted(host_of(name, names))
            lines.append(f"    n{number[name]} [label={_quoted(label)}, group={group}]")
        lines.append("  }")
    for source, target, kind in pairs_of(document):
        stroke = STROKES[kind]
        style = "dashed" if stroke.dash else "solid"
        lines.append(
            f"  n{number[source]} -> n{number[target]} [arrowhead={_ARROWS[stroke.head]}, "
            f'style={style}, color="{LIGHT.kinds[kind]}", penwidth={stroke.width}, '
            f"tooltip={_quoted(kind)}]"
        )
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    """A string of DOT; a line's end becomes its escape."""
    lines = (escape(line) for line in text.split("\n"))
    inner = "\\n".join(line.replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return f'"{inner}"'
