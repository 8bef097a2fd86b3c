"""The graph of a tick: the units that fire then, called in order by a thin graph around them.

Units are built when first needed and shared by all firing sets, so that a set of its own costs no
more than the calls. Where one unit fires alone, it is the graph.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

import torch
from torch import fx

from nlgraph import limits
from nlgraph.graph.build import build_unit, placeholder
from nlgraph.graph.calls import Dtypes, Sizes
from nlgraph.schedule.model import Schedule, Source, Target, Unit, identifier, short_name


@dataclass(frozen=True, slots=True)
class Firing:
    """What runs at a tick: the graph, where its args come from, and which outputs are what.

    No arg is `updated`, `started` or the `value` of a unit: those are settled here.
    """

    module: fx.GraphModule
    sources: tuple[Source, ...]
    changed: tuple[tuple[str, int], ...]
    results: tuple[tuple[str, int], ...]


class Graphs:
    """The graphs of a schedule."""

    def __init__(self, schedule: Schedule, dtypes: Dtypes) -> None:
        """Build nothing yet."""
        self.schedule = schedule
        self._dtypes = dtypes
        self._units: dict[_Key, fx.GraphModule] = {}
        self._firings: dict[_Key, Firing] = {}
        self._dims: dict[int, tuple[str, ...]] = {}
        self._dims_of_set: dict[tuple[int, ...], tuple[str, ...]] = {}

    def at(self, tick: int, sizes: Sizes) -> Firing:
        """What runs at a root tick, from 1."""
        fires = tuple(period for period in self.schedule.periods if tick % period == 0)
        dims = self._dims_of_set.get(fires)
        if dims is not None:
            found = self._firings.get((fires, tuple(sizes[dim] for dim in dims)))
            if found is not None:
                return found
        return self._build(fires, sizes)

    def _build(self, fires: tuple[int, ...], sizes: Sizes) -> Firing:
        chosen = [
            (index, unit, self._unit(index, unit, sizes))
            for index, unit in enumerate(self.schedule.units)
            if unit.period in fires
        ]
        dims = tuple(dict.fromkeys(dim for index, *_ in chosen for dim in self._dims[index]))
        self._dims_of_set[fires] = dims
        key = (fires, tuple(sizes[dim] for dim in dims))
        if len(chosen) == 1:
            ((_, unit, module),) = chosen
            return _keep(self._firings, key, _alone(unit, module))
        outer = _Outer()
        for index, unit, module in chosen:
            outer.call(index, unit, module)
        return _keep(self._firings, key, outer.firing())

    def _unit(self, index: int, unit: Unit, sizes: Sizes) -> fx.GraphModule:
        """A unit's graph: one for all sizes of the dimensions that it does not name."""
        if index in self._dims:
            found = self._units.get(self._unit_key(index, sizes))
            if found is not None:
                return found
        named = _Named(sizes)
        module = build_unit(unit, named, self._dtypes, f"Unit{index}")
        self._dims[index] = tuple(named.seen)
        return _keep(self._units, self._unit_key(index, sizes), module)

    def _unit_key(self, index: int, sizes: Sizes) -> _Key:
        return ((index,), tuple(sizes[dim] for dim in self._dims[index]))


_Key = tuple[tuple[int, ...], tuple[int, ...]]
_Kept = TypeVar("_Kept")


def _keep(kept: dict[_Key, _Kept], key: _Key, value: _Kept) -> _Kept:
    """Keep a graph, and forget the oldest of too many."""
    if len(kept) >= limits.GRAPHS:
        del kept[next(iter(kept))]
    kept[key] = value
    return value


class _Named(Mapping[str, int]):
    """Sizes that note which of them are looked up."""

    def __init__(self, sizes: Sizes) -> None:
        self.seen: dict[str, None] = {}
        self._sizes = sizes

    def __getitem__(self, dim: str) -> int:
        size = self._sizes[dim]
        self.seen[dim] = None
        return size

    def __iter__(self) -> Iterator[str]:
        return iter(self._sizes)

    def __len__(self) -> int:
        return len(self._sizes)


def _settled(source: Source) -> Source:
    """Where a value comes from if nothing of this tick brings it."""
    if source.kind in ("updated", "started"):
        return Source("held", source.key)
    return source


def _alone(unit: Unit, module: fx.GraphModule) -> Firing:
    places = {(target.kind, target.key): i for i, target in enumerate(unit.outputs)}
    sources = tuple(_settled(source) for source in unit.inputs)
    return Firing(module, sources, *_outputs(places))


_Place = tuple[Literal["updated", "started", "result", "value"], str]
"""What an output is, and its name."""


def _outputs(
    places: Mapping[_Place, int],
) -> tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...]]:
    """What changes, and the results: each with its place among the outputs."""
    changed = {key: place for (kind, key), place in places.items() if kind == "updated"}
    changed |= {key: place for (kind, key), place in places.items() if kind == "started"}
    results = {key: place for (kind, key), place in places.items() if kind == "result"}
    return tuple(changed.items()), tuple(results.items())


class _Outer:
    """A graph that calls units, while it is built."""

    def __init__(self) -> None:
        self._graph = fx.Graph()
        self._root = torch.nn.Module()
        self._args: dict[Source, fx.Node] = {}
        self._names: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._places: dict[Source, tuple[fx.Node, int]] = {}
        self._made: dict[Source, fx.Node] = {}
        self._outputs: dict[_Place, Source] = {}

    def call(self, index: int, unit: Unit, module: fx.GraphModule) -> None:
        """Call a unit; what it gives is there for those after it."""
        name = f"unit_{index}"
        self._root.add_module(name, module)
        args = tuple(self._arg(source) for source in unit.inputs)
        outputs = self._graph.call_module(name, args)
        for place, target in enumerate(unit.outputs):
            self._place(index, target, (outputs, place))

    def firing(self) -> Firing:
        """The graph, complete."""
        self._graph.output(tuple(self._take(source) for source in self._outputs.values()))
        self._graph.lint()
        module = fx.GraphModule(self._root, self._graph, class_name="Tick")
        places = {key: place for place, key in enumerate(self._outputs)}
        return Firing(module, tuple(self._args), *_outputs(places))

    def _place(self, index: int, target: Target, place: tuple[fx.Node, int]) -> None:
        """Note where a value is that a unit gives."""
        if target.kind == "result":
            # A result is read by nobody: its source has a name that no other one has.
            source = Source("value", f"{target.key} result", index)
            self._outputs["result", target.key] = source
        elif target.kind == "value":
            source = Source("value", target.key, index)
        else:
            source = Source(target.kind, target.key)
            self._change(target.key, source)
        self._places[source] = place

    def _change(self, key: str, source: Source) -> None:
        """A new value of what is held; what a reset makes of it comes last."""
        known = self._outputs.get(("updated", key))
        if known is None or known.kind == "updated":
            self._outputs["updated", key] = source

    def _take(self, source: Source) -> fx.Node:
        """One of the values that a unit gave."""
        if source not in self._made:
            outputs, place = self._places[source]
            name = f"{_readable(source)}_{_WORDS[source.kind]}".removesuffix("_")
            self._made[source] = self._graph.create_node(
                "call_function", operator.getitem, (outputs, place), name=name
            )
        return self._made[source]

    def _arg(self, source: Source) -> Any:  # noqa: ANN401
        kinds: dict[str, tuple[Source, ...]] = {
            "updated": (source,),
            "started": (source, Source("updated", source.key)),
            "value": (source,),
        }
        for made in kinds.get(source.kind, ()):
            if made in self._places:
                return self._take(made)
        settled = _settled(source)
        assert settled.kind != "value", "the unit that makes a value runs before its readers"
        if settled not in self._args:
            last = next(reversed(self._args.values()), None)
            graph = self._graph
            name = self._name(settled)
            before = graph.inserting_before() if last is None else graph.inserting_after(last)
            with before:
                self._args[settled] = placeholder(graph, name)
        return self._args[settled]

    def _name(self, source: Source) -> str:
        """A placeholder's name, which no other one has."""
        base = name = _readable(source)
        number = self._numbers.get(base, 0)
        while name in self._names:
            number += 1
            name = f"{base}_{number}"
        self._numbers[base] = number
        self._names.add(name)
        return name


_WORDS = {"updated": "next", "started": "start", "value": ""}


def _readable(source: Source) -> str:
    """A name for what comes from a source."""
    if not isinstance(source.key, str):
        return "tick"
    return identifier(short_name(source.key))
