"""A schedule as text, the same for the same system: for people, and for tests of passes."""

from __future__ import annotations

from collections.abc import Iterator

from nlgraph.schedule.model import Arg, Binding, Loop, Op, Region, Schedule, Source, Unit


def schedule_text(schedule: Schedule) -> str:
    """Every unit with its inputs, bindings and outputs."""
    lines: list[str] = []
    for index, unit in enumerate(schedule.units):
        lines.extend(_unit(index, unit))
    for memory in schedule.memories:
        length = "" if memory.length is None else f", {memory.length} of them"
        lines.append(f"memory {memory.name} : {memory.type}{length} = {memory.fill}")
    return "\n".join(lines) + "\n"


def _unit(index: int, unit: Unit) -> Iterator[str]:
    yield f"unit {index}, every {unit.clock} {{"
    for name, source in zip(unit.region.inputs, unit.inputs, strict=True):
        yield f"  {name} : {unit.types[name]} <- {_source(source)}"
    yield from _bindings(unit, unit.region, "  ")
    for target, arg in zip(unit.outputs, unit.region.outputs, strict=True):
        yield f"  -> {target.kind} {target.key} = {_arg(arg)}"
    yield "}"


def _bindings(unit: Unit, region: Region, indent: str) -> Iterator[str]:
    for binding in region.bindings:
        yield from _binding(unit, binding, indent)


def _binding(unit: Unit, binding: Binding, indent: str) -> Iterator[str]:
    names = ", ".join(binding.names)
    node = binding.node
    if isinstance(node, Op):
        attrs = [f"{key} = {value}" for key, value in sorted(node.attrs.items())]
        args = ", ".join([*map(_arg, node.args), *attrs])
        yield f"{indent}{names} : {unit.types[binding.names[0]]} = {node.op}({args})"
        return
    if isinstance(node, Loop):
        yield from _loop(unit, names, node, indent)
        return
    pairs = zip(node.region.inputs, node.args, strict=True)
    inputs = ", ".join(f"{name} = {arg}" for name, arg in pairs)
    yield f"{indent}{names} = grad ({inputs}) {{"
    yield from _bindings(unit, node.region, indent + "  ")
    yield f"{indent}}} -> {_arg(node.region.outputs[0])}"


def _loop(unit: Unit, names: str, loop: Loop, indent: str) -> Iterator[str]:
    """A loop: what its turns carry and take, its body, and why it is one."""
    inputs = loop.region.inputs
    carried = [f"{n} = {start}" for n, start in zip(inputs, loop.starts, strict=False)]
    rest = inputs[len(loop.starts) :]
    taken = [
        f"{n} = {ticks} of {source}"
        for n, source, ticks in zip(rest, loop.slices, loop.ticks, strict=True)
    ]
    yield f"{indent}{names} = loop {loop.turns} ({', '.join([*carried, *taken])}) {{"
    yield f"{indent}  # a cycle of {', '.join(loop.why)}"
    yield from _bindings(unit, loop.region, indent + "  ")
    yield f"{indent}}} -> {', '.join(map(_arg, loop.region.outputs))}"


def _source(source: Source) -> str:
    if source.kind == "value":
        return f"{source.key} of unit {source.unit}"
    return f"{source.kind} {source.key}"


def _arg(arg: Arg) -> str:
    return arg if isinstance(arg, str) else repr(arg)
