"""The laws of a schedule, in code; see `schedule.model`."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import MutableMapping

from nlgraph.ops.op import registry
from nlgraph.schedule.model import INTERNAL, Arg, Binding, Grad, Name, Op, Region, Schedule, Unit

Depths = MutableMapping[Name, int]
"""How deep in regions each name that can be read is bound."""


def check_schedule(schedule: Schedule) -> None:
    """Check every law.

    Raises:
        AssertionError: a law is broken; the message says which.
    """
    given: set[tuple[int, str]] = set()
    changed: set[tuple[int, str, str]] = set()
    for index, unit in enumerate(schedule.units):
        _check_unit(unit, given)
        for target in unit.outputs:
            if target.kind == "value":
                given.add((index, target.key))
            else:
                key = (unit.period, target.kind, target.key)
                assert key not in changed, f"{target} is given twice in a tick"
                changed.add(key)


def _check_unit(unit: Unit, given: set[tuple[int, str]]) -> None:
    assert len(unit.inputs) == len(unit.region.inputs), "every input has a source"
    assert len(unit.outputs) == len(unit.region.outputs), "every output has a target"
    for source in unit.inputs:
        known = source.kind != "value" or (source.unit, source.key) in given
        assert known, f"{source} is read before its unit runs"
    depths: Depths = {}
    _check_region(unit, unit.region, depths, 0, set())
    for arg in unit.region.outputs:
        assert isinstance(arg, str), "what leaves a unit is a tensor"


def _check_region(unit: Unit, region: Region, around: Depths, depth: int, bound: set[Name]) -> None:
    """Check a region; regions are as deep inside each other as gradients are written so."""
    depths: Depths = ChainMap({}, around) if depth else around
    for name in region.inputs:
        _bind(unit, name, bound)
        depths[name] = depth
    for binding in region.bindings:
        args = _check_binding(unit, binding, depths, depth, bound)
        deepest = max((depths[arg] for arg in args if isinstance(arg, str)), default=0)
        assert deepest == depth, f"{binding.names} stands deeper than what it reads"
        for name in binding.names:
            _bind(unit, name, bound)
            depths[name] = depth
    for arg in region.outputs:
        assert not isinstance(arg, str) or arg in depths, f"{arg} is given and not bound"


def _check_binding(
    unit: Unit, binding: Binding, depths: Depths, depth: int, bound: set[Name]
) -> list[Arg]:
    """The names that a binding reads from the region that it stands in, or from further out."""
    node = binding.node
    if isinstance(node, Op):
        assert node.op in registry() or node.op in INTERNAL, f"{node.op} is no operator"
        for arg in node.args:
            assert not isinstance(arg, str) or arg in depths, f"{arg} is read before it is bound"
        return list(node.args)
    assert len(node.region.inputs) == len(node.args) == len(binding.names)
    assert len(node.region.outputs) == 1, "one value is differentiated"
    _check_region(unit, node.region, depths, depth + 1, bound)
    return [*node.args, *_outside(node, depths)]


def _outside(grad: Grad, depths: Depths) -> list[Arg]:
    found: list[Arg] = []
    stack = [grad.region]
    while stack:
        for binding in stack.pop().bindings:
            if isinstance(binding.node, Grad):
                stack.append(binding.node.region)
            found += [arg for arg in binding.node.args if arg in depths]
    return found


def _bind(unit: Unit, name: Name, bound: set[Name]) -> None:
    assert name not in bound, f"{name} is bound twice"
    assert name in unit.types, f"{name} has no type"
    bound.add(name)
