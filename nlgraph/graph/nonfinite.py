"""The first operation of a run that makes a number which is not finite.

The graph is run node by node, with the bodies of its loops turn by turn, and each value is looked
at. From a bad output the way goes back through bad values to one that was made of finite ones: an
infinity that something else masks away again is no fault.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from nlgraph.functional import mapped
from nlgraph.graph.loop import Loop


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a number that is not finite comes from.

    `node` made it of finite ones, in the given `turns` of the loops around it (each with how many
    there are); `backward` says that the derivative of `node` did. A node of kind `placeholder` is
    an input that held it before.
    """

    node: fx.Node
    turns: tuple[tuple[int, int], ...] = ()
    backward: bool = False


def find_origin(
    module: fx.GraphModule, args: Sequence[Any], outputs: Iterable[int]
) -> Origin | None:
    """Where the first bad one of some outputs comes from; None where all are finite."""
    recorder = _Recorder(module, _Owners())
    recorder.run(*args)
    for index in outputs:
        trace = recorder.trace
        bad = trace.output(index)
        if bad is not None:
            return _back(trace, bad)
    return None


def operation_of(node: fx.Node) -> str:
    """What a node calls, as the language or torch calls it for one tensor."""
    target: Any = node.target
    if target is mapped:
        target = node.args[0]
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    name = name.rpartition(".")[2].removeprefix("_foreach_")
    name = name.removesuffix("_")
    return _SHOWN.get(name, name)


_SHOWN = {"truediv": "div", "true_divide": "div", "grad": "gradient"}


class _Owners:
    """The node that made each step of the tape, with the turns in which it did."""

    def __init__(self) -> None:
        self.turns: tuple[tuple[int, int], ...] = ()
        self._of: dict[Any, tuple[fx.Node, tuple[tuple[int, int], ...]]] = {}

    def note(self, node: fx.Node, value: object) -> None:
        stack = [tensor.grad_fn for tensor in _tensors(value)]
        while stack:
            step = stack.pop()
            if step is not None and step not in self._of:
                self._of[step] = (node, self.turns)
                stack.extend(part for part, _ in step.next_functions)

    def watch(self, found: list[Origin]) -> list[Any]:
        """Let the backward pass to come note the first step that makes bad of finite numbers."""

        def hook_of(node: fx.Node, turns: tuple[tuple[int, int], ...]) -> Any:  # noqa: ANN401
            def hook(made: object, given: object) -> None:
                if not found and _is_bad(made) and not _is_bad(given):
                    found.append(Origin(node, turns, backward=True))

            return hook

        return [step.register_hook(hook_of(*of)) for step, of in self._of.items()]


@dataclass(slots=True)
class _Trace:
    """What a run of a graph left: which values were bad, and what each node read of which."""

    bad: dict[fx.Node, bool] = field(default_factory=dict)
    reads: dict[fx.Node, tuple[fx.Node, ...]] = field(default_factory=dict)
    inner: dict[fx.Node, list[_Trace]] = field(default_factory=dict)
    backward: dict[fx.Node, Origin] = field(default_factory=dict)
    outputs: tuple[fx.Node | None, ...] = ()

    def output(self, index: int) -> fx.Node | None:
        """The node of an output, if that is bad."""
        node = self.outputs[index]
        return node if node is not None and self.bad[node] else None


class _Recorder(fx.Interpreter):
    """Runs a graph and keeps a trace."""

    def __init__(self, module: fx.GraphModule, owners: _Owners) -> None:
        super().__init__(module)
        self.trace = _Trace()
        self._owners = owners
        self._writer: dict[fx.Node, fx.Node] = {}
        self._node: fx.Node | None = None

    def run_node(self, n: fx.Node) -> Any:  # noqa: ANN401
        trace, self._node = self.trace, n
        if n.op == "output":
            trace.outputs = tuple(
                self._last(part) if isinstance(part, fx.Node) else None for part in _listed(n)
            )
            return super().run_node(n)
        trace.reads[n] = tuple(map(self._last, n.all_input_nodes))
        watched: list[Origin] = []
        handles = self._owners.watch(watched) if n.target is torch.autograd.grad else []
        value = super().run_node(n)
        for handle in handles:
            handle.remove()
        if watched:
            trace.backward[n] = watched[0]
        written = _written(n)
        if written is not None:
            # Whoever reads the list from here on reads what this node made of it.
            self._writer[written] = n
            value = self.env[written] if value is None else value
        trace.bad[n] = _is_bad(value)
        self._owners.note(n, value)
        return value

    def call_module(self, target: Any, args: tuple[Any, ...], kwargs: Any) -> Any:  # noqa: ANN401
        module = self.fetch_attr(target)
        assert self._node is not None, "a call is that of a node"
        if isinstance(module, Loop):
            return self._loop(module, args)
        if not isinstance(module, fx.GraphModule):
            return super().call_module(target, args, kwargs)
        return self._inside(module, args)

    def _loop(self, loop: Loop, args: tuple[Any, ...]) -> tuple[Tensor, ...]:
        around, turn = self._owners.turns, 0

        def body(*given: Any) -> Any:  # noqa: ANN401
            nonlocal turn
            turn += 1
            self._owners.turns = (*around, (turn, loop.turns))
            return self._inside(loop.body, given)

        made = loop.run(body, *args)
        self._owners.turns = around
        return made

    def _inside(self, module: fx.GraphModule, args: tuple[Any, ...]) -> Any:  # noqa: ANN401
        assert self._node is not None, "a call is that of a node"
        inner = _Recorder(module, self._owners)
        made = inner.run(*args)
        self.trace.inner.setdefault(self._node, []).append(inner.trace)
        return made

    def _last(self, node: fx.Node) -> fx.Node:
        return self._writer.get(node, node)


def _back(trace: _Trace, node: fx.Node) -> Origin:
    """Follow bad values back to where they come from. It calls itself for graphs inside."""
    index: int | None = None
    while True:
        inner = trace.inner.get(node)
        if inner is not None:
            assert index is not None, "what a graph inside gives is taken apart"
            found = _back_inside(node, inner, index)
            if isinstance(found, Origin):
                return found
            node, index = found, None
            continue
        bad = [read for read in trace.reads[node] if trace.bad[read]]
        if not bad:
            return trace.backward.get(node, Origin(node))
        index = _place(node)
        node = bad[0]


def _back_inside(call: fx.Node, turns: Sequence[_Trace], index: int) -> Origin | fx.Node:
    """Where an output of a graph inside comes from, or the arg that brought it there."""
    loop = _loop_of(call)
    carried = 0 if loop is None else loop.carried
    turn = len(turns) - 1
    if index >= carried:
        turn = next(i for i, trace in enumerate(turns) if trace.output(index) is not None)
    while True:
        trace = turns[turn]
        bad = trace.output(index)
        assert bad is not None, "it was bad outside"
        found = _back(trace, bad)
        if found.node.op != "placeholder" or found.backward:
            here = () if loop is None or found.backward else ((turn + 1, len(turns)),)
            return Origin(found.node, (*here, *found.turns), found.backward)
        index = list(trace.reads).index(found.node)
        if index >= carried or turn == 0:
            arg = call.args[index]
            assert isinstance(arg, fx.Node), "a number is finite"
            return arg
        turn -= 1


def _loop_of(call: fx.Node) -> Loop | None:
    owner = call.graph.owning_module
    module = None if owner is None else owner.get_submodule(str(call.target))
    return module if isinstance(module, Loop) else None


def _written(node: fx.Node) -> fx.Node | None:
    """What a node writes over."""
    name = getattr(node.target, "__name__", "")
    first = node.args[0] if node.args else None
    return first if name.endswith("_") and isinstance(first, fx.Node) else None


def _listed(output: fx.Node) -> Sequence[Any]:
    found = output.args[0]
    return found if isinstance(found, tuple | list) else (found,)


def _tensors(value: object) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _tensors(part)


def _is_bad(value: object) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    return any(
        t.is_floating_point() and not bool(t.detach().isfinite().all()) for t in _tensors(value)
    )


def _place(node: fx.Node) -> int | None:
    """Which of several values a node takes."""
    place = node.args[1] if node.target is operator.getitem else None
    return place if isinstance(place, int) else None
