"""The clock of every expression, once those of components and signals are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm

from nlgraph.clocks import errors
from nlgraph.clocks.model import Timing
from nlgraph.clocks.periods import Periods
from nlgraph.clocks.solve import Solution, along_with
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.ids import ClockId, ComponentId, InputId, SignalId, StateId
from nlgraph.system.model import (
    Call,
    Draw,
    Equations,
    Expr,
    Gather,
    Grad,
    InputRead,
    Item,
    Prev,
    SignalRead,
    Slice,
    StateRead,
    Tick,
    Unknown,
)
from nlgraph.system.walk import children, postorder

NEVER = Timing(None, stream=False)
"""The timing of what never changes; also of what has a fault, which so stays silent."""


@dataclass(frozen=True, slots=True)
class Beside:
    """Two parts of an expression of which neither is faster; `common` divides all its periods."""

    first: Expr
    second: Expr
    common: int


@dataclass(slots=True)
class Timer:
    """What is found step by step. `silent` are the expressions and signals with a fault."""

    equations: Equations
    periods: Periods
    solution: Solution
    components: Mapping[ComponentId, ClockId | None]
    durations: Mapping[ClockId, Fraction]
    report: Report
    timings: dict[Expr, Timing] = field(default_factory=dict)
    signals: dict[SignalId, Timing] = field(default_factory=dict)
    windows: dict[Gather, ClockId] = field(default_factory=dict)
    silent: set[Expr | SignalId] = field(default_factory=set)
    beside: dict[Expr, Beside] = field(default_factory=dict)
    lengths: dict[ClockId, int] = field(default_factory=dict)
    inputs: dict[InputId, Timing] = field(default_factory=dict)
    states: dict[StateId, Timing] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    statement: ClockId | None = None
    """The clock of the statement under way: that of its draws."""


def time_expressions(timer: Timer) -> None:
    """Time signals in the order in which they read each other, then all other statements."""
    _prepare(timer)
    equations, solution = timer.equations, timer.solution
    for name in equations.signals:
        # What a signal reads of itself, by `prev`, it reads before its own timing is known.
        found = solution.signals.get(name)
        timer.signals[name] = NEVER if found is None else Timing(found[1], stream=True)
    for name in _in_order(equations):
        signal = equations.signals[name]
        found = solution.signals.get(name)
        timing = _time(timer, signal.value, equations.root if found is None else found[1])
        timer.signals[name] = NEVER if _without_clock(timer, signal.value) else timing
        if signal.value in timer.silent:
            timer.silent.add(name)
    for state in equations.states.values():
        if state.update is not None:
            _time(timer, state.update, timer.components[state.component])
        if state.reset is not None and state.reset.to is not None:
            _time(timer, state.reset.to, state.reset.clock)
    _check_groups(timer)
    for component in equations.components.values():
        others = (*component.coefficients, *component.map_reads)
        for expr in others if component.objective is None else (component.objective, *others):
            _time(timer, expr, timer.components[component.id])
    for result in equations.results:
        _time(timer, result.value, equations.root)
        _without_clock(timer, result.value)


def _prepare(timer: Timer) -> None:
    # Whole numbers compare many times faster than fractions.
    unit = lcm(*(length.denominator for length in timer.durations.values()))
    timer.lengths = {clock: int(length * unit) for clock, length in timer.durations.items()}
    lost = timer.periods.lost
    for name, input_ in timer.equations.inputs.items():
        known = input_.clock in timer.lengths and input_.clock not in lost
        timer.inputs[name] = Timing(input_.clock, stream=True) if known else NEVER
    for state_name, state in timer.equations.states.items():
        clock = timer.components[state.component]
        if clock is None and state.reset is not None:
            clock = state.reset.clock
        known = clock is not None and clock in timer.lengths and state.component not in lost
        timer.states[state_name] = Timing(clock, stream=False) if known else NEVER


def _in_order(equations: Equations) -> Iterable[SignalId]:
    """Every signal after those that it reads, but for cycles."""
    done: dict[SignalId, None] = {}
    begun: set[SignalId] = set()
    for start in equations.signals:
        stack = [start]
        while stack:
            name = stack[-1]
            if name in begun:
                done.setdefault(name)
                stack.pop()
                continue
            begun.add(name)
            value = equations.signals[name].value
            stack.extend(
                read.signal
                for read in postorder([value])
                if isinstance(read, SignalRead) and read.signal not in begun
            )
    return done


def _time(timer: Timer, root: Expr, statement: ClockId | None) -> Timing:
    timer.statement = statement
    timings = timer.timings
    for expr in postorder([root], timer.seen):
        timings[expr] = _timing(timer, expr)
    return timings[root]


def _timing(timer: Timer, expr: Expr) -> Timing:
    match expr:
        case Call():
            return _fastest(timer, expr, expr.args)
        case StateRead(state=state):
            return timer.states[state]
        case SignalRead(signal=signal):
            if signal in timer.silent:
                timer.silent.add(expr)
            return timer.signals[signal]
        case InputRead(input=name):
            return timer.inputs[name]
        case Tick(of=of, clock=clock):
            found = clock if of is None else timer.components[of]
            return NEVER if found is None else Timing(found, stream=True)
        case Draw():
            return NEVER if timer.statement is None else Timing(timer.statement, stream=True)
        case Unknown():
            timer.silent.add(expr)
            return NEVER
        case Gather():
            return _gather(timer, expr)
        case Slice(value=value, clock=clock):
            return NEVER if _without_clock(timer, value, expr) else Timing(clock, stream=True)
        case Prev(value=value):
            if _without_clock(timer, value, expr):
                return NEVER
            timing = timer.timings[value]
            if timing.clock is None and timer.statement is not None:
                return Timing(timer.statement, stream=True)
            return timing
        case Grad():
            if _without_clock(timer, expr.value, expr):
                return NEVER
            return _fastest(timer, expr, children(expr))
        case Item(grad=grad):
            if grad in timer.silent:
                timer.silent.add(expr)
            return timer.timings[grad]
        case _:
            return _fastest(timer, expr, children(expr))


def _fastest(timer: Timer, expr: Expr, parts: tuple[Expr, ...]) -> Timing:
    timings, lengths = timer.timings, timer.lengths
    best: Timing = NEVER
    clock: ClockId | None = None
    length = 0
    stream = False
    odd = False
    for part in parts:
        timing = timings[part]
        stream = stream or timing.stream
        at = timing.clock
        if at is None or at is clock:
            continue
        own = lengths[at]
        if clock is None or own < length:
            odd = odd or (clock is not None and length % own != 0)
            best, clock, length = timing, at, own
        elif own % length:
            odd = True
    if timer.silent and any(part in timer.silent for part in parts):
        timer.silent.add(expr)
        return NEVER
    if odd or (timer.beside and any(part in timer.beside for part in parts)):
        _note_beside(timer, expr, parts, length)
    return best if best.stream is stream else Timing(clock, stream)


def _note_beside(timer: Timer, expr: Expr, parts: tuple[Expr, ...], length: int) -> None:
    common = 0
    pair: tuple[Expr, Expr] | None = None
    fastest: Expr | None = None
    for part in parts:
        clock = timer.timings[part].clock
        if clock is None:
            continue
        known = timer.beside.get(part)
        common = gcd(common, timer.lengths[clock] if known is None else known.common)
        if known is not None and known.common % length:
            pair = (known.first, known.second)
        if timer.lengths[clock] == length and fastest is None:
            fastest = part
    if common % length == 0:
        return
    if pair is None:
        assert fastest is not None, "some part is the fastest"
        clocks = [(part, timer.timings[part].clock) for part in parts]
        other = next(p for p, clock in clocks if clock and timer.lengths[clock] % length)
        pair = (_leaf(timer, fastest), _leaf(timer, other))
    timer.beside[expr] = Beside(*pair, common)


def _leaf(timer: Timer, expr: Expr) -> Expr:
    """The read from which an expression has its clock."""
    clock = timer.timings[expr].clock
    while isinstance(expr, Call):
        inner = [part for part in expr.args if timer.timings[part].clock == clock]
        if not inner:
            break
        expr = inner[0]
    return expr


def _without_clock(timer: Timer, expr: Expr, reader: Expr | None = None) -> bool:
    """Whether an expression that must have a clock has none, for a fault that is reported."""
    found = timer.beside.get(expr)
    if found is not None and expr not in timer.silent:
        one, other = (timer.timings[part].clock for part in (found.first, found.second))
        assert one is not None, "what has no clock is beside nothing"
        assert other is not None, "what has no clock is beside nothing"
        timer.report.add(errors.beside((found.first, one), (found.second, other), timer.equations))
        timer.silent.add(expr)
    if expr not in timer.silent:
        return False
    if reader is not None:
        timer.silent.add(reader)
    return True


def _gather(timer: Timer, gather: Gather) -> Timing:
    equations, durations = timer.equations, timer.durations
    if _without_clock(timer, gather.value, gather):
        timer.windows[gather] = gather.clock or equations.root
        return NEVER
    value = timer.timings[gather.value]
    window = gather.clock
    if gather.reader is not None:
        window = timer.components[gather.reader] or value.clock
    elif window is None:
        found = None if value.clock is None else (durations[value.clock], value.clock)
        along = None if found is None else along_with(found, equations, timer.periods)
        if along is None:
            timer.report.add(errors.no_window(gather, value.clock))
            timer.silent.add(gather)
            return NEVER
        window = equations.clocks[along].parent
    timer.windows[gather] = window or equations.root
    if window is None or value.clock is None:
        return NEVER
    if timer.lengths[window] > timer.lengths[value.clock]:
        return Timing(window, stream=True)
    if timer.lengths[window] < timer.lengths[value.clock] and gather.clock is not None:
        return Timing(window, value.stream)
    return value


def _check_groups(timer: Timer) -> None:
    """The updates of an unstated component, and of what its rule adds, have one clock in common."""
    first: dict[ComponentId, Expr] = {}
    silent: set[ComponentId] = set()
    updates = [s for s in timer.equations.states.values() if s.update is not None]
    for state in updates:
        group = timer.periods.components[state.component].group
        assert state.update is not None, "frozen states are left out"
        if group is not None and timer.timings[state.update].clock == timer.components[group]:
            first.setdefault(group, state.update)
    for state in updates:
        update, group = state.update, timer.periods.components[state.component].group
        if update is None or group is None or group in silent:
            continue
        clock, own = timer.timings[update].clock, timer.components[group]
        if _without_clock(timer, update):
            silent.add(group)
            timer.timings[update] = NEVER
        elif clock and own and timer.lengths[clock] % timer.lengths[own] and group in first:
            pair = ((_leaf(timer, first[group]), own), (_leaf(timer, update), clock))
            timer.report.add(errors.beside(*pair, timer.equations))
            silent.add(group)
            timer.timings[update] = NEVER
