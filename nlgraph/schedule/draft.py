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
    Lead,
    Loop,
    Name,
    Note,
    Op,
    Region,
    Source,
    Target,
    Unit,
    identifier,
)
from nlgraph.schedule.order import in_order
from nlgraph.schedule.prune import pruned
from nlgraph.system.ids import ClockId


@dataclass(slots=True, eq=False)
class RegionDraft:
    """A region being written. `reads` are the names from outside that it reads."""

    depth: int
    inputs: list[Name] = field(default_factory=list)
    bindings: list[Binding | LoopDraft] = field(default_factory=list)
    reads: dict[Name, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class LoopDraft:
    """A loop being written; whoever reads what its turns make adds an output.

    `carried` has for each input what it starts with and what the next turn has, `sliced` for each
    value from outside the input that is a turn's part of it, with its number of ticks.
    """

    region: RegionDraft
    turns: int
    why: tuple[str, ...]
    note: Note
    carried: dict[Name, tuple[Name, Arg]] = field(default_factory=dict)
    sliced: dict[Name, tuple[Name, int]] = field(default_factory=dict)
    last: dict[Name, Name] = field(default_factory=dict)
    stacked: dict[Name, Name] = field(default_factory=dict)
    home: RegionDraft | None = None


class UnitDraft:
    """A unit being written."""

    def __init__(self, clock: ClockId, period: int) -> None:
        """Start with nothing."""
        self.clock = clock
        self.period = period
        self.root = RegionDraft(0)
        self.types: dict[Name, TensorType] = {}
        self.leads: dict[Name, Lead] = {}
        self.inputs: dict[Source, Name] = {}
        self.outputs: dict[Target, Arg] = {}
        self._home: dict[Name, RegionDraft] = {}
        self._table: dict[Hashable, tuple[Name, ...]] = {}
        self._taken: dict[str, int] = {}
        self._loops: dict[Name, tuple[LoopDraft, Name]] = {}

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
        lead: Lead = (),
        mapped: int = 0,
    ) -> Name:
        """The name of an operator's value, bound as far out as its arguments allow.

        `key` tells apart what `attrs` does, in a form that can be hashed. `type_` is that of the
        whole value, with the axes of `lead` in front; the operator is mapped over `mapped` axes.
        """
        # 1, 1.0 and true are equal in Python, and not what a graph is to be given alike.
        entry = (op, key, mapped, lead, tuple((type(arg).__name__, arg) for arg in args))
        if entry not in self._table:
            home = self._deepest(args)
            name = self._name(hint or op, type_, home)
            self._bind(home, (name,), Op(op, args, attrs or {}, place, mapped), args, note)
            self._table[entry] = (name,)
            if lead:
                self.leads[name] = lead
        return self._table[entry][0]

    def open(self, around: RegionDraft) -> RegionDraft:
        """A new region inside another one."""
        return RegionDraft(around.depth + 1)

    def region_input(
        self, region: RegionDraft, type_: TensorType, hint: str, lead: Lead = ()
    ) -> Name:
        """A further input of a region."""
        name = self._name(hint, type_, region)
        region.inputs.append(name)
        if lead:
            self.leads[name] = lead
        return name

    def lead(self, arg: Arg) -> Lead:
        """The axes that a value has in front of its own."""
        return self.leads.get(arg, ()) if isinstance(arg, str) else ()

    def loop(self, loop: LoopDraft) -> None:
        """Bind a loop whose body is written: as far out as what it reads allows."""
        starts = tuple(start for start, _ in loop.carried.values())
        args = (*starts, *loop.sliced, *loop.region.reads)
        home = self._deepest(args)
        loop.home = home
        home.bindings.append(loop)
        for arg in args:
            if self._home[arg] is not home:
                home.reads[arg] = None
        for name, (_, after) in loop.carried.items():
            # What no turn makes is what it starts with from the second turn on.
            assert isinstance(after, str), "what is carried is a tensor"
            loop.last[name] = self._name(f"{name}_last", self.types[name], home)
            self.leads[loop.last[name]] = self.lead(name)

    def turn_of(
        self, loop: LoopDraft, arg: Name, type_: TensorType, lead: Lead, ticks: int
    ) -> Name:
        """A turn's part of a value from outside, of so many ticks."""
        if arg not in loop.sliced:
            name = self.region_input(loop.region, type_, arg, lead)
            loop.sliced[arg] = (name, ticks)
        return loop.sliced[arg][0]

    def of_all_turns(self, loop: LoopDraft, arg: Name, type_: TensorType, lead: Lead) -> Name:
        """What all turns make of a name in a loop's region."""
        for outer, (name, _) in loop.sliced.items():
            if name == arg:
                return outer
        if arg not in loop.stacked:
            assert loop.home is not None, "its turns are read when the loop is bound"
            loop.stacked[arg] = self._name(arg, type_, loop.home)
            self.leads[loop.stacked[arg]] = lead
            self._loops[loop.stacked[arg]] = loop, arg
        return loop.stacked[arg]

    def after_last_turn(self, arg: Name) -> Name | None:
        """The last of what all turns made, where that is carried; None where it is not.

        It calls itself for the loop inside whose turns made it, few times nested.
        """
        if arg not in self._loops:
            return None
        loop, made = self._loops[arg]
        for name, (_, after) in loop.carried.items():
            ends = after in (made, self.after_last_turn(made))
            if ends and self.lead(name) == self.lead(arg)[1:]:
                return loop.last[name]
        return None

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
        for name, arg in zip(names, args, strict=True):
            self.leads[name] = self.lead(arg)
        node = Grad(_closed(region, (output,)), args)
        self._bind(home, names, node, (*args, *region.reads), note)
        return names

    def close(self) -> Unit:
        """The unit, complete."""
        region, _ = pruned(_closed(self.root, tuple(self.outputs.values())))
        return Unit(
            self.clock,
            self.period,
            tuple(self.inputs),
            region,
            tuple(self.outputs),
            self.types,
            self.leads,
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
    """A region; it calls itself for the loops inside, which are few times nested."""
    bindings = in_order(
        _closed_loop(binding) if isinstance(binding, LoopDraft) else binding
        for binding in region.bindings
        if not isinstance(binding, LoopDraft) or binding.carried or binding.stacked
    )
    return Region(tuple(region.inputs), bindings, outputs)


def _closed_loop(loop: LoopDraft) -> Binding:
    carried = tuple(loop.carried)
    sliced = tuple(name for name, _ in loop.sliced.values())
    ys = tuple(loop.stacked)
    region = RegionDraft(loop.region.depth, [*carried, *sliced], loop.region.bindings)
    node = Loop(
        region=_closed(region, (*(after for _, after in loop.carried.values()), *ys)),
        turns=loop.turns,
        starts=tuple(start for start, _ in loop.carried.values()),
        slices=tuple(loop.sliced),
        ticks=tuple(ticks for _, ticks in loop.sliced.values()),
        why=loop.why,
    )
    names = (*(loop.last[name] for name in carried), *loop.stacked.values())
    return Binding(names, node, loop.note)
