"""What the tests of clocks share: the passes up to the checks of time, on a text."""

from dataclasses import dataclass

import pytest

from nlgraph.clocks.causality import check_causality
from nlgraph.clocks.gathers import check_gathers
from nlgraph.clocks.gradients import check_gradients
from nlgraph.clocks.infer import infer_clocks
from nlgraph.clocks.later import check_later
from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.syntax.parse import parse
from nlgraph.system.model import Gather
from nlgraph.system.resolve import resolve
from nlgraph.text.source import Source


@dataclass(frozen=True)
class Timed:
    """What the passes make of a text."""

    clocked: Clocked
    faults: tuple[Diagnostic, ...]

    def component(self, name: str) -> str | None:
        return self.clocked.components[name]

    def signal(self, name: str) -> tuple[str | None, bool]:
        timing = self.clocked.signals[name]
        return timing.clock, timing.stream

    def windows(self) -> list[tuple[str, str]]:
        return [
            (expr.kind, self.clocked.windows[expr])
            for expr in self.clocked.timings
            if isinstance(expr, Gather)
        ]

    def codes(self) -> list[tuple[str, int]]:
        return [(fault.code, fault.labels[0].span.line) for fault in self.faults]


def _timed(text: str) -> Timed:
    report = Report()
    file = parse(Source("test.nl", text), report)
    equations, ungrouped = resolve(file, {}, Report())
    hosts = None
    if ungrouped:
        provisional = infer_clocks(equations, Report())
        hosts = {n: provisional.duration(clock) for n, clock in provisional.components.items()}
    equations, _ = resolve(file, {}, report, clock_of_host=hosts)
    named = [fault for fault in report.diagnostics if fault.severity == "error"]
    assert not named, named
    report = Report()
    clocked = infer_clocks(equations, report)
    check_gathers(clocked, report)
    check_causality(clocked, report)
    check_later(clocked, report)
    check_gradients(clocked, report)
    return Timed(clocked, report.sorted())


@pytest.fixture
def timed():
    """The clocks of a text, and the faults of time in it."""
    return _timed


@pytest.fixture
def clocks():
    """The clocks of a text without faults of time."""

    def checked(text: str) -> Timed:
        found = _timed(text)
        assert not found.faults, found.faults
        return found

    return checked
