"""What has a history for sure when it is differentiated.

A graph takes a new name for each gradient inside another one, so that it has a history even where
it is a constant. Where all that reads it has one anyway, the name is needless.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from nlgraph.graph.steps import Step, Steps, in_order, steps_of


def settle_history(steps: Steps, given: frozenset[Step] = frozenset()) -> None:
    """Drop needless names, and say of the others whether what they name has a history.

    `given` are the inputs that have one. It calls itself for the bodies of loops.
    """
    order = in_order(steps.outputs)
    sure = _sure(order, given)
    readers: dict[Step, list[Step]] = defaultdict(list)
    for step in order:
        for part in steps_of(step.args):
            readers[part].append(step)
    for step in order:
        if step.op == "loop":
            settle_history(step.attrs["body"], _sure_inputs(step, sure))
        elif step.op == "alias":
            step.attrs = {"sure": step.args[0] in sure}
            if _is_renamed_gradient(step) and _is_needless(step, steps, readers, sure):
                (part,) = step.args
                part.name = step.name
                for reader in readers[step]:
                    reader.args = tuple(part if arg is step else arg for arg in reader.args)


def _is_needless(
    name: Step, steps: Steps, readers: Mapping[Step, list[Step]], sure: Collection[Step]
) -> bool:
    """Whether all that is made of a gradient meets what has a history anyway."""
    stack, seen = [name], {name}
    while stack:
        step = stack.pop()
        if step in steps.outputs:
            return False
        for reader in readers[step]:
            if reader.op == "backward":
                return False
            if reader not in sure and reader not in seen:
                seen.add(reader)
                stack.append(reader)
    return True


def _sure(order: Iterable[Step], given: frozenset[Step]) -> set[Step]:
    """The steps that have a history even if no gradient does."""
    sure: set[Step] = set()
    for step in order:
        if step.op == "input":
            found = step in given
        elif step.op == "part":
            (source,), index = step.args, step.attrs["index"]
            found = source.op == "loop" and _gives(source, index, sure)
        elif step.op in ("leaf", "alias"):
            found = not _is_renamed_gradient(step)
        else:
            found = step.tape and any(part in sure for part in steps_of(step.args))
        if found:
            sure.add(step)
    return sure


def _sure_inputs(loop: Step, sure: set[Step]) -> frozenset[Step]:
    """The inputs of a loop's body that have a history in every turn."""
    body, carried = loop.attrs["body"], loop.attrs["carried"]
    given = {name for name, arg in zip(body.inputs, loop.args, strict=True) if arg in sure}
    order = in_order(body.outputs)
    while True:
        inside = _sure(order, frozenset(given))
        pairs = zip(body.inputs[:carried], body.outputs[:carried], strict=True)
        lost = {name for name, after in pairs if name in given and after not in inside}
        if not lost:
            return frozenset(given)
        given -= lost


def _gives(loop: Step, index: int, sure: set[Step]) -> bool:
    body = loop.attrs["body"]
    return body.outputs[index] in _sure(in_order(body.outputs), _sure_inputs(loop, sure))


def _is_renamed_gradient(step: Step) -> bool:
    return (
        step.op == "alias" and step.args[0].op == "part" and step.args[0].args[0].op == "backward"
    )
