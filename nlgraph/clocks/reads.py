"""What each statement reads, and how: delayed, gathered, as a constant, or inside a gradient.

The checks of causality and gradients, and the levels, all ask for ways from one statement to
another. A node is a signal, the update or the reset of a state, what a map reads, a result, an
expression that several statements share, or one that is differentiated: each is looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm
from typing import Literal

from nlgraph.clocks.model import Clocked
from nlgraph.clocks.sharing import shared
from nlgraph.system.ids import ClockId, StateId
from nlgraph.system.model import (
    Call,
    Expr,
    Gather,
    Grad,
    Hold,
    InputRead,
    Prev,
    SignalRead,
    StateRead,
    Stop,
    With,
)
from nlgraph.system.walk import children

Kind = Literal["signal", "update", "reset"]
Node = tuple[Kind, str] | Expr


@dataclass(frozen=True, slots=True)
class Manner:
    """How something is read.

    `delay`: the tick that a `prev` looks back, 0 for none. `window`: the longest window of the
    gathers around. `stop`, `hold`: inside a `stop(…)`, a `hold(…)`. `without`: states that a
    `with` replaces. `expands`: inside the replacement of a `with`, where a primed state stands for
    its update. Lengths are whole numbers, `Reads.length`.
    """

    delay: int = 0
    window: int = 0
    stop: bool = False
    hold: bool = False
    without: tuple[StateId, ...] = ()
    expands: bool = False


PLAIN = Manner()


@dataclass(frozen=True, slots=True)
class Read:
    """One read of a node or a state. `gradient`: the Grad whose value it is, if it is one.

    A StateRead is the state itself; it leads on only where the reader of the table says so.
    """

    expr: Expr
    manner: Manner
    gradient: Grad | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reads:
    """The reads of every node; `length` gives the ticks of clocks as whole numbers of one unit."""

    clocked: Clocked
    of: Mapping[Node, tuple[Read, ...]]
    length: Mapping[ClockId, int]
    root: int

    def period(self, state: StateId) -> int | None:
        """The time between two updates of a state; None for a frozen one."""
        found = self.clocked.equations.states[state]
        clock = self.clocked.components[found.component]
        return None if clock is None or found.update is None else self.length[clock]

    def reset(self, state: StateId) -> int | None:
        """The time between two resets of a state; None for one that is never reset."""
        found = self.clocked.equations.states[state].reset
        return None if found is None else self.length[found.clock]

    def lives_inside(self, state: StateId, tick: int) -> bool:
        """Whether a state lives inside one tick of this length: it is reset as often, or more."""
        reset = self.reset(state)
        return reset is not None and tick % reset == 0


def node_of(expr: Expr) -> Node:
    """The node that a read leads to, where it is no state."""
    return ("signal", expr.signal) if isinstance(expr, SignalRead) else expr


def find_reads(clocked: Clocked) -> Reads:
    """Look at every statement once."""
    equations = clocked.equations
    unit = lcm(*(length.denominator for length in clocked.durations.values()))
    length = {clock: int(duration * unit) for clock, duration in clocked.durations.items()}
    roots: list[tuple[Node, Expr]] = [
        (("signal", signal.id), signal.value) for signal in equations.signals.values()
    ]
    for state in equations.states.values():
        if state.update is not None:
            roots.append((("update", state.id), state.update))
        if state.reset is not None and state.reset.to is not None:
            roots.append((("reset", state.id), state.reset.to))
    for component in equations.components.values():
        roots.extend((expr, expr) for expr in component.map_reads)
    roots.extend((result.value, result.value) for result in equations.results)
    common = shared(expr for _, expr in roots)
    found: dict[Node, tuple[Read, ...]] = {}
    roots.reverse()
    while roots:
        node, expr = roots.pop()
        if node in found:
            continue
        reads = tuple(_reads(node, expr, clocked, length, common))
        found[node] = reads
        roots.extend(
            (read.expr, read.expr)
            for read in reads
            if not isinstance(read.expr, SignalRead | StateRead | InputRead)
            and read.expr not in found
        )
    return Reads(clocked, found, length, length[equations.root])


def _reads(
    node: Node,
    root: Expr,
    clocked: Clocked,
    length: Mapping[ClockId, int],
    common: set[Expr],
) -> Iterator[Read]:
    stack = [(root, PLAIN)]
    while stack:
        expr, how = stack.pop()
        if expr in common and expr is not node:
            yield Read(expr, how)
            continue
        match expr:
            case Call(op="global_dot", args=args):
                # Its factors are nodes: a derivative by one leaf is about that leaf's alone.
                yield from (Read(part, how) for part in args)
            case Call(args=args):
                stack.extend((part, how) for part in reversed(args))
            case SignalRead() | StateRead() | InputRead():
                yield Read(expr, how)
            case Stop(value=value):
                stack.append((value, replace(how, stop=True)))
            case Hold(value=value):
                stack.append((value, replace(how, hold=True)))
            case Gather(value=value):
                own = clocked.timings[value].clock
                window = length[clocked.windows.get(expr, clocked.equations.root)]
                real = own is not None and window > max(length[own], how.window)
                stack.append((value, replace(how, window=window) if real else how))
            case Prev(value=value, init=init):
                clock = clocked.timings[expr].clock
                delay = 0 if clock is None else length[clock]
                stack.append((init, how))
                stack.append((value, replace(how, delay=max(delay, how.delay))))
            case With(value=value, states=states, replacements=replacements):
                stack.extend((part, replace(how, expands=True)) for part in reversed(replacements))
                stack.append((value, replace(how, without=(*how.without, *states))))
            case Grad(value=value, at=at):
                stack.extend((part, how) for part in reversed(at))
                yield Read(value, how, expr)
            case _:
                stack.extend((part, how) for part in reversed(children(expr)))
