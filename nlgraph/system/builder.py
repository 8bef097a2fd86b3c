"""What the steps of name resolution share while a system is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.ops.op import Op, registry
from nlgraph.syntax import nodes
from nlgraph.system.entities import Comp, Scope, SignalEntity
from nlgraph.system.ids import ClockId, SignalId
from nlgraph.system.model import ClockDef, Expr, Signal, Unknown
from nlgraph.system.values import Bundle, Value
from nlgraph.text.span import Origin, Span


@dataclass(frozen=True, slots=True)
class Place:
    """Where an expression is read.

    `name` is the full name of its statement, for draws and `prev`. `host` is the component in
    whose body it stands. `readers` are the components, by host, over whose tick a gather that
    names no clock gathers (none in a signal); `tickers` those whose updates `tick` counts.
    `primed` is the component whose map is being applied with its updated state.
    """

    scope: Scope
    name: str
    host: Comp | None = None
    readers: Mapping[str, Comp] = field(default_factory=dict)
    tickers: Mapping[str, Comp] = field(default_factory=dict)
    via: Origin | None = None
    primed: Comp | None = None

    def origin(self, node: nodes.Node) -> Origin:
        """The origin of a node that is read here."""
        return Origin(node.span, self.via)

    def inside(self, scope: Scope, call: nodes.Node) -> Place:
        """The place of a template's body that a node calls from here."""
        return replace(self, scope=scope, via=self.origin(call))


@dataclass(slots=True, eq=False)
class Builder:
    """The tables that grow."""

    report: Report
    ops: Mapping[str, Op] = field(default_factory=registry)
    clocks: dict[ClockId, ClockDef] = field(default_factory=dict)
    comps: list[Comp] = field(default_factory=list)
    signals: dict[SignalId, Signal] = field(default_factory=dict)
    pending: list[SignalEntity] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    library: Mapping[str, str] = field(default_factory=dict)
    sites: int = 0
    nodes: int = 0
    depth: int = 0
    counts: dict[str, int] = field(default_factory=dict)

    def fault(self, diagnostic: Diagnostic, at: Origin | Span) -> Unknown:
        """Report a fault; what stands in its place is unknown."""
        self.report.add(diagnostic)
        return Unknown(at if isinstance(at, Origin) else Origin(at))

    def site(self) -> int:
        """A new mark for calls that were written once for a whole bundle."""
        self.sites += 1
        return self.sites

    def unique(self, name: str) -> str:
        """`name.1`, `name.2`, … in the order of asking."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return f"{name}.{self.counts[name]}"


def is_unknown(value: Value) -> bool:
    """Whether a value stands for a fault that was reported."""
    if isinstance(value, Bundle):
        return any(isinstance(leaf, Unknown) for leaf in value.leaves.values())
    return isinstance(value, Unknown)


def exprs_of(value: Value) -> tuple[Expr, ...]:
    """The expressions of a value."""
    return tuple(value.leaves.values()) if isinstance(value, Bundle) else (value,)
