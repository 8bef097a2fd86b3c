"""Steps that do the same for many tensors, as an optimizer does for every weight: one loop each.

Steps belong together that were written at one place in the file, share their numbers, and are
equally deep. What they read of one another joins them into rows, one for each weight; rows of one
form are a loop. Where something between them needs all rows at once (the norm of all gradients), a
loop ends and another one begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from nlgraph.graph.steps import Step, steps_of

_FEWEST_ROWS = 2
_FEWEST_STEPS = 10
"""Below this many steps in all rows, lines without a loop are as short."""
_MANY_ROWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Rows of steps, and how many loops over the same rows come before; all rows have one form."""

    rows: tuple[tuple[Step, ...], ...]
    phase: int

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps, row by row."""
        return tuple(step for row in self.rows for step in row)


def find_loops(order: Sequence[Step], memories: Mapping[Step, str]) -> tuple[Loop, ...]:
    """The loops of a graph, whose steps are given after what they read.

    `memories` says which steps are a memory between ticks, before or after it changes.
    """
    groups = _groups(order)
    rows = _rows(order, groups, memories)
    loops: list[Loop] = []
    for form in _forms(rows, groups):
        if len(form) >= _MANY_ROWS or len(form) * len(form[0]) >= _FEWEST_STEPS:
            loops.extend(_phases(order, form))
    return tuple(loops)


def _groups(order: Sequence[Step]) -> dict[Step, int]:
    """The number of the group of each step that is in one."""
    depth: dict[Step, int] = {}
    members: dict[Hashable, list[Step]] = defaultdict(list)
    for step in order:
        depth[step] = 1 + max((depth[part] for part in steps_of(step.args)), default=0)
        if step.place is not None and not step.tape and step.type.dims and step.op != "detach":
            args = tuple(map(_shared, step.args))
            attrs = repr(sorted(step.attrs.items()))
            # A window's length says nothing of how one adds to it.
            place = _place(step)
            members[depth[step], step.op, place, step.type.dtype, attrs, args].append(step)
    found = [steps for steps in members.values() if len(steps) >= _FEWEST_ROWS]
    return {step: number for number, steps in enumerate(found) for step in steps}


def _place(step: Step) -> Hashable:
    """Where a step was written; a gather's own is (operator, gather, period, window)."""
    place = step.place
    if isinstance(place, tuple) and len(place) == len(("op", "gather", "period", "window")):
        return place[:2]
    return place


def _shared(arg: object) -> Hashable:
    """What an arg must be in all rows: itself, unless it is a tensor with dimensions."""
    if isinstance(arg, Step):
        return "tensor" if arg.type.dims else id(arg)
    return (type(arg).__name__, repr(arg))


def _rows(
    order: Sequence[Step], groups: dict[Step, int], memories: Mapping[Step, str]
) -> list[tuple[Step, ...]]:
    """Steps of groups that read one another, or one memory; each row in order."""
    above: dict[Step, Step] = {step: step for step in groups}

    def top(step: Step) -> Step:
        while above[step] is not step:
            above[step] = above[above[step]]
            step = above[step]
        return step

    of_memory: dict[str, Step] = {}
    for step in groups:
        for part in (step, *steps_of(step.args)):
            if part in groups:
                above[top(part)] = top(step)
            if part in memories:
                known = of_memory.setdefault(memories[part], step)
                above[top(known)] = top(step)
    rows: dict[Step, list[Step]] = defaultdict(list)
    for step in order:
        if step in groups:
            rows[top(step)].append(step)
    return [tuple(row) for row in rows.values()]


def _forms(
    rows: Iterable[tuple[Step, ...]], groups: dict[Step, int]
) -> Iterable[list[tuple[Step, ...]]]:
    """Rows with the same groups, one step of each."""
    forms: dict[tuple[int, ...], list[tuple[Step, ...]]] = defaultdict(list)
    for row in rows:
        form = tuple(sorted(groups[step] for step in row))
        if len(set(form)) == len(form):
            forms[form].append(tuple(sorted(row, key=lambda step: groups[step])))
    return (
        _in_order(form) for form in forms.values() if len(form) >= _FEWEST_ROWS and _differ(form)
    )


def _differ(form: list[tuple[Step, ...]]) -> bool:
    """Whether each row reads something of its own from outside."""
    inside = {step for row in form for step in row}
    own = [
        {part for step in row for part in steps_of(step.args) if part not in inside} for row in form
    ]
    shared = set.intersection(*own)
    return all(parts - shared for parts in own)


def _in_order(form: list[tuple[Step, ...]]) -> list[tuple[Step, ...]]:
    """The steps of each row after what they read."""
    first = form[0]
    place = {step: i for i, step in enumerate(first)}
    done: list[int] = []
    while len(done) < len(first):
        done += [
            i
            for i, step in enumerate(first)
            if i not in done and all(place[p] in done for p in steps_of(step.args) if p in place)
        ]
    return [tuple(row[i] for i in done) for row in form]


def _phases(order: Sequence[Step], form: list[tuple[Step, ...]]) -> Iterable[Loop]:
    """One loop for each time that something outside needs all rows; steps as late as they can."""
    column = {step: i for row in form for i, step in enumerate(row)}
    row_of = {step: i for i, row in enumerate(form) for step in row}
    inside: dict[Step, list[Step]] = defaultdict(list)
    outside: set[int] = set()
    reached: dict[Step, int] = {}
    for step in order:
        reached[step] = 0
        for part in steps_of(step.args):
            same = step in column and row_of.get(part) == row_of[step]
            reached[step] = max(reached[step], reached[part] + (part in column and not same))
            if same:
                inside[part].append(step)
            elif part in column:
                outside.add(column[part])
    phases = [max(reached[row[i]] for row in form) for i in range(len(form[0]))]
    last = max(phases)
    for i in reversed(range(len(phases))):
        if i not in outside:
            later = [phases[column[step]] for row in form for step in inside[row[i]]]
            phases[i] = min(later, default=last)
    for number in sorted(set(phases)):
        picked = [i for i, of in enumerate(phases) if of == number]
        yield Loop(tuple(tuple(row[i] for i in picked) for row in form), number)
