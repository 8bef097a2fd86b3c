"""What backward passes keep of their tape, in the order in which they run in the end."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.graph.steps import Step, in_order, steps_of


def retain(outputs: Sequence[Step]) -> None:
    """Let a backward pass keep what a later one needs of its tape."""
    later: set[Step] = set()
    for step in reversed(in_order(outputs)):
        if step.op == "backward" and not step.attrs["create_graph"]:
            tape = {part for part in reached(step.args[0]) if part.op != "leaf"}
            step.attrs = {**step.attrs, "retain_graph": not later.isdisjoint(tape)}
            later |= tape


def reached(value: Step) -> set[Step]:
    """What a gradient of a value flows through, with the leaves."""
    found: set[Step] = set()
    stack = [value]
    while stack:
        step = stack.pop()
        if step.tape and step not in found:
            found.add(step)
            stack.extend(steps_of(step.args))
    return found
