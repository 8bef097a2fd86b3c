"""What a module must know of its system between calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import Dim, TensorType
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.shapes.view import seen
from nlgraph.system.ids import InputId, SignalId, StateId
from nlgraph.system.model import Draw, Input, InputRead, SignalRead, StateRead
from nlgraph.system.walk import postorder


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw, and the length of one tick of its clock.

    `type` is that of all draws of a root tick: those of its ticks are in front, if there are
    several, then those of its copies.
    """

    draw: Draw
    type: TensorType
    period: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Inputs with the lengths of their ticks, draws, states, and dimensions.

    `states` are the types of all copies. `needed` are the inputs that outputs read, `sizes` the
    dimensions' numbers in the file, `state_dims` those that some state has, and `fixed_dims` those
    that keep their length: a state that starts anew with each root tick may have another number
    of copies there, and is `loose`. `kept_initial` are the states that resets take back to their
    initial values. `names` has what users may call each state: its full name; a component's, if
    it has one state.
    """

    inputs: Mapping[InputId, Input]
    periods: Mapping[InputId, Fraction]
    needed: frozenset[InputId]
    draws: tuple[Drawn, ...]
    states: Mapping[StateId, TensorType]
    kept_initial: tuple[StateId, ...]
    names: Mapping[str, StateId]
    sizes: Mapping[str, int]
    state_dims: frozenset[str]
    fixed_dims: frozenset[str]
    loose: frozenset[StateId]

    @property
    def steady(self) -> bool:
        """Whether all inputs come with every root tick."""
        return all(period == 1 for period in self.periods.values())


def lay_out(shaped: Shaped) -> Layout:
    """Gather from a system what its module must know."""
    clocked = shaped.clocked
    equations = clocked.equations
    plan = Plan(shaped)
    states = {
        state: seen(
            plan.type_of(("before", state)), plan.per(("before", state)), (), equations.dims
        )
        for state in equations.states
    }
    loose = frozenset(
        state
        for state in plan.living(Fraction(1))
        if plan.per(("before", state)) and not plan.keeps(state)
    )
    kept = [type_.dims for state, type_ in states.items() if state not in loose]
    kept += [plan.type_of(("before", state)).dims for state in loose]
    names: dict[str, StateId] = {str(state): state for state in states}
    for component in equations.components.values():
        if len(component.states) == 1:
            names.setdefault(component.id, component.states[0])
    return Layout(
        inputs=equations.inputs,
        periods={name: clocked.durations[i.clock] for name, i in equations.inputs.items()},
        needed=_inputs_of_outputs(clocked),
        draws=_draws(shaped),
        states=states,
        kept_initial=tuple(
            state.id
            for state in equations.states.values()
            if state.reset is not None and state.reset.to is None
        ),
        names=names,
        sizes={name: size for name, size in equations.dims.items() if size is not None},
        state_dims=_names(type_.dims for type_ in states.values()),
        fixed_dims=_names(kept) | _dims_along(clocked),
        loose=loose,
    )


def _names(shapes: Iterable[tuple[Dim, ...]]) -> frozenset[str]:
    return frozenset(dim.name for dims in shapes for dim in dims if dim.name is not None)


def _dims_along(clocked: Clocked) -> frozenset[str]:
    """The dimensions along which clocks run inside several root ticks: these take their number."""
    return frozenset(
        clock.dim
        for clock in clocked.equations.clocks.values()
        if clock.dim is not None and (clocked.duration(clock.parent) or 1) > 1
    )


def _draws(shaped: Shaped) -> tuple[Drawn, ...]:
    """All draws but those of initial values, each in the copies in which it stands."""
    clocked = shaped.clocked
    draws: dict[str, Drawn] = {}
    for (expr, hidden), type_ in shaped.types.items():
        if not isinstance(expr, Draw) or expr not in clocked.timings or type_ is None:
            continue
        period = clocked.durations[clocked.timings[expr].clock or clocked.equations.root]
        front = tuple(Dim(name, clocked.equations.dims[name]) for name in hidden)
        if period < 1:
            front = (Dim(None, int(1 / period)), *front)
        of = TensorType(type_.dtype, (*front, *type_.dims))
        draws[expr.name] = Drawn(expr, of, period)
    return tuple(draws.values())


def _inputs_of_outputs(clocked: Clocked) -> frozenset[InputId]:
    """The inputs that some output reads, over any number of signals.

    In a call that learns nothing only what is reset within a root tick is updated, so that an
    output may read an input through its update.
    """
    equations = clocked.equations
    queue = deque(result.value for result in equations.results if result.kind == "output")
    seen: set[int] = set()
    signals: set[SignalId] = set()
    states: set[StateId] = set()
    inputs: set[InputId] = set()
    while queue:
        for expr in postorder([queue.popleft()], seen):
            match expr:
                case InputRead(input=name):
                    inputs.add(name)
                case SignalRead(signal=signal) if signal not in signals:
                    signals.add(signal)
                    queue.append(equations.signals[signal].value)
                case StateRead(state=state) if state not in states:
                    states.add(state)
                    found = equations.states[state]
                    if found.reset is not None and clocked.durations[found.reset.clock] <= 1:
                        queue.extend(e for e in (found.update, found.reset.to) if e is not None)
    return frozenset(inputs)
