"""Slips of the pen: a text with a few tokens or lines dropped, doubled, or swapped."""

from __future__ import annotations

import re

from hypothesis import strategies as st

TOKENS = re.compile(r"#[^\n]*|\w+|[^\S\n]+|.|\n")


@st.composite
def slips(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> str:
    """A text with one to three tokens or lines dropped, doubled, or swapped with another."""
    text = draw(texts)
    for _ in range(draw(st.integers(1, 3))):
        lines = draw(st.booleans())
        parts = text.splitlines(keepends=True) if lines else TOKENS.findall(text)
        spaced = [i for i, part in enumerate(parts) if part.strip() and not part.startswith("#")]
        if len(spaced) < 2:
            break
        place = draw(st.sampled_from(spaced))
        match draw(st.sampled_from(["drop", "double", "swap with the next", "swap with any"])):
            case "drop":
                del parts[place]
            case "double":
                parts.insert(place, parts[place])
            case "swap with the next":
                other = spaced[(spaced.index(place) + 1) % len(spaced)]
                parts[place], parts[other] = parts[other], parts[place]
            case _:
                other = draw(st.sampled_from(spaced))
                parts[place], parts[other] = parts[other], parts[place]
        text = "".join(parts)
    return text
