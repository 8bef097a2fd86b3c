"""Names and texts of a spec, made safe to stand in Python: a spec is never trusted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from keyword import iskeyword

from nlgraph.diagnostics.escape import escape, shown

_GREEK = re.compile(r"GREEK (?:SMALL|CAPITAL) LETTER ([A-Z]+)$")

AMBIGUOUS = ("l", "I", "O")
"""Names that look like numbers, which linters refuse."""


class Names:
    """Identifiers that are taken; each new one differs from all of them."""

    def __init__(self, reserved: frozenset[str] = frozenset()) -> None:
        """Start with names that nothing may have."""
        self._taken = set(reserved)

    def new(self, wanted: str) -> str:
        """An identifier like the one wanted, from now on taken."""
        base = identifier(wanted)
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name

    def mark(self) -> frozenset[str]:
        """The names that are taken now."""
        return frozenset(self._taken)

    def release(self, mark: frozenset[str], kept: Iterable[str]) -> None:
        """Give back the names that were taken since a mark, but for some."""
        self._taken = {*mark, *kept}


def identifier(text: str) -> str:
    """An ASCII identifier that reads like the text: `layer[1].W` is `layer_1_W`."""
    found = "".join(map(_ascii, unicodedata.normalize("NFKC", text)))
    found = re.sub(r"\W+", "_", found, flags=re.ASCII).strip("_") or "value"
    if found in AMBIGUOUS:
        return f"{found}_"
    return f"_{found}" if found[0].isdigit() or iskeyword(found) else found


def is_parameter(name: str) -> bool:
    """Whether an input's name can stand in a signature as it is."""
    same = unicodedata.normalize("NFKC", name) == name
    plain = name.isidentifier() and not iskeyword(name) and name not in AMBIGUOUS
    return same and plain and not name.startswith("__")


def quoted(text: str) -> str:
    """A Python string of this text, in double quotes; what does not show is spelled out."""
    return f'"{"".join(map(_in_quotes, text))}"'


def remark(text: str) -> str:
    """A text that can follow a `#`: one line, and nothing in it moves or hides."""
    return escape(text)


def _ascii(char: str) -> str:
    if char.isascii():
        return char
    letter = _GREEK.match(unicodedata.name(char, ""))
    if letter is not None:
        name = letter[1].lower()
        return name if char.islower() else name.capitalize()
    return f"u{ord(char):x}"


def _in_quotes(char: str) -> str:
    if char in '\\"':
        return f"\\{char}"
    if shown(char) == char:
        return char
    return f"\\U{ord(char):08x}"
