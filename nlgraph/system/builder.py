"""What the steps of name resolution share while a system is built."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from nlgraph.diagnostics.diagnostic import Diagnostic, Report, SpecError
from nlgraph.ops.op import Op, registry
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.entities import Comp, LazyComponent, Scope, SignalEntity, StateRecord
from nlgraph.system.ids import ClockId, SignalId
from nlgraph.system.model import ClockDef, Expr, ExternModule, Signal, Unknown
from nlgraph.system.values import Bundle, Key, Value
from nlgraph.text.source import Source
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


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A `minimize` and the states that it trains, by host; read when all components are built.

    `place` is where the objective and the rules' arguments are read.
    """

    node: nodes.Minimize
    hosts: Mapping[str, Comp]
    leaves: Mapping[Key, StateRecord]
    place: Place
    rest: bool = False


@dataclass(slots=True, eq=False)
class Builder:
    """The tables that grow.

    `externs` are the modules of extern components that are known, by the components' names.

    `project` is the folder that no `use` leaves (None: there is none), `reading` the files that
    are being read. `files` are those that were read, by their paths.

    `given` are the gradients that rules are given: constants to the gradients that rules write.

    `unread` are names that may be declared by what could not be read: they are unknown, and no
    fault of their own.

    When every name is declared, `bindings` give rules their arguments, `deferred` settles what
    rules' components state about time, and `equations` give states their updates.
    """

    report: Report
    project: Path | None = None
    externs: Mapping[str, ExternModule] = field(default_factory=dict)
    reading: list[Path] = field(default_factory=list)
    files: dict[str, Source] = field(default_factory=dict)
    unread: set[str] = field(default_factory=set)
    ops: Mapping[str, Op] = field(default_factory=registry)
    clocks: dict[ClockId, ClockDef] = field(default_factory=dict)
    comps: list[Comp] = field(default_factory=list)
    instances: dict[tuple[str, str], Comp] = field(default_factory=dict)
    signals: dict[SignalId, Signal] = field(default_factory=dict)
    pending: list[SignalEntity] = field(default_factory=list)
    used: set[str] = field(default_factory=set)
    given: set[Expr] = field(default_factory=set)
    lazies: list[LazyComponent] = field(default_factory=list)
    building: list[LazyComponent] = field(default_factory=list)
    bindings: list[Callable[[], None]] = field(default_factory=list)
    deferred: list[Callable[[], None]] = field(default_factory=list)
    equations: list[Callable[[], None]] = field(default_factory=list)
    plans: list[Plan] = field(default_factory=list)
    libraries: dict[str, Scope] = field(default_factory=dict)
    imports: dict[str, Origin] = field(default_factory=dict)
    sites: int = 0
    nodes: int = 0
    unrolled: int = 0
    depth: int = 0
    past_limit: bool = False
    counts: dict[str, int] = field(default_factory=dict)

    def stop(self, diagnostic: Diagnostic) -> NoReturn:
        """End the reading of a file that grows past a limit, since what it is cannot be told.

        Raises:
            SpecError: with what was found so far.
        """
        self.report.add(diagnostic)
        raise SpecError(self.report.errors)

    def fault(self, diagnostic: Diagnostic, at: Origin | Span) -> Unknown:
        """Report a fault; what stands in its place is unknown."""
        self.report.add(diagnostic)
        return Unknown(at if isinstance(at, Origin) else Origin(at))

    def unknown_name(
        self,
        name: str,
        at: Origin,
        guess: str | None,
        module: str | None = None,
        otherwise: str | None = None,
    ) -> Unknown:
        """Report a name that nothing declares, once, unless what could not be read may do so."""
        if name in self.unread:
            return Unknown(at)
        self.unread.add(name)
        return self.fault(errors.unknown_name(name, at, guess, module, otherwise), at)

    def site(self) -> int:
        """A new mark for calls that were written once for a whole bundle."""
        self.sites += 1
        return self.sites

    def unique(self, name: str) -> str:
        """`name.1`, `name.2`, … in the order of asking."""
        self.counts[name] = self.counts.get(name, 0) + 1
        return f"{name}.{self.counts[name]}"


def has_fault(builder: Builder, node: nodes.Node) -> bool:
    """Whether a fault was found inside a statement."""
    span = node.span
    return any(
        span.start <= fault.labels[0].span.start < span.end
        for fault in builder.report.errors
        if fault.labels and fault.labels[0].span.source is span.source
    )


def is_unknown(value: Value) -> bool:
    """Whether a value stands for a fault that was reported."""
    if isinstance(value, Bundle):
        return any(isinstance(leaf, Unknown) for leaf in value.leaves.values())
    return isinstance(value, Unknown)


def exprs_of(value: Value) -> tuple[Expr, ...]:
    """The expressions of a value."""
    return tuple(value.leaves.values()) if isinstance(value, Bundle) else (value,)
