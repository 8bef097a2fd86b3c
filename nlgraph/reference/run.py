"""One root tick: every state that changes, every `prev` and every result."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import torch
from torch import Tensor

from nlgraph.reference.evaluate import solve
from nlgraph.reference.facts import Facts
from nlgraph.reference.plan import Plan
from nlgraph.reference.values import tensor
from nlgraph.reference.views import View
from nlgraph.system.ids import ClockId, SignalId, StateId
from nlgraph.system.model import Prev, Result
from nlgraph.system.walk import postorder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a tick leaves: states as the next one starts, last values, and results by name."""

    states: dict[StateId, Tensor]
    prevs: dict[str, Tensor]
    results: dict[str, Tensor]


def run(
    plan: Plan,
    facts: Facts,
    prevs: Iterable[Prev],
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
                found[signal] = _tensor(solve(context, ("signal", signal)), type_.dtype, facts)
        if not facts.learning:
            return Outcome({}, {}, found)
        states = {
            state: solve(context, ("started", state)).detach()
            for state in equations.states
            if plan.changes(state, now)
        }
        lasts = {}
        for prev in prevs:
            if ends(clocked.timings[prev.value].clock):
                number = plan.shaped.type_of(prev).is_number
                lasts[prev.name] = _tensor(
                    solve(context, prev.value),
                    "f64" if number else plan.shaped.type_of(prev).dtype,
                    facts,
                )
        return Outcome(states, lasts, found)


def prevs_of(plan: Plan) -> tuple[Prev, ...]:
    """Every `prev` whose last value must be kept from one root tick to the next."""
    return tuple(
        expr
        for expr in postorder(plan.statements())
        if isinstance(expr, Prev)
        and (expr, ()) in plan.shaped.types  # not in the branch of a choice that is never taken
        and plan.anew(plan.clocked.timings[expr.value].clock) is None
    )


def _tensor(value: Tensor | float, dtype: str, facts: Facts) -> Tensor:
    return tensor(value, dtype, facts).detach()
