"""Type an expression and all that it reads, without recursion, whatever the order of the file.

A value that reads itself through a `prev` is typed from the `prev`'s start first, then again with
what came out, until nothing changes. One that reads itself without any delay is left without a
type: causality reports it.
"""

from __future__ import annotations

from nlgraph.shapes import errors
from nlgraph.shapes.judge import needs, type_of_parts
from nlgraph.shapes.model import Typed
from nlgraph.shapes.table import Table
from nlgraph.system.model import Prev


def infer(table: Table, root: Typed) -> None:
    """Fill in the types of an expression, its parts, and the signals and states that it reads."""
    if root in table.types:
        return
    stack = [root]
    path: dict[Typed, None] = {}
    while stack:
        key = stack[-1]
        if key in table.types:
            stack.pop()
            continue
        path[key] = None
        missing = [need for need in needs(table, key) if need not in table.types]
        back = next((need for need in missing if need in path), None)
        if back is not None:
            _close(table, stack, path, back)
        elif missing:
            stack.extend(reversed(missing))
        else:
            table.types[key] = type_of_parts(table, key)
            del path[key]
            stack.pop()


def _close(table: Table, stack: list[Typed], path: dict[Typed, None], back: Typed) -> None:
    """The path reads its own part `back`: go on from the last `prev` in between."""
    keys = list(path)
    cycle = keys[keys.index(back) :]
    for key in reversed(cycle):
        expr = key[0]
        if isinstance(expr, Prev) and key not in table.open:
            table.open[key] = expr
            while stack[-1] != key:
                path.pop(stack.pop(), None)
            return
    _report_like(table, cycle)
    last = cycle[-1]
    table.types[last] = None
    del path[last]


def _report_like(table: Table, cycle: list[Typed]) -> None:
    likes = {
        key: state
        for state in table.clocked.equations.states.values()
        if (key := table.like_key(state)) is not None
    }
    chain = [(str(likes[key].id), likes[key].origin) for key in cycle if key in likes]
    if chain:
        table.fault(errors.like_cycle(chain))
