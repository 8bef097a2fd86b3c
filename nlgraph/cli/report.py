"""Diagnostics on the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.diagnostics.render import render


def show(diagnostics: Iterable[Diagnostic]) -> None:
    """Write diagnostics to standard error, an empty line after each."""
    color = Painter(sys.stderr).has_colour
    for diagnostic in diagnostics:
        sys.stderr.write(render(diagnostic, color) + "\n\n")
