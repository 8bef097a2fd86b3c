"""One root tick: every state that changes, every `prev` and every result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from nlgraph.reference.evaluate import solve, solve_across, solve_for_each
from nlgraph.reference.facts import Facts
from nlgraph.reference.plan import Plan
from nlgraph.reference.values import tensor
from nlgraph.reference.views import View
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import ClockId, SignalId, StateId
from nlgraph.system.model import Prev, Result


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tick leaves: states as the next one starts, last values, and results by name."""

    states: dict[StateId, Tensor]
    prevs: dict[str, Tensor]
    results: dict[str, Tensor]


def run(
    plan: Plan,
    facts: Facts,
    prevs: Iterable[tuple[Prev, Hidden]],
    results: Iterable[Result],
    watch: Iterable[SignalId],
) -> Outcome:
    """Run the root tick `facts.now`.

    In a call that learns nothing only the results are computed.
    """
    now = Fraction(facts.now)
    equations, clocked = plan.equations, plan.clocked

    def ends(clock: ClockId | None) -> bool:
        return clock is None or now % clocked.durations[clock] == 0

    with torch.enable_grad():
        context = View(plan, facts).at(now)
        found: dict[str, Tensor] = {}
        for result in results:
            if ends(clocked.timings[result.value].clock):
                value = solve(context, result.value)
                found[result.name] = _tensor(value, plan.shaped.type_of(result.value).dtype, facts)
        for signal in watch:
            if ends(clocked.signals[signal].clock):
                type_ = plan.shaped.signals[signal]
                assert type_ is not None, "a system with faults is never compiled"
                value = solve_across(context, ("signal", signal))
                found[signal] = _tensor(value, type_.dtype, facts)
        if not facts.learning:
            return Outcome({}, {}, found)
        states = {
            state: solve_across(context, ("started", state)).detach()
            for state in equations.states
            if plan.changes(state, now)
        }
        lasts = {}
        for prev, hidden in prevs:
            if ends(clocked.timings[prev.value].clock):
                of = plan.shaped.type_of(prev, hidden)
                value = solve_for_each(context, prev.value, hidden)
                lasts[prev.name] = _tensor(value, "f64" if of.is_number else of.dtype, facts)
        return Outcome(states, lasts, found)


def prevs_of(plan: Plan) -> tuple[tuple[Prev, Hidden], ...]:
    """Every `prev` whose last value must be kept from one root tick to the next.

    Each with the dims of the copies in which it stands.
    """
    return tuple(
        (expr, hidden)
        for expr, hidden in plan.shaped.types
        if isinstance(expr, Prev)
        if plan.goes_on(expr)
    )


def _tensor(value: Tensor | float, dtype: str, facts: Facts) -> Tensor:
    return tensor(value, dtype, facts).detach()
