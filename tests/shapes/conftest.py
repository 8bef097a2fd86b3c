"""What the tests of shapes share: the front end up to shapes, on a text."""

from dataclasses import dataclass

import pytest

from nlgraph.clocks.infer import infer_clocks
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.shapes.infer import infer_shapes
from nlgraph.shapes.model import Shaped
from nlgraph.syntax.parse import parse
from nlgraph.system.resolve import resolve
from nlgraph.text.source import Source

HEADER = """\
dim B = 4, T = 6, d = 8, k = 3, H = 2, classes = 10
clock step
input x : [B, d] every step
input seq : [B, T, d] every step
input y : int[B] every step
input mask : bool[B] every step
component W : [d, classes] ~ xavier()
component b : [classes] = 0
component v : [d] = 1
"""
"""Declarations that the snippets read; they begin on the next line."""


@dataclass(frozen=True)
class Checked:
    """What the passes make of a text."""

    shaped: Shaped | None
    errors: tuple[Diagnostic, ...]

    def signal(self, name: str) -> str:
        """A signal's type, as the language writes it."""
        assert self.shaped is not None
        assert not self.errors, self.errors
        return str(self.shaped.signals[name])


def run(text: str) -> Checked:
    report = Report()
    file = parse(Source("spec.nl", text), report)
    if report.errors:
        return Checked(None, report.errors)
    equations, _ = resolve(file, {}, report)
    if report.errors:
        return Checked(None, report.errors)
    return Checked(infer_shapes(infer_clocks(equations, report), report), report.errors)


@pytest.fixture
def check():
    """The shapes and the errors of a whole file."""
    return run


@pytest.fixture
def snippet():
    """The shapes and the errors of lines behind the common header."""
    return lambda text: run(HEADER + text)
