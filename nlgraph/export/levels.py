"""The level table as plain text."""

from __future__ import annotations

from nlgraph.diagnostics.escape import escape, width
from nlgraph.frontend import System
from nlgraph.levels.fold import fold_names
from nlgraph.levels.model import Level
from nlgraph.schema.levels import frequency_text

_COLUMNS = 96


def levels_text(system: System) -> str:
    """The levels, the fastest first: frequency, clock and components."""
    equations = system.shaped.clocked.equations
    rows = [("level", "frequency", "every", "components")]
    rows += [_row(system, level) for level in system.levels]
    widths = [max(width(row[i]) for row in rows) for i in range(3)]
    lines = [f"{escape(system.name)}, unit of time: {escape(equations.root)}", ""]
    for row in rows:
        blank = [" " * (room - width(cell)) for cell, room in zip(row, widths, strict=False)]
        lines += _wrapped(f" {blank[0]}{row[0]}  {blank[1]}{row[1]}  {row[2]}{blank[2]}  ", row[3])
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _row(system: System, level: Level) -> tuple[str, str, str, str]:
    clock = system.shaped.clocked.components[level.components[0]]
    every = "at once" if level.frequency is None else clock or "never"
    names = "  ".join(fold_names(level.components))
    return str(level.index), frequency_text(level.frequency), escape(every), escape(names)


def _wrapped(head: str, names: str) -> list[str]:
    """The names beside a head, broken between them where a line is full."""
    lines = [head]
    for name in names.split("  "):
        if width(lines[-1]) + width(name) > _COLUMNS and lines[-1].strip():
            lines.append(" " * width(head))
        lines[-1] += f"{name}  "
    return lines
