"""Elementwise steps that were written once for a whole bundle become one `torch._foreach_*` call.

An eager graph pays some microseconds for each call, so that an optimizer over six tensors is better
run as 15 calls on lists than as 90 on tensors. Lists stay lists between such calls. Steps belong
together that stand at one place in the file, share their scalars, and are equally deep: so none of
them can need another.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from nlgraph.graph.steps import Step, Steps, identity, in_order, steps_of
from nlgraph.ops.dtypes import FLOATS
from nlgraph.ops.op import registry
from nlgraph.ops.types import TensorType

_BINARY = {
    "add": ("list list", "list number", "number list"),
    "sub": ("list list", "list number"),
    "mul": ("list list", "list number", "list tensor", "number list", "tensor list"),
    "div": ("list list", "list number", "list tensor"),
    "pow": ("list number",),
    "maximum": ("list list", "list number", "number list"),
    "minimum": ("list list", "list number", "number list"),
}
"""What `torch._foreach_*` take; an operator with another one first is told to commute."""


_FOREACH = {
    f"torch.{name}": f"torch._foreach_{name}"
    for name in ("add", "addcdiv", "addcmul", "lerp", "sub")
}
"""What calls of fused steps become."""


def bundle(steps: Steps) -> None:
    """Put steps that belong together into one."""
    depth: dict[Step, int] = {}
    groups: dict[Hashable, list[Step]] = {}
    order = in_order(steps.outputs)
    for step in order:
        depth[step] = 1 + max((depth[part] for part in steps_of(step.args)), default=0)
        key = _key(step)
        if key is not None:
            groups.setdefault((depth[step], *key), []).append(step)
    for members in groups.values():
        if len(members) > 1:
            _join(members)
    for step in in_order(steps.outputs):
        step.args = tuple(_as_list(arg) if isinstance(arg, tuple) else arg for arg in step.args)


def _key(step: Step) -> tuple[Hashable, ...] | None:
    """What the steps of a bundle have in common; None for one that can be in none."""
    if step.place is None or step.tape or step.type.dtype not in FLOATS or not step.type.dims:
        return None
    target = _target(step)
    if target is None:
        return None
    shared: list[Hashable] = []
    for arg in step.args:
        kind = _kind(step, arg)
        if kind is None:
            return None
        shared.append("list" if kind == "list" else (kind, identity(arg)))
    return (target, step.place, step.type.dtype, *shared, step.attrs.get("keywords", ()))


def _target(step: Step) -> str | None:
    """The function that takes lists."""
    if step.op == "call":
        return _FOREACH.get(step.attrs["target"])
    kinds = " ".join(_kind(step, arg) or "other" for arg in step.args)
    if step.op == "where":
        return "nlgraph.functional.where" if kinds == "number list list" else None
    if step.op in _BINARY:
        return registry()[step.op].foreach if kinds in _BINARY[step.op] else None
    if step.op not in registry() or kinds != "list":
        return None
    return registry()[step.op].foreach


def _kind(step: Step, arg: Any) -> str | None:  # noqa: ANN401
    """Whether an arg is a tensor of the step's form, one without dimensions, or a number."""
    if not isinstance(arg, Step):
        return None if isinstance(arg, tuple) else "number"
    if arg.type.is_number:
        return "number"
    if arg.type.dtype != step.type.dtype:
        return None
    if not arg.type.dims:
        return "tensor"
    return "list" if _same_shape(arg.type, step.type) else None


def _same_shape(a: TensorType, b: TensorType) -> bool:
    return a.dims == b.dims or (None not in a.shape and a.shape == b.shape)


def _join(members: Sequence[Step]) -> None:
    """One call for several steps, which become its parts."""
    first = members[0]
    args: list[Any] = []
    for position, arg in enumerate(first.args):
        if _kind(first, arg) == "list":
            args.append(tuple(member.args[position] for member in members))
        else:
            args.append(arg)
    if first.op in _BINARY and not isinstance(args[0], tuple):
        args.reverse()
    attrs = {
        "target": _target(first),
        "keywords": first.attrs.get("keywords", ()),
        "count": len(members),
    }
    name = f"{first.name}_all"
    joined = Step("call", tuple(args), first.type, name, first.note, attrs, several=True)
    for index, member in enumerate(members):
        member.op, member.args, member.attrs = "part", (joined,), {"index": index}


def _as_list(arg: tuple[Any, ...]) -> Any:  # noqa: ANN401
    """The list whose parts these are, in order and all of them; else the parts."""
    first = arg[0] if arg else None
    if not isinstance(first, Step) or first.op != "part":
        return arg
    (source,) = first.args
    same = all(
        isinstance(part, Step)
        and part.op == "part"
        and part.args[0] is source
        and part.attrs["index"] == index
        for index, part in enumerate(arg)
    )
    return source if same and len(arg) == _count(source) else arg


def _count(source: Step) -> int:
    """The number of parts of a step that gives a list."""
    if source.op == "backward":
        return len(source.args) - 1
    count: int = source.attrs["count"]
    return count
