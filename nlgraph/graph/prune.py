"""Loops make only what something reads."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.graph.steps import Step, in_order


def prune_loops(outputs: Sequence[Step]) -> None:
    """Take away what bodies of loops make for nobody; it calls itself for the loops inside them."""
    order = in_order(outputs)
    parts: dict[Step, list[Step]] = {step: [] for step in order if step.op == "loop"}
    for step in order:
        if step.op == "part" and step.args[0] in parts:
            parts[step.args[0]].append(step)
    for loop, read in parts.items():
        attrs = loop.attrs
        carried = attrs["carried"]
        made = sorted({part.attrs["index"] for part in read if part.attrs["index"] >= carried})
        place_of = {index: carried + place for place, index in enumerate(made)}
        for part in read:
            index = part.attrs["index"]
            part.attrs = {"index": place_of.get(index, index)}
        body = attrs["body"]
        body.outputs = [*body.outputs[:carried], *(body.outputs[index] for index in made)]
        loop.attrs = {
            **attrs,
            "count": carried + len(made),
            "joined": tuple(attrs["joined"][index - carried] for index in made),
        }
        prune_loops(body.outputs)
