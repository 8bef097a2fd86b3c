"""What must be kept of past root ticks, so that a window's ticks can be seen at its end."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import torch
from torch import Tensor

from nlgraph.reference.facts import Fact, Facts, past_name
from nlgraph.reference.plan import Plan
from nlgraph.system.ids import SignalId, StateId
from nlgraph.system.model import (
    Draw,
    Expr,
    Gather,
    Grad,
    InputRead,
    Prev,
    SignalRead,
    StateRead,
    With,
)
from nlgraph.system.walk import postorder

Windows = Mapping[Fact, frozenset[int]]
"""For each fact whose past is needed, the lengths of the windows that need it, in root ticks."""


def windows_of(plan: Plan) -> Windows:
    """The facts that some window of several root ticks reads, over any number of others."""
    roots: defaultdict[int, list[Expr]] = defaultdict(list)
    for expr in postorder(plan.statements()):
        span = _span(plan, expr)
        if span is not None and span > 1:
            assert isinstance(expr, Gather | Grad | With), "only these look back"
            roots[int(span)].append(expr.value)
    lengths: defaultdict[Fact, set[int]] = defaultdict(set)
    for length, values in roots.items():
        for fact in _reached(plan, values):
            lengths[fact].add(length)
    for dim in brought_dims(plan) if lengths else ():
        lengths["size", dim] = {int(length) for length in roots}
    return {fact: frozenset(found) for fact, found in lengths.items()}


def brought_dims(plan: Plan) -> tuple[str, ...]:
    """The dims whose lengths may differ from call to call: inputs have them, and no state does."""
    fixed = {dim.name for type_ in plan.shaped.states.values() if type_ for dim in type_.dims}
    found = (dim.name for given in plan.equations.inputs.values() for dim in given.type.dims)
    return tuple(dict.fromkeys(dim for dim in found if dim is not None and dim not in fixed))


def kept(windows: Windows, facts: Facts) -> Iterator[tuple[str, Tensor | None]]:
    """The changes to what is kept, at the end of a tick: new facts, and None for old ones."""
    for fact, lengths in windows.items():
        past = facts.past.get(fact, {})
        start = min(length * (facts.now // length) + 1 for length in lengths)
        if start > facts.now:
            yield from ((past_name(fact, tick), None) for tick in past)
            continue
        superseded = [tick for tick in past if tick <= start][:-1]
        yield from ((past_name(fact, tick), None) for tick in superseded)
        value = facts.given.get(fact)
        last = past[max(past)] if past else None
        if value is not None and (last is None or not torch.equal(last, value)):
            yield past_name(fact, facts.now), value.clone()


def _span(plan: Plan, expr: Expr) -> Fraction | None:
    """How far an expression looks back, in root ticks; None where it does not."""
    match expr:
        case Gather():
            return (
                plan.clocked.durations[plan.clocked.windows[expr]] if plan.gathers(expr) else None
            )
        case Grad(value=value) | With(value=value):
            span = plan.span(value)
            return span if plan.living(span) else None
        case _:
            return None


def _reached(plan: Plan, values: Iterable[Expr]) -> Iterator[Fact]:
    equations = plan.equations
    queue = deque(values)
    seen: set[int] = set()
    signals: set[SignalId] = set()
    states: set[tuple[StateId, bool]] = set()
    while queue:
        for expr in postorder([queue.popleft()], seen):
            match expr:
                case InputRead(input=name):
                    yield ("input", name)
                case Draw(name=text):
                    yield ("draw", text)
                case Prev(name=text):
                    yield ("prev", text)
                case SignalRead(signal=signal) if signal not in signals:
                    signals.add(signal)
                    queue.append(equations.signals[signal].value)
                case StateRead(state=state, primed=primed) if (state, primed) not in states:
                    states.add((state, primed))
                    yield ("state", state)
                    definition = equations.states[state]
                    period = plan.period(state)
                    inside = period is not None and period < 1
                    moves = primed or inside or definition.reset is not None
                    if moves and definition.update is not None:
                        queue.append(definition.update)
                    if definition.reset is not None and definition.reset.to is not None:
                        queue.append(definition.reset.to)
