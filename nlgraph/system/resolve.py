"""The stage: a file's tree to the equations of its system."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.assemble import assemble
from nlgraph.system.builder import Builder, Place, Plan
from nlgraph.system.declarations import Declared, Override, declare_file
from nlgraph.system.entities import ClockEntity, Comp, Family, LazyComponent, StateRecord
from nlgraph.system.lookup import entity_of, holder_of, resolve_signal
from nlgraph.system.lost import drop_lost
from nlgraph.system.model import Equations, ExternModule, StateRead
from nlgraph.system.periods import define_clock
from nlgraph.system.rules import ClockOfHost, plan_rules
from nlgraph.system.targets import targets_of
from nlgraph.system.values import Key
from nlgraph.text.source import Source
from nlgraph.text.span import Origin


def resolve(
    file: nodes.File,
    overrides: Mapping[str, Override],
    report: Report,
    *,
    clock_of_host: ClockOfHost | None = None,
    project: Path | None = None,
    externs: Mapping[str, ExternModule] | None = None,
    files: Mapping[str, Source] | None = None,
) -> tuple[Equations, bool]:
    """The equations of a file.

    `project` is the folder whose files `use "…"` may bring in, with links resolved; None: none.
    `externs` are the modules of extern components that are known, `files` the files of the project
    that were read before.

    Hosts of one `train` that share a clock form one bundle. Without `clock_of_host` each host is
    taken alone; the second result says whether that was so for any, and the file is to be resolved
    again once clocks are inferred.

    Raises:
        SpecError: the file grows past a limit, with what was found so far.
    """
    reading = [] if project is None else [_path(file)]
    builder = Builder(report, project, externs or {}, reading, dict(files or {}))
    builder.unread |= file.unread
    declared = declare_file(builder, file, overrides)
    for statement, scope in declared.placed:
        entity = scope.lookup(statement.name) if isinstance(statement, nodes.Clock) else None
        if isinstance(statement, nodes.Clock) and isinstance(entity, ClockEntity):
            define_clock(builder, statement, Place(scope, statement.name))
    drop_lost(builder, declared)
    for lazy in builder.lazies:
        holder_of(builder, lazy, lazy.origin)
    _plan_trains(builder, declared)
    ungrouped = plan_rules(builder, clock_of_host)
    for binding in builder.bindings:
        binding()
    for settle in builder.deferred:
        settle()
    for signal in builder.pending:
        resolve_signal(builder, signal)
    for equation in builder.equations:
        equation()
    return assemble(builder, file, declared), ungrouped


def _path(file: nodes.File) -> Path:
    return Path(file.span.source.name).resolve()


def _plan_trains(builder: Builder, declared: Declared) -> None:
    rest: list[tuple[nodes.Train, Place]] = []
    for statement, scope in declared.placed:
        if not isinstance(statement, nodes.Train):
            continue
        place = Place(scope, "train")
        if any(isinstance(t, nodes.Name) and t.name == "rest" for t in statement.targets):
            rest.append((statement, place))
        else:
            _plan(builder, statement, place, _targets(builder, statement, place))
    for statement, place in rest:
        named = nodes.Train(
            statement.span,
            tuple(
                t for t in statement.targets if not (isinstance(t, nodes.Name) and t.name == "rest")
            ),
            statement.minimize,
        )
        records = _targets(builder, named, place)
        records += [
            record
            for comp in builder.comps
            for record in comp.states.values()
            if not (record.claimed or record.fixed) and record not in records
        ]
        _plan(builder, statement, place, records)


def _targets(builder: Builder, node: nodes.Train, place: Place) -> list[StateRecord]:
    by_id = {record.id: record for comp in builder.comps for record in comp.states.values()}
    records: list[StateRecord] = []
    for target in node.targets:
        entity = entity_of(builder, target, place)
        if entity is None:
            continue
        found = targets_of(builder, target, place, "`train`")
        for read in (found or {}).values():
            if not isinstance(read, StateRead):
                builder.report.add(errors.not_a_target("`train`", place.origin(target), "a signal"))
                continue
            record = by_id[read.state]
            if record.fixed:
                continue
            whole = isinstance(entity, LazyComponent | Family)
            if not (whole and record.claimed and record.update_origin is None and _has_own(record)):
                records.append(record)
    return records


def _has_own(record: StateRecord) -> bool:
    """Whether a whole component's `train` leaves this state to the equation in its body."""
    return record.claimed and len(record.component.states) > 1


def _plan(builder: Builder, node: nodes.Train, place: Place, records: list[StateRecord]) -> None:
    origin: Origin = place.origin(node)
    if not records:
        if not builder.report.errors:
            builder.report.add(errors.nothing_trained(origin))
        return
    hosts: dict[str, Comp] = {}
    leaves: dict[Key, StateRecord] = {}
    for record in records:
        record.claimed = True
        hosts[record.component.id] = record.component
        leaves[record.component.id, record.short] = record
    if len(hosts) == 1:
        hosts = {"": next(iter(hosts.values()))}
        leaves = {("", key[1]): record for key, record in leaves.items()}
    builder.plans.append(Plan(node.minimize, hosts, leaves, place))
