"""Gradients over a window, as gathers of the gradients of its ticks.

By the chain rule: where E is a function of s = average(e), dE/dW is dE/ds times the average of
de/dW, and each de/dW is a gradient inside one tick. So nothing of a tick is kept to the window's
end.
"""

from __future__ import annotations

from collections.abc import Callable

from nlgraph.schedule.derive import derive_factors
from nlgraph.schedule.naming import derivative_name
from nlgraph.schedule.reach import depends, flows_through, gathers_reached
from nlgraph.schedule.value import Value, parts_first
from nlgraph.schedule.values import Values

Derivative = Callable[[Value], tuple[Value, ...]]
"""The derivatives of a `grad`, one for each target."""


def split_window(values: Values, grad: Value, derivative: Derivative) -> tuple[Value, ...] | None:
    """The derivatives of a `grad`, tick by tick; None where it is inside one tick already."""
    objective = grad.parts[0]
    gathers = _gathers(values, objective, grad.targets)
    if not gathers:
        return None
    origin = grad.origin
    outer = values.make(
        "grad", (objective, *gathers), (len(gathers), *grad.data[1:]), objective.type, origin
    )
    factors = derive_factors(values, objective, tuple(gathers)) or derivative(outer)
    totals = _direct(values, grad, gathers, derivative)
    for gather, factor in zip(gathers, factors, strict=True):
        inner = values.make(
            "grad",
            (gather.parts[0], *grad.targets),
            (len(grad.targets), gather.data[1], grad.data[2], None),
            gather.parts[0].type,
            origin,
        )
        for i, part in enumerate(derivative(inner)):
            kind, period, window, *_ = gather.data
            name = derivative_name(values, gather, grad.targets[i])
            data = (kind, period, window, None, grad.data[2], name)
            total = values.make("gather", (part,), data, part.type, gather.origin)
            term = values.op("mul", factor, total, origin=origin, component=grad.component)
            known = totals[i]
            totals[i] = term if known is None else values.op("add", known, term, origin=origin)
    return tuple(
        total or values.op("zeros_like", target, origin=origin, type_=target.type)
        for target, total in zip(grad.targets, totals, strict=True)
    )


def splits(values: Values, grad: Value) -> bool:
    """Whether a `grad` can be taken tick by tick."""
    gathers = _gathers(values, grad.parts[0], grad.targets)
    return all(_sums(values, grad, gather) for gather in gathers)


def _gathers(values: Values, objective: Value, targets: tuple[Value, ...]) -> list[Value]:
    """The outermost gathers of several ticks through which the gradient flows to a target."""
    if not gathers_reached(values, objective):
        return []
    borders = set(targets)
    for value in flows_through(values, objective, targets, living=True):
        if value.form == "gather" and value.data[0] != "latest" and value.data[2] > 1:
            borders.add(value)
    outermost = [v for v in flows_through(values, objective, borders, living=True) if v in borders]
    return [v for v in outermost if v not in targets and depends(values, v, targets, living=True)]


def _direct(
    values: Values, grad: Value, gathers: list[Value], derivative: Derivative
) -> list[Value | None]:
    """What flows at the last tick past all gathers."""
    objective = grad.parts[0]
    reached = set(flows_through(values, objective, gathers, living=True))
    if not any(target in reached for target in grad.targets):
        return [None] * len(grad.targets)
    new: dict[Value, Value] = {}
    for value in parts_first([objective], lambda v: () if v in gathers else v.parts):
        if value in gathers:
            new[value] = values.make("stop", (value,), None, value.type, value.origin)
        else:
            new[value] = values.rebuild(value, tuple(new[part] for part in value.parts))
    parts = (new[objective], *grad.targets)
    return list(derivative(values.make("grad", parts, grad.data, objective.type, grad.origin)))


def _sums(values: Values, grad: Value, gather: Value) -> bool:
    """Whether the gradient through a gather is a gather of gradients."""
    if gather.data[0] not in ("accumulate", "average") or gather.type.dims or grad.points:
        return False
    return not any(
        value.form == "prev"
        and not values.lives_within(value, 1)
        and depends(values, values.last(value.data[0]), grad.targets, living=True)
        for value in flows_through(values, gather.parts[0], living=True)
    )
