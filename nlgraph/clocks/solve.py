"""The slowest clocks that satisfy what signals and unstated components read.

What a signal or a component reads bounds its tick from above: a tick of A is no longer than
`factor` ticks of B. The slowest solution is the least bound over all ways from what has a clock by
itself, so it is found as shortest paths are, from the fastest clock on; all in linear time but for
the number of different clocks.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from heapq import heappop, heappush

from nlgraph.clocks.periods import Period, Periods
from nlgraph.clocks.sharing import shared
from nlgraph.system.ids import ClockId, ComponentId, SignalId
from nlgraph.system.model import (
    Call,
    Draw,
    Equations,
    Expr,
    Gather,
    InputRead,
    SignalRead,
    Slice,
    StateRead,
    Tick,
)
from nlgraph.system.walk import children

Found = tuple[Fraction, ClockId]
"""The length of a tick in root ticks, and the clock that has it."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The tick of each group of components and of each signal; a signal of constants has none.

    `faults`: groups whose clock would be made of its own updates.
    """

    groups: Mapping[ComponentId, Found]
    signals: Mapping[SignalId, Found]
    faults: tuple[ComponentId, ...]


def solve(equations: Equations, periods: Periods) -> Solution:
    """Find the clock of each signal and of each component that states none."""
    graph = _Graph(equations, periods)
    _enter_all(graph)
    _start_draws(graph)
    _settle(graph)
    groups: dict[ComponentId, Found] = {}
    signals: dict[SignalId, Found] = {}
    for node, found in graph.best.items():
        if isinstance(node, Expr):
            continue
        kind, name = node
        if kind == "group":
            groups[ComponentId(name)] = found
        else:
            signals[SignalId(name)] = found
    return Solution(groups, signals, tuple(dict.fromkeys(graph.faults)))


def along_with(found: Found, equations: Equations, periods: Periods) -> ClockId | None:
    """The clock along a dimension that ticks with a clock; itself where it is one."""
    length, clock = found
    if equations.clocks[clock].kind == "along":
        return clock
    for name, definition in equations.clocks.items():
        period = periods.clocks[name]
        if definition.kind == "along" and period.group is None and period.factor == length:
            return name
    return None


# ----------------------------------------------------------------------------- who reads what

_Node = tuple[str, str] | Expr
_ONE = Fraction(1)
_MOST_IMPROVEMENTS = 100
"""A clock inside the tick of a component that reads it may shorten that tick; more often than
this only where the two are made of each other."""


@dataclass(slots=True)
class _Graph:
    """Nodes are signals, groups, and the expressions that several read.

    `readers` says who reads a node, and how many of its ticks bound a tick of the reader;
    `offers` what reads a clock; `drawing` what reads a draw.
    """

    equations: Equations
    periods: Periods
    readers: defaultdict[_Node, list[tuple[_Node, Fraction, ClockId | None]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    offers: list[tuple[_Node, Found]] = field(default_factory=list)
    drawing: set[_Node] = field(default_factory=set)
    groups: dict[_Node, None] = field(default_factory=dict)
    collects: set[Expr] = field(default_factory=set)
    best: dict[_Node, Found] = field(default_factory=dict)
    faults: list[ComponentId] = field(default_factory=list)

    def read(
        self, source: _Node, node: _Node, factor: Fraction = _ONE, clock: ClockId | None = None
    ) -> None:
        self.readers[source].append((node, factor, clock))

    def read_clock(self, clock: ClockId, node: _Node) -> None:
        if clock in self.periods.clocks and clock not in self.periods.lost:
            self.read_period(self.periods.clocks[clock], node)

    def read_component(self, component: ComponentId, node: _Node) -> None:
        if component not in self.periods.lost:
            self.read_period(self.periods.components[component], node)

    def read_period(self, period: Period, node: _Node) -> None:
        if period.group is not None:
            self.read(("group", period.group), node, period.factor, period.clock)
        else:
            assert period.clock is not None, "a period without a group is that of a clock"
            self.offers.append((node, (period.factor, period.clock)))


def _enter_all(graph: _Graph) -> None:
    equations, periods = graph.equations, graph.periods
    roots: list[tuple[_Node, Expr]] = [
        (("signal", signal.id), signal.value) for signal in equations.signals.values()
    ]
    for state in equations.states.values():
        group = periods.components[state.component].group
        if state.update is not None and group is not None:
            graph.groups[("group", group)] = None
            roots.append((("group", group), state.update))
    common = shared(expr for _, expr in roots)
    entered: set[Expr] = set()
    stack = roots[::-1]
    while stack:
        node, expr = stack.pop()
        if expr in common and node is not expr:
            graph.read(expr, node)
            if expr in entered:
                continue
            entered.add(expr)
            node = expr
        stack.extend(_enter(graph, node, expr))


def _enter(graph: _Graph, node: _Node, expr: Expr) -> Iterable[tuple[_Node, Expr]]:
    """Enter what an expression reads by itself; its parts that count, and for which node."""
    equations, periods = graph.equations, graph.periods
    match expr:
        case Call(args=args):
            return [(node, arg) for arg in args]
        case InputRead(input=name):
            graph.read_clock(equations.inputs[name].clock, node)
        case SignalRead(signal=signal):
            graph.read(("signal", signal), node)
        case StateRead(state=name):
            state = equations.states[name]
            if state.component in periods.updated:
                graph.read_component(state.component, node)
            elif state.reset is not None:
                graph.read_clock(state.reset.clock, node)
        case Tick(of=of, clock=clock):
            if clock is not None:
                graph.read_clock(clock, node)
            elif of is not None and of in periods.updated:
                graph.read_component(of, node)
        case Slice(clock=clock):
            graph.read_clock(clock, node)
        case Gather(clock=None, reader=None):
            graph.collects.add(expr)
            if node is not expr:
                graph.read(expr, node)
            return [(expr, expr.value)]
        case Gather(clock=None, reader=reader) if reader is not None:
            if reader not in periods.updated or periods.components[reader].group is not None:
                return [(node, expr.value)]
            graph.read_component(reader, node)
        case Gather(clock=clock) if clock is not None:
            graph.read_clock(clock, node)
        case Draw():
            graph.drawing.add(node)
            return [(node, part) for part in children(expr)]
        case _:
            return [(node, part) for part in children(expr)]
    return ()


def _start_draws(graph: _Graph) -> None:
    """A signal that reads nothing but draws has its host's clock, in a file the root's."""
    timed = _reached(graph, [*(node for node, _ in graph.offers), *graph.groups])
    for node in _reached(graph, graph.drawing):
        if isinstance(node, Expr) or node in timed:
            continue
        host = graph.equations.signals[SignalId(node[1])].host
        if host is not None and host in graph.periods.updated:
            graph.read_component(host, node)
        else:
            graph.read_clock(graph.equations.root, node)


def _reached(graph: _Graph, starts: Iterable[_Node]) -> dict[_Node, None]:
    found = dict.fromkeys(starts)
    queue = deque(found)
    while queue:
        for reader, _, _ in graph.readers.get(queue.popleft(), ()):
            if reader not in found:
                found[reader] = None
                queue.append(reader)
    return found


# ----------------------------------------------------------------------------- the fastest first


def _settle(graph: _Graph) -> None:
    clocks = graph.equations.clocks
    place = {name: index for index, name in enumerate(clocks)}
    offers = sorted(graph.offers, key=lambda o: (not clocks[o[1][1]].declared, place[o[1][1]]))
    _spread(graph, offers)
    root = (_ONE, graph.equations.root)
    idle = [node for node in graph.groups if node not in graph.best]
    if idle:
        # What reads nothing at all comes first: others may count its updates.
        read = {r for s in graph.groups for r, _, _ in graph.readers.get(s, ()) if r != s}
        _spread(graph, [(node, root) for node in idle if node not in read])
        _spread(graph, [(node, root) for node in idle if node not in graph.best])


def _spread(graph: _Graph, offers: Iterable[tuple[_Node, Found]]) -> None:
    best, readers = graph.best, graph.readers
    buckets: dict[Fraction, deque[_Node]] = {}
    heap: list[Fraction] = []
    improved: defaultdict[_Node, int] = defaultdict(int)

    def offer(node: _Node, found: Found) -> None:
        known = best.get(node)
        length = found[0]
        if known is not None:
            if known[0] is length or known[0] <= length:
                return
            improved[node] += 1
            if improved[node] >= _MOST_IMPROVEMENTS:
                if not isinstance(node, Expr) and node in graph.groups:
                    graph.faults.append(ComponentId(node[1]))
                return
        best[node] = found
        if length not in buckets:
            buckets[length] = deque()
            heappush(heap, length)
        buckets[length].append(node)

    for node, found in offers:
        offer(node, found)
    while heap:
        length = heappop(heap)
        bucket = buckets[length]
        while bucket:
            node = bucket.popleft()
            found = best[node]
            if found[0] != length:
                continue
            if node in graph.collects:
                found = _parent(graph, found)
            for reader, factor, clock in readers.get(node, ()):
                at = found[0] if factor is _ONE else found[0] * factor
                offer(reader, (at, clock or found[1]))
        del buckets[length]


def _parent(graph: _Graph, found: Found) -> Found:
    """The tick that a `collect` without a clock fills; its own where that is not known."""
    along = along_with(found, graph.equations, graph.periods)
    definition = None if along is None else graph.equations.clocks[along]
    if definition is None or definition.parent is None:
        return found
    return found[0] * definition.count, definition.parent
