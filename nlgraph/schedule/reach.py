"""What a gradient reaches: the values through which it flows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nlgraph.schedule.value import Value, base_of
from nlgraph.schedule.values import Values


def flows_through(
    values: Values, root: Value, borders: Collection[Value] = (), *, unfolded: bool = False
) -> Iterator[Value]:
    """Every value that a gradient of a root flows through, the root first.

    It stops at what is stopped or held, at values of earlier ticks, at the borders, which are
    given but not passed, and at primed states; but where a root is unfolded, as the
    replacements of a `with` are, these stand for their updates.
    """
    seen: set[tuple[Value, bool]] = set()
    given: set[Value] = set()
    stack = [(root, unfolded)]
    while stack:
        step = stack.pop()
        value = step[0]
        if step in seen:
            continue
        seen.add(step)
        if value not in given:
            given.add(value)
            yield value
        if value in borders:
            continue
        stack.extend(reversed(_next(values, value, unfolded=step[1])))


def depends(values: Values, root: Value, on: Collection[Value], *, unfolded: bool = False) -> bool:
    """Whether a gradient of a root reaches any of some values.

    A signal is known by its name: what defines it may have been rewritten.
    """
    key = (root, unfolded)
    if key not in values.reached:
        reached = flows_through(values, root, unfolded=unfolded)
        values.reached[key] = frozenset(v for v in reached if v.form in _TARGETS)
    found = values.reached[key]
    on = [base_of(value)[0] for value in on]
    if any(value in found for value in on):
        return True
    signals = {value.data for value in on if value.form == "signal"}
    return any(value.form == "signal" and value.data in signals for value in found)


def gathers_reached(values: Values, root: Value) -> bool:
    """Whether a gradient of a root reaches any gather of several ticks."""
    depends(values, root, ())
    return any(value.form == "gather" for value in values.reached[root, False])


_TARGETS = ("state", "primed", "signal", "gather")
"""What a gradient can be taken by."""


def _next(values: Values, value: Value, *, unfolded: bool) -> list[tuple[Value, bool]]:
    match value.form:
        case "stop" | "hold" | "prev":
            return []
        case "primed":
            update = values.update(value.data) if unfolded else None
            return [] if update is None else [(update, True)]
        case "with":
            inside = [(value.parts[0], unfolded)]
            return inside + [(replacement, True) for _, replacement in value.replaced]
        case "grad":
            at = value.points or value.targets
            return [(part, unfolded) for part in (value.parts[0], *at)]
        case _:
            return [(part, unfolded) for part in value.parts]
