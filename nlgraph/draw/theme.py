"""Colours, strokes and fonts, and the style sheet that they make."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from nlgraph.levels.model import EdgeKind

Theme = Literal["auto", "light", "dark"]
HeadShape = Literal["triangle", "vee", "dot", "hollow", "bar", "diamond"]

SANS: Final = "Inter, 'Helvetica Neue', 'Segoe UI', 'DejaVu Sans', sans-serif"
MONO: Final = "'JetBrains Mono', ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


@dataclass(frozen=True, slots=True)
class Stroke:
    """How an edge kind is drawn, told apart without colour too, and what it says."""

    width: float
    dash: str
    head: HeadShape
    says: str


STROKES: Final[Mapping[EdgeKind, Stroke]] = {
    "same-time": Stroke(2.4, "", "triangle", "needs the updated value, same tick"),
    "state": Stroke(1.2, "", "vee", "reads the state"),
    "context": Stroke(1.6, "7 3", "dot", "is a memory of its gradients"),
    "backprop": Stroke(1.6, "1.5 3.5", "hollow", "gradient flows back through"),
    "init": Stroke(1.6, "10 3 2 3", "bar", "is reset to it, starts from it"),
    "generates": Stroke(1.4, "4 2", "diamond", "sets a coefficient of the rule"),
}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours on one ground. Those of edges have a contrast of 5:1 or more to it."""

    ground: str
    ink: str
    dim: str
    line: str
    card: str
    card_line: str
    hatch: str
    ramp: tuple[str, ...]
    kinds: Mapping[EdgeKind, str]


LIGHT: Final = Palette(
    ground="#ffffff",
    ink="#1b2330",
    dim="#5d6878",
    line="#c9d0da",
    card="#ffffff",
    card_line="#8a94a3",
    hatch="#d5dae2",
    ramp=(
        "#d9771c", "#a08512", "#5b9444", "#2b8c7c", "#2a7a9c", "#37598f", "#3f3f7f", "#35265c",
    ),
    kinds={
        "same-time": "#1b2330",
        "state": "#0072B2",
        "context": "#C04A00",
        "backprop": "#A8498A",
        "init": "#00795A",
        "generates": "#8A6A00",
    },
)  # fmt: skip

DARK: Final = Palette(
    ground="#12161d",
    ink="#e8ecf2",
    dim="#9aa6b6",
    line="#343d4b",
    card="#1c222c",
    card_line="#5b6778",
    hatch="#313a48",
    ramp=(
        "#f2a65a", "#d6bf57", "#93c47d", "#56b8a8", "#56a5cc", "#7d9bd6", "#9a8fd6", "#b08cc8",
    ),
    kinds={
        "same-time": "#e8ecf2",
        "state": "#56B4E9",
        "context": "#F0803C",
        "backprop": "#E08CC3",
        "init": "#2CC79A",
        "generates": "#E6B93C",
    },
)  # fmt: skip


def style_sheet(theme: Theme, scope: str) -> str:
    """The style of everything under the class `scope`; `auto` follows the reader's system."""
    rules = _rules(DARK if theme == "dark" else LIGHT, scope)
    if theme == "auto":
        rules += "@media (prefers-color-scheme: dark){" + _rules(DARK, scope) + "}"
    return rules


def _rules(palette: Palette, scope: str) -> str:
    p = palette
    rules = {
        "text": f"font-family:{SANS};fill:{p.ink}",
        ".mono": f"font-family:{MONO};font-size:12.5px;font-weight:700",
        ".dim": f"fill:{p.dim}",
        ".prefix": f"fill:{p.dim};font-weight:400",
        ".ground,.on": f"fill:{p.ground}",
        ".paper": f"fill:{p.card}",
        ".card": f"fill:{p.card};stroke:{p.card_line};stroke-width:1.2",
        ".rule": f"stroke:{p.line};stroke-width:1",
        ".hatch": f"stroke:{p.hatch};stroke-width:2",
        ".frozen .card": f"stroke-dasharray:2 2;fill:url(#{scope}-hatch)",
        ".halo": f"stroke:{p.ground};stroke-width:5;stroke-opacity:.9;fill:none",
        ".edge": "fill:none",
        ".head": "stroke-width:1.5;fill:none",
    }
    rules |= {f".r{step}": f"fill:{colour}" for step, colour in enumerate(p.ramp)}
    for kind, stroke in STROKES.items():
        colour = p.kinds[kind]
        dash = f";stroke-dasharray:{stroke.dash}" if stroke.dash else ""
        filled = colour if stroke.head in ("triangle", "dot") else p.ground
        rules[f".{kind} .edge"] = f"stroke:{colour};stroke-width:{stroke.width}{dash}"
        rules[f".{kind} .head"] = f"stroke:{colour}"
        rules[f".{kind} .closed"] = f"fill:{filled}"
        rules[f".{kind} .join"] = f"fill:{colour}"
    return "".join(
        ",".join(f".{scope} {part}" for part in selector.split(",")) + "{" + body + "}"
        for selector, body in rules.items()
    )
