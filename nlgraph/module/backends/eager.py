"""The eager backend: the optimised graph, run by torch as it is."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.graph.firing import Firing, Graphs
from nlgraph.graph.nonfinite import find_origin, operation_of
from nlgraph.module.backends import INITIAL, Cause, other_sizes
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.ops.lower import sizes_of
from nlgraph.schedule.cells import stacked
from nlgraph.schedule.model import Count, Memory
from nlgraph.schedule.plan import make_schedule
from nlgraph.shapes.model import Shaped

if TYPE_CHECKING:
    from torch.fx import GraphModule


class EagerBackend:
    """Runs one graph for each set of clocks that tick together."""

    def __init__(self, shaped: Shaped, dtype: torch.dtype | None, watch: tuple[str, ...]) -> None:
        """Schedule a system.

        Raises:
            SpecError: a gradient spans several ticks in a way that cannot be scheduled yet.
        """
        report = Report()
        learning = make_schedule(shaped, report, watch=watch)
        calling = make_schedule(shaped, report, learning=False, steps=learning)
        if report.errors:
            raise SpecError(report.errors)
        self._dtypes = torch_dtypes(dtype)
        self._learning = Graphs(learning, self._dtypes)
        self._calling = Graphs(calling, self._dtypes)
        self._memories = {memory.name: memory for memory in learning.memories}
        fixed = {dim.name for type_ in shaped.states.values() if type_ for dim in type_.dims}
        self._open = tuple(
            memory
            for memory in learning.memories
            if any(dim.name not in fixed for dim in memory.type.dims)
        )

    def memory(self, device: torch.device) -> dict[str, Tensor]:
        """Empty windows and last values, but those whose size a call may bring."""
        return {
            memory.name: self._empty(memory, {}, device)
            for memory in self._memories.values()
            if memory not in self._open
        }

    def windows(self) -> tuple[str, ...]:
        """The names of all memories: digests in them tell numbers too."""
        return tuple(self._memories)

    def keeps(self, name: str) -> bool:
        """Whether a name is that of a window or of a last value."""
        return name in self._memories

    def step(
        self,
        tick: int,
        held: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        draws: Mapping[str, Tensor],
        sizes: Mapping[str, int],
        *,
        learning: bool,
    ) -> tuple[Mapping[str, Tensor | None], Mapping[str, Tensor]]:
        """Run one root tick; see `Backend`."""
        firing, args = self._ready(tick, held, inputs, draws, sizes, learning=learning)
        outputs = _run(firing.module, args)
        results = {name: outputs[place] for name, place in firing.results}
        if not learning:
            return {}, results
        return {name: outputs[place] for name, place in firing.changed}, results

    def _ready(
        self,
        tick: int,
        held: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        draws: Mapping[str, Tensor],
        sizes: Mapping[str, int],
        *,
        learning: bool,
    ) -> tuple[Firing, list[Tensor | int]]:
        firing = (self._learning if learning else self._calling).at(tick, sizes)
        if self._open:
            read = {source.key for source in firing.sources if source.kind == "held"}
            held = self._with_open(tick, held, sizes, inputs, read)
        return firing, _args(firing, tick, held, inputs, draws)

    def cause(
        self,
        name: str,
        tick: int,
        held: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        draws: Mapping[str, Tensor],
        sizes: Mapping[str, int],
    ) -> Cause | None:
        """The first operation of the graph on the way to a value; see `Backend`."""
        firing, args = self._ready(tick, held, inputs, draws, sizes, learning=True)
        places = [place for key, place in (*firing.results, *firing.changed) if key == name]
        device = next((arg.device for arg in args if isinstance(arg, Tensor)), torch.device("cpu"))
        with torch.enable_grad(), device:
            origin = find_origin(firing.module, args, places)
        if origin is None:
            return None
        node = origin.node
        if node.op == "placeholder" and not origin.backward:
            inputs_of = [n for n in firing.module.graph.nodes if n.op == "placeholder"]
            source = firing.sources[inputs_of.index(node)]
            kind = "state" if source.kind in ("held", "initial") else source.kind
            return Cause(node.name, given=f"{kind} {source.key!r}")
        note = node.meta.get("custom", {})
        return Cause(
            operation_of(node),
            None if note.get("component") is None else str(note["component"]),
            note.get("line"),
            origin.turns,
            origin.backward,
        )

    def graph(self, tick: int, sizes: Mapping[str, int]) -> GraphModule:
        """The graph that runs at a tick.

        Raises:
            ValueError: it depends on sizes that no call has given yet.
        """
        unknown = [dim for dim in self._learning.schedule.dims if dim not in sizes]
        if unknown:
            message = f"the size of {', '.join(unknown)} comes with the first call: no graph yet"
            raise ValueError(message)
        return self._learning.at(tick, sizes).module

    def _with_open(
        self,
        tick: int,
        held: Mapping[str, Tensor],
        sizes: Mapping[str, int],
        inputs: Mapping[str, Tensor],
        read: AbstractSet[str | Count],
    ) -> Mapping[str, Tensor]:
        """What is held, with empty memories of this call's sizes where windows begin.

        Those that are `read` and go on must have these sizes.
        """
        device = next(iter((*held.values(), *inputs.values()))).device
        begun: dict[str, Tensor] = {}
        for memory in self._open:
            known = held.get(memory.name)
            past = (tick - 1) % memory.window if memory.window else tick - 1
            wanted = sizes_of(stacked(memory).dims, sizes)
            if known is not None and known.shape == wanted:
                continue
            if known is None or past == 0:
                begun[memory.name] = self._empty(memory, sizes, device)
            elif memory.name in read:
                ends = tick - past + memory.window - 1 if memory.window else None
                raise other_sizes(memory.name, known.shape, wanted, ends)
        return {**held, **begun}

    def _empty(self, memory: Memory, sizes: Mapping[str, int], device: torch.device) -> Tensor:
        type_ = stacked(memory)
        shape = sizes_of(type_.dims, sizes)
        return torch.full(shape, memory.fill, dtype=self._dtypes[type_.dtype], device=device)


def _args(
    firing: Firing,
    tick: int,
    held: Mapping[str, Tensor],
    inputs: Mapping[str, Tensor],
    draws: Mapping[str, Tensor],
) -> list[Tensor | int]:
    args: list[Tensor | int] = []
    for source in firing.sources:
        key = source.key
        if isinstance(key, Count):
            args.append(key.at(tick))
        elif source.kind == "held":
            args.append(held[key])
        elif source.kind == "input":
            args.append(inputs[key])
        elif source.kind == "draw":
            args.append(draws[key])
        else:
            args.append(held[INITIAL + key])
    return args


def _run(module: GraphModule, args: list[Tensor | int]) -> tuple[Tensor, ...]:
    device = next((arg.device for arg in args if isinstance(arg, Tensor)), torch.device("cpu"))
    if device.type == "cpu" and torch.is_grad_enabled():
        outputs: tuple[Tensor, ...] = module.forward(*args)
        return outputs
    with torch.enable_grad(), device:
        found: tuple[Tensor, ...] = module.forward(*args)
    return found
