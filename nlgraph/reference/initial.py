"""Initial values: where every state starts, and where resets take it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from nlgraph.reference.evaluate import solve_across
from nlgraph.reference.facts import Facts
from nlgraph.reference.plan import Plan
from nlgraph.reference.values import conform
from nlgraph.reference.views import Context, Steps, View
from nlgraph.system.ids import StateId

if TYPE_CHECKING:
    from torch import Tensor


def initial_values(plan: Plan, facts: Facts) -> tuple[dict[StateId, Tensor], dict[StateId, Tensor]]:
    """The initial value of each state, and the value with which its first tick starts.

    They differ where a reset names another value: the first tick starts there too. `facts` has
    the draws of initial values, by the names of their states.
    """
    initial = _Initial(plan, facts)
    first = _First(plan, facts, initial)
    states = plan.equations.states
    start = Fraction(0)
    return (
        {state: solve_across(initial.at(start), ("before", state)) for state in states},
        {state: solve_across(first.at(start), ("before", state)) for state in states},
    )


class _Initial(View):
    """Where a state is its initial value."""

    def before(self, context: Context, state: StateId) -> Steps:
        value = yield context, self.plan.equations.states[state].init
        return conform(value, self.plan.shaped.states[state], context)


class _First(View):
    """Where a state is what its first tick starts with."""

    def __init__(self, plan: Plan, facts: Facts, initial: View) -> None:
        super().__init__(plan, facts)
        self._initial = initial

    def before(self, context: Context, state: StateId) -> Steps:
        reset = self.plan.equations.states[state].reset
        to = None if reset is None or self.plan.keeps(state) else reset.to
        if to is None or self.plan.clocked.timings[to].stream:
            return (yield context.seen_in(self._initial), ("before", state))
        return conform((yield context, to), self.plan.shaped.states[state], context)
