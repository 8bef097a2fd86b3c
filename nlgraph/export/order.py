"""The order of statements: what is differentiated together, the rest where it is needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from nlgraph.export.rows import Loop
from nlgraph.graph.steps import Step, steps_of

Item = Step | Loop
"""One statement, or several in a loop."""

_SETTLED = ("input", "part", "dim_size")


class TangledError(Exception):
    """Loops that need each other."""


def arrange(order: Sequence[Step], loops: Iterable[Loop]) -> Iterator[tuple[bool, list[Item]]]:
    """Items in an order in which they can run: whether they are on a tape, and which.

    The tape comes as early as it can: before it what it needs, the rest after it.

    Raises:
        TangledError: some loops cannot be run one after the other.
    """
    item_of: dict[Step, Item] = {step: loop for loop in loops for step in loop.steps}
    items = list(dict.fromkeys(item_of.get(s, s) for s in order if s.op not in _SETTLED))
    needs = {item: _needs(item, item_of) for item in items}
    left = dict.fromkeys(items)
    before_all = list(_run(left, needs, _wanted(left, needs, every=True), taped=False))
    if before_all:
        yield False, before_all
    while left:
        before = len(left)
        for taped in (True, False):
            wanted = None if taped else _wanted(left, needs)
            run = list(_run(left, needs, wanted, taped=taped))
            if run:
                yield taped, run
        if len(left) == before:
            raise TangledError


def _needs(item: Item, item_of: dict[Step, Item]) -> dict[Item, None]:
    found: dict[Item, None] = {}
    for step in item.steps if isinstance(item, Loop) else (item,):
        for part in steps_of(step.args):
            source = part.args[0] if part.op == "part" else part
            if source.op not in _SETTLED:
                found[item_of.get(source, source)] = None
    found.pop(item, None)
    return found


def _is_taped(item: Item) -> bool:
    return isinstance(item, Step) and (item.tape or item.op == "backward")


def _wanted(
    left: dict[Item, None], needs: dict[Item, dict[Item, None]], *, every: bool = False
) -> set[Item]:
    """What the next item on the tape needs, or every one; all that is left where there is none."""
    taped = [item for item in left if _is_taped(item)]
    found: set[Item] = set()
    stack: list[Item] = list((taped if every else taped[:1]) or left)
    while stack:
        item = stack.pop()
        if item in left and item not in found:
            found.add(item)
            stack.extend(needs[item])
    return found


def _run(
    left: dict[Item, None],
    needs: dict[Item, dict[Item, None]],
    wanted: set[Item] | None,
    *,
    taped: bool,
) -> Iterator[Item]:
    """Take all items of one kind that can run, in order, until none is left that can."""
    going = True
    while going:
        going = False
        for item in list(left):
            if _is_taped(item) is not taped or (wanted is not None and item not in wanted):
                continue
            if all(need not in left for need in needs[item]):
                del left[item]
                going = True
                yield item
