"""Only what something reads: bindings, slices of loops, and what their turns make."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from nlgraph.schedule.model import Arg, Binding, Grad, Loop, Name, Op, Region


def pruned(region: Region) -> tuple[Region, set[Name]]:
    """A region without what nothing reads, and all names that are read in it, with those inside.

    It calls itself for the regions inside, which are as deep as gradients and loops.
    """
    read = set(_names(region.outputs))
    kept: list[Binding] = []
    for binding in reversed(region.bindings):
        if read.isdisjoint(binding.names):
            continue
        node = binding.node
        if isinstance(node, Op):
            kept.append(binding)
            read.update(_names(node.args))
            continue
        if isinstance(node, Loop):
            binding, node = _fewer_made(binding, node, read)
        inner, inside = pruned(node.region)
        read |= inside
        if isinstance(node, Grad):
            kept.append(replace(binding, node=replace(node, region=inner)))
            read.update(node.args)
        else:
            loop = _fewer_sliced(replace(node, region=inner), inside)
            kept.append(replace(binding, node=loop))
            read.update((*loop.starts, *loop.slices))
    return replace(region, bindings=tuple(reversed(kept))), read


def _fewer_made(binding: Binding, loop: Loop, read: set[Name]) -> tuple[Binding, Loop]:
    """A loop whose turns make only what is read, and carry what they did."""
    count = len(loop.starts)
    kept = [i for i, name in enumerate(binding.names) if i < count or name in read]
    outputs = tuple(loop.region.outputs[i] for i in kept)
    node = replace(loop, region=replace(loop.region, outputs=outputs))
    return replace(binding, names=tuple(binding.names[i] for i in kept), node=node), node


def _fewer_sliced(loop: Loop, inside: set[Name]) -> Loop:
    """A loop that takes only the slices that its turns read."""
    count = len(loop.starts)
    inputs = loop.region.inputs
    kept = [i for i, name in enumerate(inputs[count:]) if name in inside]
    return replace(
        loop,
        region=replace(loop.region, inputs=(*inputs[:count], *(inputs[count + i] for i in kept))),
        slices=tuple(loop.slices[i] for i in kept),
        ticks=tuple(loop.ticks[i] for i in kept),
    )


def _names(args: Iterable[Arg]) -> Iterable[Name]:
    return (arg for arg in args if isinstance(arg, str))
