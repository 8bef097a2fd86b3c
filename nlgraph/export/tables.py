"""Names of states that methods share, as constants of the file."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.export.names import Names, identifier, quoted
from nlgraph.export.writer import Writer


class Tables:
    """Constants, each made once."""

    def __init__(self, reserved: frozenset[str]) -> None:
        """No constant has a reserved name."""
        self._names = Names(reserved)
        self._made: dict[tuple[tuple[str, ...], ...], str] = {}

    @property
    def names(self) -> frozenset[str]:
        """The names of the constants."""
        return frozenset(self._made.values())

    def keys(self, keys: Sequence[str], wanted: str) -> str:
        """The constant that lists these names."""
        return self.rows([(key,) for key in keys], wanted)

    def rows(self, rows: Sequence[tuple[str, ...]], wanted: str) -> str:
        """The constant that lists these rows of names."""
        known = tuple(rows)
        if known not in self._made:
            self._made[known] = self._names.new(identifier(wanted).upper())
        return self._made[known]

    def write(self, writer: Writer) -> None:
        """All constants, in the order in which they were made."""
        for rows, name in self._made.items():
            if all(len(row) == 1 for row in rows):
                cells = [quoted(key) for (key,) in rows]
                writer.bracketed(f"{name} = (", cells, ")", tuple_=True)
                continue
            writer.line(f"{name} = (")
            writer.depth += 1
            for row in rows:
                writer.bracketed("(", [quoted(key) for key in row], "),")
            writer.depth -= 1
            writer.line(")")
