"""A unit while it is written: regions inside each other, in which equal nodes are one binding."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from nlgraph.ops.types import TensorType
from nlgraph.schedule.model import (
    Arg,
    Binding,
    Grad,
    Name,
    Note,
    Op,
    Region,
    Source,
    Target,
    Unit,
    identifier,
)
from nlgraph.system.ids import ClockId


@dataclass(slots=True, eq=False)
class RegionDraft:
    """A region being written. `reads` are the names from outside that it reads."""

    depth: int
    inputs: list[Name] = field(default_factory=list)
    bindings: list[Binding] = field(default_factory=list)
    reads: dict[Name, None] = field(default_factory=dict)


class UnitDraft:
    """A unit being written."""

    def __init__(self, clock: ClockId, period: int) -> None:
        """Start with nothing."""
        self.clock = clock
        self.period = period
        self.root = RegionDraft(0)
        self.types: dict[Name, TensorType] = {}
        self.inputs: dict[Source, Name] = {}
        self.outputs: dict[Target, Arg] = {}
        self._home: dict[Name, RegionDraft] = {}
        self._table: dict[Hashable, tuple[Name, ...]] = {}
        self._taken: dict[str, int] = {}

    def input(self, source: Source, type_: TensorType, hint: str) -> Name:
        """The input of the unit that comes from a source."""
        if source not in self.inputs:
            self.inputs[source] = self._name(hint, type_, self.root)
            self.root.inputs.append(self.inputs[source])
        return self.inputs[source]

    def op(
        self,
        op: str,
        args: tuple[Arg, ...],
        type_: TensorType,
        note: Note,
        *,
        attrs: Mapping[str, Any] | None = None,
        key: Hashable = None,
        place: Hashable = None,
        hint: str | None = None,
    ) -> Name:
        """The name of an operator's value, bound as far out as its arguments allow.

        `key` tells apart what `attrs` does, in a form that can be hashed.
        """
        # 1, 1.0 and true are equal in Python, and not what a graph is to be given alike.
        entry = (op, key, tuple((type(arg).__name__, arg) for arg in args))
        if entry not in self._table:
            home = self._deepest(args)
            name = self._name(hint or op, type_, home)
            self._bind(home, (name,), Op(op, args, attrs or {}, place), args, note)
            self._table[entry] = (name,)
        return self._table[entry][0]

    def open(self, around: RegionDraft) -> RegionDraft:
        """A new region inside another one."""
        return RegionDraft(around.depth + 1)

    def region_input(self, region: RegionDraft, type_: TensorType, hint: str) -> Name:
        """A further input of a region."""
        name = self._name(hint, type_, region)
        region.inputs.append(name)
        return name

    def inside(self, region: RegionDraft, arg: Arg) -> bool:
        """Whether a value is bound in a region."""
        return isinstance(arg, str) and self._home[arg] is region

    def grad(
        self,
        region: RegionDraft,
        args: tuple[Name, ...],
        output: Name,
        hints: list[str],
        note: Note,
    ) -> tuple[Name, ...]:
        """The names of the derivatives of a region's output."""
        home = self._deepest((*args, *region.reads))
        names = tuple(
            self._name(hint, self.types[arg], home) for hint, arg in zip(hints, args, strict=True)
        )
        node = Grad(_closed(region, (output,)), args)
        self._bind(home, names, node, (*args, *region.reads), note)
        return names

    def close(self) -> Unit:
        """The unit, complete."""
        outputs = tuple(self.outputs.values())
        return Unit(
            self.clock,
            self.period,
            tuple(self.inputs),
            _closed(self.root, outputs),
            tuple(self.outputs),
            self.types,
        )

    def _bind(
        self,
        home: RegionDraft,
        names: tuple[Name, ...],
        node: Op | Grad,
        args: tuple[Arg, ...],
        note: Note,
    ) -> None:
        home.bindings.append(Binding(names, node, note))
        for arg in args:
            if isinstance(arg, str) and self._home[arg] is not home:
                home.reads[arg] = None

    def _deepest(self, args: tuple[Arg, ...]) -> RegionDraft:
        homes = [self._home[arg] for arg in args if isinstance(arg, str)]
        return max(homes, key=lambda home: home.depth, default=self.root)

    def _name(self, hint: str, type_: TensorType, home: RegionDraft) -> Name:
        base = identifier(hint)
        count = self._taken.get(base, 0)
        self._taken[base] = count + 1
        name = Name(base if count == 0 else f"{base}_{count}")
        if name in self.types:
            return self._name(hint, type_, home)
        self.types[name] = type_
        self._home[name] = home
        return name


def _closed(region: RegionDraft, outputs: tuple[Arg, ...]) -> Region:
    return Region(tuple(region.inputs), tuple(region.bindings), outputs)
