"""The work of a schedule grows as the system does."""

from __future__ import annotations

import sys
from types import FrameType

import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.module.support import find_unsupported
from nlgraph.schedule.plan import make_schedule

HEAD = """
use std.optim (adam, clip_norm)
use std.blocks (dense)
dim B = 4
clock step
clock slow = 4 step
input x, y : [B, 2] every step
for i in 1 .. {n} {{ component layer[i] = dense(2, 2) }}
z[0] = x
"""
CHAIN = "for i in 1 .. {n} {{ z[i] = tanh(layer[i](z[i - 1])) }}\n"
SYSTEMS = {
    "one loss": HEAD + CHAIN + "train layer minimize mse(z[{n}], y) by adam()\n",
    "clipped": HEAD + CHAIN + "train layer minimize mse(z[{n}], y) by clip_norm(1) then adam()\n",
    "local": HEAD
    + CHAIN.replace("z[i - 1]", "stop(z[i - 1])")
    + "for i in 1 .. {n} {{ train layer[i] minimize mse(z[i], y) by adam() }}\n",
    "two clocks": HEAD
    + """
for i in 1 .. {n} {{ component late[i] = dense(2, 2) every slow }}
for i in 1 .. {n} {{ train layer[i] minimize mse(tanh(layer[i](x)), y) by adam() }}
for i in 1 .. {n} {{ train late[i] minimize mse(tanh(late[i](layer[i](x))), y) by adam() }}
""",
}


def calls_made(text: str) -> int:
    """The calls of Python, and turns of generators, that scheduling a system takes."""
    system = nlgraph.loads(text)
    count = 0

    def note(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        found = find_unsupported(system.shaped, "eager")
        schedule = make_schedule(system.shaped, Report())
    finally:
        sys.setprofile(before)
    assert found is None
    assert schedule.units
    return count


@pytest.mark.parametrize("name", SYSTEMS)
def test_work_doubles_with_the_system(name: str) -> None:
    calls_made(SYSTEMS[name].format(n=2))  # what is made once
    once, twice = (calls_made(SYSTEMS[name].format(n=n)) for n in (20, 40))
    assert twice < 2.05 * once
