"""Text that is safe to show: nothing in it moves the cursor, turns the direction, or hides."""

from __future__ import annotations

import unicodedata

# Control, format (bidirectional marks among them), surrogate and unassigned characters, and the
# two Unicode line ends.
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})


def escape(text: str) -> str:
    """The text with every character that a terminal would not show as itself spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(shown, text))


def shown(char: str) -> str:
    """A character as it is shown: itself, or `<U+202E>`."""
    if unicodedata.category(char) in _HIDDEN:
        return f"<U+{ord(char):04X}>"
    return char


def width(text: str) -> int:
    """How many columns of a terminal an escaped text takes."""
    if text.isascii():
        return len(text)
    return sum(_width_of(char) for char in text)


def _width_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
