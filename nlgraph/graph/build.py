"""A unit of a schedule as an fx graph module."""

from __future__ import annotations

import operator
from typing import Any

import torch
from torch import fx

from nlgraph.functional import with_axes
from nlgraph.graph.bundles import bundle
from nlgraph.graph.calls import Dtypes, Sizes, call_of
from nlgraph.graph.loop import Loop
from nlgraph.graph.retain import retain
from nlgraph.graph.reuse import reuse_lists
from nlgraph.graph.simplify import simplify
from nlgraph.graph.steps import Step, Steps, in_order
from nlgraph.graph.tape import flatten
from nlgraph.ops.lower import sizes_of
from nlgraph.ops.types import Dim
from nlgraph.schedule.model import Unit


def build_unit(unit: Unit, sizes: Sizes, dtypes: Dtypes, name: str) -> fx.GraphModule:
    """The graph of a unit: its inputs in order, and a tuple of its outputs.

    Every node's `meta["custom"]` has the component, the clock and the line of the file that it
    stands for.
    """
    return build_steps(flatten(unit), sizes, dtypes, name)


def build_steps(steps: Steps, sizes: Sizes, dtypes: Dtypes, name: str) -> fx.GraphModule:
    """The graph of some steps: their inputs in order, and a tuple of their outputs.

    It calls itself for the bodies of loops, few times nested.
    """
    simplify(steps)
    bundle(steps)
    reuse_lists(steps)
    retain(steps.outputs)
    graph = fx.Graph()
    root = torch.nn.Module()
    made: dict[Step, Any] = {step: placeholder(graph, step.name) for step in steps.inputs}
    for step in in_order(steps.outputs):
        if step.op == "input":
            continue
        if step.op == "loop":
            attrs = step.attrs
            body = build_steps(attrs["body"], sizes, dtypes, "Body")
            loop = Loop(body, attrs["turns"], attrs["carried"], attrs["ticks"], attrs["joined"])
            root.add_module(step.name, loop)
            args = tuple(made[arg] for arg in step.args)
            made[step] = _mark(
                graph.create_node("call_module", step.name, args, name=step.name), step
            )
            continue
        known = _known(step, made, sizes, dtypes)
        made[step] = _emit(graph, step, made, sizes, dtypes) if known is None else known
    graph.output(tuple(made[step] for step in steps.outputs))
    graph.lint()
    return fx.GraphModule(root, graph, class_name=name)


def _known(step: Step, made: dict[Step, Any], sizes: Sizes, dtypes: Dtypes) -> int | float | None:
    """The value of a number that sizes and other known numbers tell."""
    if step.op == "dim_size":
        (size,) = sizes_of((Dim(step.attrs["dim"], None),), sizes)
        return size
    args = [made[arg] if isinstance(arg, Step) else arg for arg in step.args]
    if not step.type.is_number or step.several or any(isinstance(arg, fx.Node) for arg in args):
        return None
    call = call_of(step, sizes, dtypes)
    assert callable(call.target), "what numbers are made of is a function"
    number: int | float = call.target(*args, **call.kwargs)
    return number


def placeholder(graph: fx.Graph, name: str) -> fx.Node:
    """An input of a graph, under a name that hides nothing the graph's code uses."""
    node = graph.create_node("placeholder", name, name=name)
    node.target = node.name
    return node


def _emit(
    graph: fx.Graph, step: Step, made: dict[Step, Any], sizes: Sizes, dtypes: Dtypes
) -> fx.Node:
    if step.op == "leaf":
        source = graph.call_method("detach", (made[step.args[0]],))
        _mark(source, step)
        node = graph.create_node("call_method", "requires_grad_", (source,), {}, name=step.name)
        return _mark(node, step)
    if step.op == "place":
        stack, value, position = step.args
        index = graph.call_function(operator.sub, (made[position], 1))
        args = (made[stack], made[value], 0, _mark(index, step))
        node = graph.create_node("call_function", torch.select_scatter, args, {}, name=step.name)
        return _mark(node, step)
    call = call_of(step, sizes, dtypes)

    def read(arg: Any, missing: int = 0) -> Any:  # noqa: ANN401
        if isinstance(arg, tuple):
            return [made[part] if isinstance(part, Step) else part for part in arg]
        if not isinstance(arg, Step):
            return arg
        exact = arg.type.dtype in ("int", "bool") and not arg.type.is_number
        value = made[arg]
        if call.casts is not None and exact:
            value = _mark(graph.call_method("to", (value, call.casts)), step)
        if missing:
            places = tuple(range(call.behind, call.behind + missing))
            value = graph.call_function(with_axes, (value,), {"places": places})
            _mark(value, step)
        return value

    ranks = call.ranks or (0,) * len(call.args)
    args = tuple(map(read, call.args, ranks))
    kwargs = {key: read(arg) for key, arg in call.kwargs.items()}
    kind = "call_method" if isinstance(call.target, str) else "call_function"
    node = graph.create_node(kind, call.target, args, kwargs, name=step.name)
    _mark(node, step)
    return made[step.args[0]] if step.attrs.get("in_place") else node


def _mark(node: fx.Node, step: Step) -> fx.Node:
    if step.note is not None:
        node.meta["custom"] = {
            "component": step.note.component,
            "clock": step.note.clock,
            "line": step.note.line,
        }
    return node
