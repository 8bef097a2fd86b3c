"""Backward passes: all gradients of one value at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nlgraph.export.code import Code
from nlgraph.graph.steps import Step, steps_of

if TYPE_CHECKING:
    from nlgraph.export.unit import UnitWriter

_FEW = 4
"""Gradients that have a name each; more are kept in a dictionary."""


_FLAGS = ("create_graph", "retain_graph", "materialize_grads")


def write_backward(unit: UnitWriter, step: Step) -> None:
    """Write a call of `torch.autograd.grad`, and give its results names."""
    value, *leaves = step.args
    flags = [f"{key}=True" for key in _FLAGS if step.attrs.get(key)]
    of = unit.code(value, taped=True).text
    if _is_tabled(unit, step, leaves):
        _by_state(unit, step, of, leaves, flags)
    else:
        _by_name(unit, step, of, leaves, flags)


def _is_tabled(unit: UnitWriter, step: Step, leaves: list[Step]) -> bool:
    """Whether gradients are kept under the names of their states: where a loop reads them."""
    sources = [unit.plan.sources.get(leaf.args[0]) for leaf in leaves]
    if any(source is None or source.kind != "held" for source in sources):
        return False
    looped = any(
        part.op == "part" and part.args[0] is step
        for loop in unit.plan.loops
        for inner in loop.steps
        for part in steps_of(inner.args)
    )
    return looped or len(leaves) > _FEW


def _by_state(unit: UnitWriter, step: Step, of: str, leaves: list[Step], flags: list[str]) -> None:
    body, writer = unit.body, unit.writer
    keys = [str(unit.plan.sources[leaf.args[0]].key) for leaf in leaves]
    body.has_leaf_table = True
    table, picked = "leaves", "list(leaves.values())"
    if keys != list(body.leaves):
        table = body.tables.keys(keys, body.labels.bundle(keys))
        picked = f"[leaves[name] for name in {table}]"
    name = unit.gradients[step] = body.names.new("grads")
    gradients = f"torch.autograd.grad({', '.join((of, picked, *flags))})"
    whole = f"{name} = dict(zip({table}, {gradients}, strict=True))"
    if len(whole) <= writer.room:
        writer.line(whole)
        return
    plain = body.names.new("gradients")
    writer.bracketed(f"{plain} = torch.autograd.grad(", [of, picked, *flags], ")")
    writer.line(f"{name} = dict(zip({table}, {plain}, strict=True))")


def _by_name(unit: UnitWriter, step: Step, of: str, leaves: list[Step], flags: list[str]) -> None:
    names, writer = unit.body.names, unit.writer
    parts = {s.attrs["index"]: s for s in unit.plan.order if s.op == "part" and s.args[0] is step}
    found = ["_"] * len(leaves)
    for index, part in sorted(parts.items()):
        found[index] = names.new(unit.wanted(part))
        unit.codes[part] = Code(found[index])
    codes = [unit.code(leaf, taped=True).text for leaf in leaves]
    left = f"({found[0]},)" if len(found) == 1 else ", ".join(found)
    by = ", ".join(codes)
    call = f"torch.autograd.grad({', '.join((of, f'[{by}]', *flags))})"
    if len(left) + len(call) + len(" = ") <= writer.room:
        writer.line(f"{left} = {call}")
        return
    head = f"{left} = torch.autograd.grad("
    items = [of, f"[{by}]", *flags]
    inside = ", ".join(items)
    if len(head) <= writer.room and max(map(len, items)) + len("    ,") <= writer.room:
        if len(inside) + len("    ") <= writer.room:
            writer.line(head)
            writer.line(f"    {inside}")
            writer.line(")")
        else:
            writer.bracketed(head, items, ")")
        return
    gradients = names.new("gradients")
    inputs = names.new("by")
    writer.bracketed(f"{inputs} = [", codes, "]")
    writer.bracketed(f"{gradients} = torch.autograd.grad(", [of, inputs, *flags], ")")
    for index, name in enumerate(found):
        if name != "_":
            writer.line(f"{name} = {gradients}[{index}]")
