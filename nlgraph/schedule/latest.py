"""The last ticks of windows alone: what makes a value is made again, of the last ticks of its args.

So nothing is computed for the other ticks, unless something else reads them. It stops at what is
sliced, gathered, or made by a loop; of that the last ticks are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlgraph.ops.types import Dim
from nlgraph.schedule.model import Arg, Name
from nlgraph.schedule.value import Value

if TYPE_CHECKING:
    from nlgraph.schedule.lift import Lifting


@dataclass(frozen=True, slots=True)
class Made:
    """What a value was made of, and how to make it of other args, which have so many ticks."""

    args: tuple[Arg, ...]
    again: Callable[[Sequence[Arg], int], Arg]


def latest(lift: Lifting, arg: Arg, ticks: int, of: Value) -> Arg:
    """The last of each of so many windows, whose ticks a value has."""
    found: dict[Arg, Arg] = {}
    stack: list[tuple[Arg, bool]] = [(arg, False)]
    while stack:
        at, ready = stack.pop()
        if at in found:
            continue
        if not isinstance(at, str) or lift.ticks(at) <= ticks:
            found[at] = at
            continue
        made = lift.made.get(at)
        if made is None:
            found[at] = _selected(lift, at, ticks, of)
        elif ready:
            found[at] = made.again([found[part] for part in made.args], ticks)
        else:
            stack.append((at, True))
            stack.extend((part, False) for part in made.args)
    return found[arg]


def _selected(lift: Lifting, arg: Name, ticks: int, of: Value) -> Name:
    """The last ticks of a value that is there."""
    have = lift.ticks(arg)
    rest = lift.draft.types[arg].dims[1:]
    if ticks == 1:
        last = lift.draft.after_last_turn(arg)
        if last is not None:
            return last
        return lift.call("torch.select", (arg, 0, -1), {}, rest, of, lift.lead(arg)[1:])
    windows = lift.windows(arg, ticks, have // ticks, of)
    dims = (Dim(None, ticks), *rest)
    return lift.call("torch.select", (windows, 1, -1), {}, dims, of, lift.lead(arg))
