"""The steps of a unit, in the order in which they run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from nlgraph.export.history import settle_history
from nlgraph.export.lifted import unlift
from nlgraph.export.order import Item, TangledError, arrange
from nlgraph.export.rows import Loop, find_loops
from nlgraph.graph.steps import Step, Steps, in_order, steps_of
from nlgraph.graph.tape import flatten
from nlgraph.schedule.model import Source, Target, Unit

AS_OUTPUT = 2
"""How often an output counts as read."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The steps of a unit with where they come from and what they are, its loops, and its runs.

    A run is on the tape or not. `uses` says how often each step is read, a loop counted once and
    an output twice, and `reader` has one of its readers.
    """

    unit: Unit
    order: list[Step]
    sources: dict[Step, Source]
    targets: dict[Step, list[Target]]
    loops: tuple[Loop, ...]
    runs: list[tuple[bool, list[Item]]]
    uses: Counter[Step]
    reader: dict[Step, Step]

    def tracked_keys(self) -> Iterator[str]:
        """The states whose variables have a history."""
        for step in self.order:
            source = self.sources.get(step.args[0]) if step.op == "leaf" else None
            if source is not None and source.kind == "held":
                yield str(source.key)

    def leaf_keys(self) -> Iterator[str]:
        """The states by which something is differentiated, in the order of the gradients."""
        for step in self.order:
            for leaf in step.args[1:] if step.op == "backward" else ():
                source = self.sources.get(leaf.args[0])
                if source is not None and source.kind == "held":
                    yield str(source.key)


def make_plan(unit: Unit) -> Plan:
    """Look through a unit once."""
    steps = flatten(unit)
    unlift(steps)
    settle_history(steps)
    order = in_order(steps.outputs)
    sources = dict(zip(steps.inputs, unit.inputs, strict=True))
    targets: dict[Step, list[Target]] = {}
    for step, target in zip(steps.outputs, unit.outputs, strict=True):
        targets.setdefault(step, []).append(target)
    loops = find_loops(order, _memories(sources, targets))
    try:
        runs = list(arrange(order, loops))
    except TangledError:
        loops = ()
        runs = list(arrange(order, loops))
    uses, reader = _count_uses(order, steps.outputs, loops)
    return Plan(unit, order, sources, targets, loops, runs, uses, reader)


def plan_body(unit: Unit, body: Steps) -> Plan:
    """Look through the body of a loop, in which nothing is looped over again."""
    order = in_order(body.outputs)
    uses, reader = _count_uses(order, body.outputs, ())
    return Plan(unit, order, {}, {}, (), list(arrange(order, ())), uses, reader)


def undetached(step: Step) -> Step:
    """The step whose value another one has without its history."""
    while step.op == "detach":
        step = step.args[0]
    return step


def _memories(sources: dict[Step, Source], targets: dict[Step, list[Target]]) -> dict[Step, str]:
    """The steps that are a memory between ticks, before or after it changes."""
    found = {step: str(source.key) for step, source in sources.items()}
    found |= {step: target.key for step, of in targets.items() for target in of}
    return {step: key for step, key in found.items() if key.startswith("@")}


def _count_uses(
    order: list[Step], outputs: list[Step], loops: tuple[Loop, ...]
) -> tuple[Counter[Step], dict[Step, Step]]:
    uses: Counter[Step] = Counter()
    reader: dict[Step, Step] = {}
    skipped = {step for loop in loops for row in loop.rows[1:] for step in row}
    for step in order:
        if step not in skipped and step.op != "detach":
            for part in map(undetached, steps_of(step.args)):
                uses[part] += 1
                reader[part] = step
    for step in outputs:
        uses[undetached(step)] += AS_OUTPUT
    return uses, reader
