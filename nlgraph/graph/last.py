"""The last value of what all turns make of something that they carry is what they carry on."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.graph.steps import Step, in_order


def take_last(outputs: Sequence[Step]) -> None:
    """Read from a loop itself what it ends with; it calls itself for the loops inside."""
    for step in in_order(outputs):
        if step.op == "loop":
            take_last(step.attrs["body"].outputs)
            continue
        if step.op != "function" or step.attrs["target"] != "torch.select":
            continue
        value, axis, index = step.args
        detached = value.op == "detach"
        part = value.args[0] if detached else value
        if (axis, index) != (0, -1) or part.op != "part" or part.args[0].op != "loop":
            continue
        (loop,) = part.args
        carried = _carried(loop, part.attrs["index"])
        if carried is None:
            continue
        last = Step(
            "part", (loop,), step.type, step.name, step.note, {"index": carried}, tape=part.tape
        )
        if detached:
            step.op, step.args, step.attrs = "detach", (last,), {}
        else:
            step.op, step.args, step.attrs = "part", (loop,), {"index": carried}


def _carried(loop: Step, index: int) -> int | None:
    """What a loop carries that is the last of what its turns make; None where nothing is."""
    attrs = loop.attrs
    outputs, count = attrs["body"].outputs, attrs["carried"]
    if index < count:
        return None
    made = outputs[index]
    for place, after in enumerate(outputs[:count]):
        if not attrs["joined"][index - count]:
            if after is made:
                return place
        elif made.op == after.op == "part" and made.args == after.args:
            (inner,) = made.args
            if inner.op == "loop" and _carried(inner, made.attrs["index"]) == after.attrs["index"]:
                return place
    return None
