import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schedule.plan import make_schedule
from nlgraph.schedule.text import schedule_text

HEAD = """
use std.optim (adamw, gd)
dim B = 5, d = 4, c = 3
clock step
clock four = 4 step
input x : [B, d] every step
input y : int[B] every step
component W : [d, c] ~ xavier()
logits = x @ W
loss = cross_entropy(logits, y)
"""


@pytest.fixture
def schedule_of():
    """A schedule of a text after the common head."""

    def make(text, *, learning=True, head=HEAD):
        report = Report()
        schedule = make_schedule(nlgraph.loads(head + text).shaped, report, learning=learning)
        assert report.errors == ()
        return schedule

    return make


@pytest.fixture
def text_of(schedule_of):
    """The text of such a schedule."""

    def make(text, *, learning=True, head=HEAD):
        return schedule_text(schedule_of(text, learning=learning, head=head))

    return make


@pytest.fixture
def faults_of():
    """The codes that scheduling a text reports."""

    def find(text, *, head=HEAD):
        report = Report()
        make_schedule(nlgraph.loads(head + text).shaped, report)
        return [diagnostic.code for diagnostic in report.errors]

    return find
