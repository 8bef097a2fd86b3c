"""Loops that do the same: what they make has the same number."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any

from nlgraph.schedule.model import TICKS, Arg, Binding, Grad, Loop, Name, Op, Region, Unit

Number = Callable[[Hashable], int]
"""The number of what a key tells: the same for the same one."""


def number_loop(
    unit: Unit, binding: Binding, loop: Loop, known: Mapping[Name, int], number: Number
) -> tuple[int, ...]:
    """The numbers of what a loop gives, in the order of its names.

    `known` has the numbers of all that it reads. Two loops give a value of one number where they
    start alike, and do alike in each turn: in whatever order, and whatever else they make.
    """
    return _Numbering(unit, known, number).loop(binding, loop, 0)


class _Numbering:
    """The numbers of names inside a loop, where what is carried counts by its place."""

    def __init__(self, unit: Unit, known: Mapping[Name, int], number: Number) -> None:
        self.unit = unit
        self.known = dict(known)
        self.number = number

    def loop(self, binding: Binding, loop: Loop, depth: int) -> tuple[int, ...]:
        """Number what a loop gives; it calls itself for the loops inside, few times nested."""
        inputs, known, number = loop.region.inputs, self.known, self.number
        count = len(loop.starts)
        for place, name in enumerate(inputs[:count]):
            known[name] = number(("carried", depth, place))
        for name, source, ticks in zip(inputs[count:], loop.slices, loop.ticks, strict=True):
            known[name] = number(("turn's", depth, known[source], ticks))
        self._region(loop.region, depth)
        outputs = tuple(map(self._arg, loop.region.outputs))
        starts = tuple(known[name] for name in loop.starts)
        whole = number(("loop", loop.turns, starts, outputs[:count]))
        joined = [
            isinstance(arg, str) and TICKS in self.unit.leads.get(arg, ())
            for arg in loop.region.outputs[count:]
        ]
        last = [number(("last", whole, place)) for place in range(count)]
        made = [
            number(("made", whole, output, join))
            for output, join in zip(outputs[count:], joined, strict=True)
        ]
        found = (*last, *made)
        known.update(zip(binding.names, found, strict=True))
        return found

    def _region(self, region: Region, depth: int) -> None:
        """Number what a region binds, and what the gradients inside it do."""
        open_: list[tuple[Iterator[Binding], Binding | None]] = [(iter(region.bindings), None)]
        while open_:
            bindings, around = open_[-1]
            binding = next(bindings, None)
            if binding is None:
                open_.pop()
                if around is not None:
                    self._derivatives(around)
                continue
            node = binding.node
            if isinstance(node, Op):
                args = tuple(map(self._arg, node.args))
                key = (node.op, node.mapped, hashable(node.attrs), *args)
                self.known[binding.names[0]] = self.number(key)
            elif isinstance(node, Grad):
                for place, (name, arg) in enumerate(
                    zip(node.region.inputs, node.args, strict=True)
                ):
                    key = ("by", depth, len(open_), place, self.known[arg])
                    self.known[name] = self.number(key)
                open_.append((iter(node.region.bindings), binding))
            else:
                self.loop(binding, node, depth + 1)

    def _derivatives(self, binding: Binding) -> None:
        node = binding.node
        assert isinstance(node, Grad), "only gradients have regions of their own"
        by = tuple(self.known[name] for name in node.region.inputs)
        value = self._arg(node.region.outputs[0])
        for place, name in enumerate(binding.names):
            self.known[name] = self.number(("derivative", value, by, place))

    def _arg(self, arg: Arg) -> Hashable:
        """A number for a name; a number of the file as what tells it from others."""
        return self.known[arg] if isinstance(arg, str) else (type(arg).__name__, arg)


def hashable(item: Any) -> Hashable:  # noqa: ANN401
    """Attributes in a form that can be compared."""
    if isinstance(item, Mapping):
        return tuple((key, hashable(item[key])) for key in sorted(item))
    if isinstance(item, tuple | list):
        return tuple(map(hashable, item))
    assert isinstance(item, Hashable), f"an attribute of type {type(item).__name__}"
    return (type(item).__name__, item) if isinstance(item, int | float) else item
