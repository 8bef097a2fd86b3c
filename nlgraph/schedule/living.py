"""Which gradients span several root ticks, with what is reset between them."""

from __future__ import annotations

from nlgraph.schedule.moving import Motion, always
from nlgraph.schedule.value import Period, Value, parts_first
from nlgraph.schedule.values import Values
from nlgraph.system.ids import StateId
from nlgraph.text.span import Origin


def find_replayed(
    values: Values, motion: Motion, root: Value
) -> tuple[Period, Origin, StateId] | None:
    """The longest tick of a gradient in a value that must be run again as a whole; None if none.

    What is reset with such a tick lives inside it, from root tick to root tick: its updates are
    part of the function (section 7 of the language). The gradient and a state of that kind are
    there for people.
    """
    if not values.lasting:
        return None
    longest: tuple[Period, Origin, StateId] | None = None
    for value in parts_first([root]):
        if value.form not in ("grad", "with"):
            continue
        span = value.data[1] if value.form == "grad" else value.data
        if span is None or span <= (longest[0] if longest else 1):
            continue
        inside = parts_first([value.parts[0]], lambda v: motion.needs(v, active=always))
        for read in inside:
            if read.form not in ("state", "primed", "seen"):
                continue
            if values.lives_within(read, span) and not values.lives_within(read, 1):
                name = read.data[0] if read.form == "seen" else read.data
                longest = span, value.origin, StateId(name)
                break
    return longest
