"""What a module must know of its system between calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import TensorType
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import InputId, SignalId, StateId
from nlgraph.system.model import Draw, Input, InputRead, SignalRead, StateRead
from nlgraph.system.walk import postorder


@dataclass(frozen=True, slots=True)
class Drawn:
    """A draw of a root tick or slower: its type, and the length of one tick of its clock."""

    draw: Draw
    type: TensorType
    period: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Inputs with the lengths of their ticks, draws, states, and dimensions.

    `needed` are the inputs that outputs read, `sizes` the dimensions' numbers in the file,
    `state_dims` those that some state has: they keep their length. `kept_initial` are the states
    that resets take back to their initial values. `names` has what users may call each state: its
    full name; a component's, if it has one state.
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


def lay_out(shaped: Shaped) -> Layout:
    """Gather from a system what its module must know."""
    clocked = shaped.clocked
    equations = clocked.equations
    states: dict[StateId, TensorType] = {}
    for state, type_ in shaped.states.items():
        assert type_ is not None, "a system with faults is never compiled"
        states[state] = type_
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
        state_dims=frozenset(
            dim.name for type_ in states.values() for dim in type_.dims if dim.name is not None
        ),
    )


def _draws(shaped: Shaped) -> tuple[Drawn, ...]:
    clocked = shaped.clocked
    draws: dict[str, Drawn] = {}
    for expr in postorder(Plan(shaped).statements()):
        # One in the branch of a choice that is never taken has no type.
        type_ = shaped.types.get((expr, ()))
        if isinstance(expr, Draw) and type_ is not None:
            clock = clocked.timings[expr].clock or clocked.equations.root
            draws[expr.name] = Drawn(expr, type_, clocked.durations[clock])
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
