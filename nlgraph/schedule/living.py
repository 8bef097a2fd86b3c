"""Which gradients over several root ticks cannot be taken tick by tick."""

from __future__ import annotations

from functools import partial

from nlgraph.schedule.moving import Motion, always
from nlgraph.schedule.value import Period, Value, base_of, parts_first
from nlgraph.schedule.values import Values
from nlgraph.schedule.windows import splits
from nlgraph.text.span import Origin

Reason = tuple[Period, Origin, str]
"""The tick of a gradient, the gradient, and why it must be run again."""


def find_replayed(
    values: Values, motion: Motion, root: Value, known: dict[Value, Reason | None]
) -> Reason | None:
    """The longest tick of a gradient in a value that must be run again as a whole; None if none.

    What is reset with such a tick lives inside it, from root tick to root tick: its updates are
    part of the function (section 7 of the language). So is what a gather makes of several ticks
    where that is no sum, and what a `with` replaces in all of them. The gradient and the reason
    are there for people. `known` keeps what was found of all parts, for the roots that share them.
    """
    for value in parts_first([root], lambda v: () if v in known else v.parts):
        if value not in known:
            known[value] = _longest(values, motion, value, known)
    return known[root]


def _longest(
    values: Values, motion: Motion, value: Value, known: dict[Value, Reason | None]
) -> Reason | None:
    longest: Reason | None = None
    for part in value.parts:
        found = known[part]
        if found is not None and (longest is None or found[0] > longest[0]):
            longest = found
    if value.form not in ("grad", "with"):
        return longest
    span = value.data[1] if value.form == "grad" else value.data
    if span is None or span <= (longest[0] if longest else 1):
        return longest
    why = _why(values, motion, value, span)
    return longest if why is None else (span, value.origin, why)


def _why(values: Values, motion: Motion, value: Value, span: Period) -> str | None:
    needs = partial(motion.needs, active=always)
    inside = parts_first([value.parts[0]], needs)
    for read in inside if values.lasting else ():
        if read.form not in ("state", "primed", "seen"):
            continue
        if values.lives_within(read, span) and not values.lives_within(read, 1):
            name = read.data[0] if read.form == "seen" else read.data
            return f"`{name}` is updated between two resets inside its tick"
    if value.form == "grad":
        return None if splits(values, value) else "it is no sum of its ticks' gradients"
    replaced = {base_of(state)[0] for state, _ in value.replaced}
    for read in parts_first([value.parts[0]]):
        gathers = read.form == "gather" and read.data[0] != "latest" and read.data[2] > 1
        if gathers and not replaced.isdisjoint(parts_first([read.parts[0]], needs)):
            return "it replaces a state in all ticks that are gathered"
    return None
