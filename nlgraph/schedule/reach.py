"""What a gradient reaches: the values through which it flows."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from nlgraph.schedule.value import Value, base_of
from nlgraph.schedule.values import Values
from nlgraph.system.ids import StateId


def flows_through(
    values: Values,
    root: Value,
    borders: Collection[Value] = (),
    *,
    unfolded: bool = False,
    living: bool = False,
) -> Iterator[Value]:
    """Every value that a gradient of a root flows through, the root first.

    It stops at what is stopped or held, at values of earlier ticks, at the borders, which are
    given but not passed, and at states; but where a root is unfolded, as the replacements of a
    `with` are, primed ones stand for their updates. With `living` it goes on through what is reset
    within the root tick: its updates and its start are part of the function (language.md, 9).
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
        inside = living and values.lives_within(value, 1)
        further = _made_of(values, value) if inside else _next(values, value, unfolded=step[1])
        stack.extend(reversed(further))


def depends(
    values: Values,
    root: Value,
    on: Collection[Value],
    *,
    unfolded: bool = False,
    living: bool = False,
) -> bool:
    """Whether a gradient of a root reaches any of some values.

    A signal is known by its name: what defines it may have been rewritten.
    """
    key = (root, unfolded, living)
    if key not in values.reached:
        reached = flows_through(values, root, unfolded=unfolded, living=living)
        values.reached[key] = frozenset(v for v in reached if v.form in _TARGETS)
    found = values.reached[key]
    on = [base_of(value)[0] for value in on]
    if any(value in found for value in on):
        return True
    signals = {value.data for value in on if value.form == "signal"}
    return any(value.form == "signal" and value.data in signals for value in found)


def gathers_reached(values: Values, root: Value) -> bool:
    """Whether a gradient of a root reaches any gather of several ticks."""
    depends(values, root, (), living=True)
    return any(value.form == "gather" for value in values.reached[root, False, True])


_TARGETS = ("state", "primed", "signal", "gather")
"""What a gradient can be taken by."""


def _made_of(values: Values, value: Value) -> list[tuple[Value, bool]]:
    """What a state or a `prev` that lives inside the root tick is made of there."""
    if value.form == "prev":
        return [(values.last(value.data[0]), False), *((part, False) for part in value.parts)]
    name: str = value.data[0] if value.form == "seen" else value.data
    state = values.equations.states[StateId(name)]
    update = values.update(name)
    found = [] if update is None else [(update, False)]
    if state.reset is not None and state.reset.to is not None:
        at = values.period(state.reset.clock)
        found.append((values.of(state.reset.to, state.component, at=at), False))
    return found


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
