"""Ways to see a system: as it runs, inside a gradient, with states replaced.

A view answers what a named value is at a time. One that stands inside another computes anew what
it changes and reads everything else outside. A component `per` some dims has a value for each of
its copies: its names are asked for in the context of one copy; see `copies`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

from torch import Tensor

from nlgraph.ops.types import Dim, TensorType
from nlgraph.reference.facts import Facts
from nlgraph.reference.plan import Atom, Plan
from nlgraph.reference.values import Value, conform
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import SignalId, StateId
from nlgraph.system.model import Expr, Prev

Key = Expr | Atom
Ask = tuple["Context", Key]
Steps = Generator[Ask, Any, Any]
"""A computation: it yields what it needs and is sent its value. The solver keeps the stack."""

Copy = tuple[tuple[str, int], ...]
"""The index of a copy for each of its dims, in their order."""


@dataclass(eq=False, slots=True)
class Context:
    """A view at a time, inside a copy, with every value that was computed there.

    `tick` is the root tick under way.
    """

    view: View
    time: Fraction
    copy: Copy
    memo: dict[Key, Value] = field(default_factory=dict)
    tick: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the root ticks."""
        self.tick = ceil(self.time)

    @property
    def learning(self) -> bool:
        """Whether this tick learns: a call is one that does not, the steps before it did."""
        return self.view.facts.learning or self.tick < self.view.facts.now

    @property
    def hidden(self) -> Hidden:
        """The dims that values are seen without."""
        return tuple(dim for dim, _ in self.copy)

    @property
    def indices(self) -> tuple[int, ...]:
        """The copy's index for each of these."""
        return tuple(index for _, index in self.copy)

    def seen_in(self, view: View) -> Context:
        """The same time and copy in another view."""
        return view.at(self.time, self.copy)

    def moved(self, time: Fraction) -> Context:
        """The same view and copy at another time."""
        return self.view.at(time, self.copy)


class View:
    """The system as it runs: the outermost view.

    `tracked` says whether a gradient is around, so that values must be differentiable.
    """

    tracked = False

    def __init__(self, plan: Plan, facts: Facts) -> None:
        """Compute nothing yet."""
        self.plan = plan
        self.facts = facts
        self._contexts: dict[tuple[Fraction, Copy], Context] = {}

    def at(self, time: Fraction, copy: Copy = ()) -> Context:
        """The context at a time, inside a copy."""
        key = (time, copy)
        if key not in self._contexts:
            self._contexts[key] = Context(self, time, copy)
        return self._contexts[key]

    @property
    def outside(self) -> View:
        """The view outside of the nearest gradient."""
        return self

    @property
    def window(self) -> View:
        """The view in which the ticks of a gather are seen."""
        return self

    @cached_property
    def restarted(self) -> View:
        """This view, where states have the values with which the next tick starts."""
        return _Restarted(self)

    def signal(self, context: Context, signal: SignalId) -> Steps:
        """A signal's value, for a reader at a time."""
        moment = self.plan.moment(signal, context.time, Fraction(self.facts.now))
        return (yield context.moved(moment), self.plan.equations.signals[signal].value)

    def before(self, context: Context, state: StateId) -> Steps:
        """A state just before a time: as it was left by what happened to it last."""
        last = self.plan.last_event(state, context.time)
        start = Fraction(context.tick - 1)
        return (yield context.moved(max(last, start)), ("started", state))

    def after(self, context: Context, state: StateId) -> Steps:
        """A state just after a time, before any reset.

        One at the end of a past root tick is what the next one started with, if no reset came
        between: its update's own window may be forgotten.
        """
        if not self.updates(context, state):
            return (yield context, ("before", state))
        reset = self.plan.reset_period(state)
        past = context.time == context.tick < self.facts.now
        if type(self) is View and past and (reset is None or context.time % reset):
            kept = self.facts.state(state, context.tick + 1)
            if kept is not None:
                return kept[context.indices]
        return (yield from update(context, state))

    def started(self, context: Context, state: StateId) -> Steps:
        """A state with which the tick after a time starts: after updates and resets."""
        if context.time == context.tick < self.facts.now:
            kept = self.facts.state(state, context.tick + 1)
            if kept is not None:
                return kept[context.indices]
        reset = self.plan.reset_period(state)
        if reset is not None and context.time % reset == 0:
            return (yield from restart(context, state))
        return (yield context, ("after", state))

    def prev(self, context: Context, expr: Prev) -> Steps:
        """The value of an expression at the tick before of its clock."""
        last, start = self.plan.tick_before(expr, context.time)
        if last > start and last > context.tick - 1:
            return (yield context.moved(last), expr.value)
        kept = self.facts.at(("prev", expr.name), context.tick)
        type_ = self.plan.shaped.type_of(expr, context.hidden)
        if last <= start or kept is None:
            first = yield context, expr.init
            return first if type_.is_number else conform(first, type_, context)
        value = kept[context.indices]
        return value.item() if type_.is_number else value

    def updates(self, context: Context, state: StateId) -> bool:
        """Whether a state is updated at a time.

        In a call that learns nothing only what lives inside the root tick is.
        """
        period = self.plan.period(state)
        if period is None or context.time % period:
            return False
        return context.learning or state in self.plan.living(Fraction(1))


def update(context: Context, state: StateId) -> Steps:
    """The value of a state's update."""
    view = context.view
    expr = view.plan.equations.states[state].update
    assert expr is not None, f"{state} is frozen"
    return conform((yield context, expr), view.plan.shaped.states[state], context)


def restart(context: Context, state: StateId) -> Steps:
    """The value that a state has after its reset at a time."""
    view = context.view
    reset = view.plan.equations.states[state].reset
    assert reset is not None, f"{state} is not reset"
    if view.plan.keeps(state):
        value: Tensor = yield context, ("after", state)
        return value.detach()
    if reset.to is None:
        return view.facts.initial[state][context.indices]
    value = yield context.seen_in(view.restarted), reset.to
    return conform(value, view.plan.shaped.states[state], context)


class _Inner(View):
    """A view that reads outside whatever it does not say itself."""

    def __init__(self, outer: View) -> None:
        super().__init__(outer.plan, outer.facts)
        self.outer = outer
        self.tracked = outer.tracked

    def signal(self, context: Context, signal: SignalId) -> Steps:
        return (yield context.seen_in(self.outer), ("signal", signal))

    def before(self, context: Context, state: StateId) -> Steps:
        return (yield context.seen_in(self.outer), ("before", state))

    def after(self, context: Context, state: StateId) -> Steps:
        return (yield context.seen_in(self.outer), ("after", state))

    def started(self, context: Context, state: StateId) -> Steps:
        return (yield context.seen_in(self.outer), ("started", state))

    def prev(self, context: Context, expr: Prev) -> Steps:
        return (yield context.seen_in(self.outer), expr)


class _Restarted(_Inner):
    """Where a reset's target is read: states as the next tick starts with them."""

    @property
    def outside(self) -> View:
        """The same, outside of the nearest gradient."""
        return self.outer.outside.restarted

    @property
    def window(self) -> View:
        """A window has ended: its ticks are seen as they were."""
        return self.outer.window

    def signal(self, context: Context, signal: SignalId) -> Steps:
        if self.plan.clocked.signals[signal].stream:
            return (yield context.seen_in(self.outer), ("signal", signal))
        return (yield context, self.plan.equations.signals[signal].value)

    def before(self, context: Context, state: StateId) -> Steps:
        return (yield context.seen_in(self.outer), ("started", state))

    def after(self, context: Context, state: StateId) -> Steps:
        return (yield context.seen_in(self.outer), ("started", state))


class _Unfolded(_Inner):
    """Where an updated state stands for its update's expression, so that gradients flow."""

    @property
    def outside(self) -> View:
        """The same, outside of the nearest gradient."""
        return unfolded(self.outer.outside)

    def signal(self, context: Context, signal: SignalId) -> Steps:
        if signal in self.plan.affected(self.plan.after_all):
            return (yield from View.signal(self, context, signal))
        return (yield from super().signal(context, signal))

    def after(self, context: Context, state: StateId) -> Steps:
        return (yield from View.after(self, context, state))


def unfolded(view: View) -> View:
    """A view in which updated states stand for their updates; without a gradient around, itself."""
    return _Unfolded(view) if view.tracked else view


@dataclass(frozen=True, slots=True)
class Fixed:
    """A value in place of a named one: a tensor, or what to ask for it.

    It is fixed inside one copy, `copy`, of those dims that the reader stands in already; the
    component's other copies are in front of its dimensions.
    """

    value: Tensor | Ask
    copy: Copy
    others: tuple[str, ...]


class Scope(_Inner):
    """A view in which some values are fixed, and what lives inside a tick is computed anew.

    `span` is the length of the tick, None where nothing lives inside.
    """

    def __init__(self, outer: Context, fixed: Mapping[Atom, Fixed], span: Fraction | None) -> None:
        """Stand inside a context."""
        super().__init__(outer.view)
        self.fixed = fixed
        self.span = span
        self.living = self.plan.living(span)
        self.start = Fraction(0) if span is None else span * (ceil(outer.time / span) - 1)
        lives = {(when, state) for state in self.living for when in ("before", "after")}
        self._affected = self.plan.affected(frozenset(fixed) | lives)

    def signal(self, context: Context, signal: SignalId) -> Steps:
        """Computed anew where it reads what is fixed or lives here."""
        if self._is_fixed(context, ("signal", signal)):
            return (yield from self._fixed(context, ("signal", signal)))
        if signal in self._affected:
            return (yield from View.signal(self, context, signal))
        return (yield from super().signal(context, signal))

    def before(self, context: Context, state: StateId) -> Steps:
        """As fixed; what lives here, as it was left by what happened to it last."""
        if self._is_fixed(context, ("before", state)):
            return (yield from self._fixed(context, ("before", state)))
        if state in self.living:
            last = self.plan.last_event(state, context.time)
            return (yield context.moved(max(last, self.start)), ("started", state))
        return (yield from super().before(context, state))

    def after(self, context: Context, state: StateId) -> Steps:
        """As fixed; what lives here is updated here, all else is a constant."""
        if self._is_fixed(context, ("after", state)):
            return (yield from self._fixed(context, ("after", state)))
        if state in self.living:
            return (yield from View.after(self, context, state))
        return (yield from super().after(context, state))

    def started(self, context: Context, state: StateId) -> Steps:
        """As fixed; what lives here starts with its reset."""
        if self._is_fixed(context, ("before", state)):
            return (yield from self._fixed(context, ("before", state)))
        reset = self.plan.reset_period(state)
        if state not in self.living or reset is None:
            return (yield from super().started(context, state))
        definition = self.plan.equations.states[state].reset
        first = context.time == self.start
        given = definition is None or definition.to is None or self.plan.keeps(state)
        if first and given:
            return (yield from super().started(context, state))
        if first or context.time % reset == 0:
            return (yield from restart(context, state))
        return (yield context, ("after", state))

    def prev(self, context: Context, expr: Prev) -> Steps:
        """Lives here if its clock starts anew within the tick."""
        last, start = self.plan.tick_before(expr, context.time)
        clock = self.plan.clocked.timings[expr.value].clock
        restart_period = self.plan.anew(clock)
        lives = self.span is not None and restart_period is not None and restart_period <= self.span
        if lives and (last > self.start or last <= start):
            return (yield from View.prev(self, context, expr))
        return (yield from super().prev(context, expr))

    def _is_fixed(self, context: Context, atom: Atom) -> bool:
        found = self.fixed.get(atom)
        return found is not None and set(found.copy) <= set(context.copy)

    def _fixed(self, context: Context, atom: Atom) -> Steps:
        found = self.fixed[atom]
        at = dict(context.copy)
        position = tuple(at[dim] for dim in found.others)
        if isinstance(found.value, Tensor):
            return found.value[position]
        of = self.plan.type_of(atom)
        sizes = self.facts.sizes_at(context.tick)
        others = tuple(Dim(dim, sizes[dim]) for dim in found.others)
        value = conform((yield found.value), TensorType(of.dtype, (*others, *of.dims)), context)
        return value[position]
