"""A schedule: for each clock the regions that run when it ticks. See docs/contributing/regions.md.

Laws: a name is bound once in a unit, before it is read; a binding stands in the outermost region in
which all that it reads is bound; what a gradient's region reads from outside is a constant to that
gradient. `check` states them in code.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Final, Literal, NewType

from nlgraph.ops.types import TensorType
from nlgraph.system.ids import ClockId, ComponentId
from nlgraph.system.model import Gather

Name = NewType("Name", str)
"""A value's name, unique in its unit. Python can read it."""

Arg = Name | int | float | bool
"""What an operator is given: a named value or a number."""

Lead = tuple[str, ...]
"""The axes that a value has in front of its own: `TICKS`, then dims of copies."""

TICKS: Final = "@ticks"
"""The axis of all ticks of a frame."""


@dataclass(frozen=True, slots=True)
class Note:
    """Where a value stands in the file: for a component or none, on a clock, on a line."""

    component: ComponentId | None
    clock: ClockId
    line: int


@dataclass(frozen=True, slots=True)
class Op:
    """An operator of the registry, or one of `INTERNAL`.

    `place` is where it was written: equal ones may be the leaves of one bundle. The operator is
    mapped over the first `mapped` axes, which every tensor among the args has, some of length 1.
    """

    op: str
    args: tuple[Arg, ...]
    attrs: Mapping[str, Any]
    place: Hashable
    mapped: int = 0


@dataclass(frozen=True, slots=True)
class Grad:
    """The derivatives of the region's one output with respect to each of its inputs, at `args`."""

    region: Region
    args: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """A region that runs turn by turn.

    Its inputs are what is carried, which has `starts` in the first turn, then a part of each of
    `slices`: of so many `ticks`, along the first axis, which is gone where it is one. Where there
    are fewer ticks than turns, each stands for several turns. Its outputs are the next turn's
    carried values, and then what it makes: each of all turns together, one after the other along
    the first axis, or stacked in front of all where a turn makes one tick's.
    `why` has the cycle that keeps it from being anything else, in words.
    """

    region: Region
    turns: int
    starts: tuple[Name, ...]
    slices: tuple[Name, ...]
    ticks: tuple[int, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Binding:
    """Names for the values of a node.

    One for an operator, one for each input of a gradient; of a loop one for each carried value
    after the last turn, and one for each value that its turns make.
    """

    names: tuple[Name, ...]
    node: Op | Grad | Loop
    note: Note


@dataclass(frozen=True, slots=True)
class Region:
    """A pure function; it may also read every name that is bound around it."""

    inputs: tuple[Name, ...]
    bindings: tuple[Binding, ...]
    outputs: tuple[Arg, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """The number of a tick of a period (in root ticks), from 1; anew every `restart` root ticks."""

    period: int
    restart: int | None

    def at(self, tick: int) -> int:
        """The number under way at a root tick."""
        start = 0 if self.restart is None else self.restart * ((tick - 1) // self.restart)
        return -((start - tick) // self.period)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an input of a unit comes from.

    `held`: what lives between ticks, before this tick. `updated`: the same after its update, or as
    held where that does not fire. `started`: what the next tick starts with. `initial`: what a
    state started with. `value`: what another unit (`unit`, by its place in the schedule) made
    under that name. `input`, `draw`: given by the call. `count`: a number.
    """

    kind: Literal["held", "updated", "started", "initial", "value", "input", "draw", "count"]
    key: str | Count
    unit: int = -1


@dataclass(frozen=True, slots=True)
class Target:
    """What an output of a unit is.

    `updated`: a new value of what is held; `started`: what it is after a reset; a `result`; or a
    `value` that another unit reads.
    """

    kind: Literal["updated", "started", "result", "value"]
    key: str


@dataclass(frozen=True, slots=True)
class Unit:
    """What runs when one clock ticks, as one region.

    `types` has every name in it, and `leads` those that have axes in front of their own.
    """

    clock: ClockId
    period: int
    inputs: tuple[Source, ...]
    region: Region
    outputs: tuple[Target, ...]
    types: Mapping[Name, TensorType]
    leads: Mapping[Name, Lead]


@dataclass(frozen=True, slots=True)
class Memory:
    """What lives between ticks besides the states: a window's partial result, or a last value.

    `length` is the number of values that a `collect` puts in front of one another. It starts
    filled with one number, and is empty again every `window` root ticks (None: never).
    """

    name: str
    type: TensorType
    length: int | None
    fill: int | float
    window: int | None = None


def identifier(text: str) -> str:
    """A name of the file as one that Python can read."""
    name = re.sub(r"[\W_]+", "_", text).strip("_") or "value"
    if name[0].isdigit():
        return f"_{name}"
    return f"{name}_" if iskeyword(name) or name == "self" else name


def short_name(name: str) -> str:
    """The name of a state or a memory for people: a memory's without its digest."""
    return name.rpartition("/")[0] if name.startswith("@") and name.count("/") > 1 else name


@dataclass(frozen=True, slots=True)
class Schedule:
    """All units, in an order in which they can run, and the memories that they need.

    `dims` are the dimensions that a call binds; `windows` has the name of each gather's memory.
    """

    units: tuple[Unit, ...]
    memories: tuple[Memory, ...]
    dims: tuple[str, ...]
    windows: Mapping[Gather, str]

    @property
    def periods(self) -> tuple[int, ...]:
        """The periods of all units, in root ticks, rising."""
        return tuple(sorted({unit.period for unit in self.units}))


INTERNAL = {
    "function": "a function of torch or of this package; attrs `target` and `kwargs`",
    "axes": "a tensor with axes of length 1 put in; attr `places`, in the result",
    "sum_all": "the sum of all numbers of a tensor",
    "detach": "a tensor without history",
    "dim_size": "the length of a dimension that a call binds; attr `dim`",
    "fill": "a tensor of a type, filled with a number; attr `type`",
    "spread": "a tensor expanded to a type; attr `type`",
    "to_dtype": "a tensor in another dtype; attr `dtype`",
    "zeros_like": "zeros of the arg's form",
    "ones_like": "ones of the arg's form",
    "place": "args: stacked values, a value, its position from 1; the stack with the value there",
    "stacked": "a stack with its first axis moved to attr `axis`",
    "as_number": "the number in a tensor without dimensions",
}
"""Operators that only schedules have."""
