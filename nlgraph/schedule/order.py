"""What regions read from around them, and bindings in an order in which each finds what it reads.

A loop is bound when its body is written, and who reads what its turns make may give it more to
read, which is bound later.
"""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.schedule.model import Arg, Binding, Grad, Name, Op, Region


def in_order(bindings: Iterable[Binding]) -> tuple[Binding, ...]:
    """Each binding behind those of its region that it reads, and else as they stand."""
    given = tuple(bindings)
    makers = {name: i for i, binding in enumerate(given) for name in binding.names}
    needs = [
        [makers[name] for name in _reads(binding) if name in makers and makers[name] != i]
        for i, binding in enumerate(given)
    ]
    if all(need < i for i, needed in enumerate(needs) for need in needed):
        return given
    placed: dict[int, None] = {}
    for first in range(len(given)):
        stack = [first]
        while stack:
            missing = [need for need in needs[stack[-1]] if need not in placed]
            if missing and stack[-1] not in placed:
                stack += missing
            else:
                placed[stack.pop()] = None
    return tuple(given[i] for i in placed)


def captured(region: Region) -> tuple[Name, ...]:
    """The names that a region reads and does not bind, with all regions inside."""
    bound: set[Name] = set()
    read: dict[Name, None] = {}
    stack = [region]
    while stack:
        part = stack.pop()
        bound.update(part.inputs)
        read.update(dict.fromkeys(arg for arg in part.outputs if isinstance(arg, str)))
        for binding in part.bindings:
            bound.update(binding.names)
            if not isinstance(binding.node, Op):
                stack.append(binding.node.region)
            read.update(dict.fromkeys(_args(binding)))
    return tuple(name for name in read if name not in bound)


def _reads(binding: Binding) -> Iterable[Name]:
    inside = () if isinstance(binding.node, Op) else captured(binding.node.region)
    return (*_args(binding), *inside)


def _args(binding: Binding) -> Iterable[Name]:
    node = binding.node
    args: Iterable[Arg] = node.args if isinstance(node, Op | Grad) else (*node.starts, *node.slices)
    return (arg for arg in args if isinstance(arg, str))
