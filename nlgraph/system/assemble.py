"""The tables of a builder to a system's equations."""

from __future__ import annotations

from dataclasses import replace

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place, exprs_of
from nlgraph.system.declarations import Declared
from nlgraph.system.entities import Comp, DimEntity, NumberEntity, Scope, StateRecord, ValueEntity
from nlgraph.system.expressions import resolve_single
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import (
    ClockDef,
    Component,
    Equations,
    Expr,
    Input,
    Learning,
    Number,
    Result,
    State,
)
from nlgraph.system.periods import clock_of
from nlgraph.system.types import type_of
from nlgraph.text.span import Origin, Span


def assemble(builder: Builder, file: nodes.File, declared: Declared) -> Equations:
    """The equations, complete: what could not be resolved is Unknown."""
    inputs = _inputs(builder, declared)
    results = _results(builder, declared)
    states = {
        record.id: _state(record) for comp in builder.comps for record in comp.states.values()
    }
    components = {comp.id: _component(builder, comp) for comp in builder.comps}
    root = _root(builder, file)
    _warn_of_unused(builder, declared)
    return Equations(
        name=_system_name(file.span.source.name),
        source=file.span.source,
        files=builder.files,
        dims=declared.dims,
        dim_origins={name: declared.origins[name] for name in declared.dims},
        consts=declared.consts,
        clocks=dict(builder.clocks),
        root=root,
        inputs=inputs,
        signals=dict(builder.signals),
        components=components,
        states=states,
        results=results,
    )


def _system_name(path: str) -> str:
    name = path.replace("\\", "/").rpartition("/")[2]
    return name.removesuffix(".nl") or "system"


def _root(builder: Builder, file: nodes.File) -> ClockId:
    roots = [clock for clock in builder.clocks.values() if clock.kind == "root"]
    for extra in roots[1:]:
        builder.report.add(errors.two_roots(extra.id, extra.origin, roots[0].origin))
    if roots:
        return roots[0].id
    origin = Origin(Span(file.span.source, 0, 0))
    if not builder.report.errors:
        builder.report.add(errors.no_root(origin))
    root = ClockId("root")
    builder.clocks[root] = ClockDef(
        root, "root", None, None, 1, None, declared=False, origin=origin
    )
    return root


def _inputs(builder: Builder, declared: Declared) -> dict[InputId, Input]:
    inputs: dict[InputId, Input] = {}
    for statement, scope in declared.placed:
        if not isinstance(statement, nodes.Input):
            continue
        place = Place(scope, "input")
        if not isinstance(statement.type, nodes.Type):
            builder.report.add(
                errors.misplaced("`like`", "in an input's type", place.origin(statement.type))
            )
            continue
        stated = type_of(builder, statement.type, place)
        clock = clock_of(builder, statement.every, place)
        for name in statement.names:
            if stated is not None and clock is not None:
                identifier = InputId(name.name)
                inputs[identifier] = Input(identifier, stated, clock, place.origin(name))
    return inputs


def _results(builder: Builder, declared: Declared) -> tuple[Result, ...]:
    results: list[Result] = []
    for statement, scope in declared.placed:
        place = Place(scope, "output")
        if isinstance(statement, nodes.Outputs):
            for output in statement.outputs:
                name = " ".join(output.target.span.text.split())
                value = resolve_single(builder, output.target, place, "`output`")
                results.append(Result(name, value, "output", place.origin(output)))
        elif isinstance(statement, nodes.Metric):
            origin = place.origin(statement)
            target = nodes.Name(statement.span, statement.name)
            value = resolve_single(builder, target, place, "`metric`")
            results.append(Result(statement.name, value, "metric", origin))
    return tuple(results)


def _state(record: StateRecord) -> State:
    init: Expr = Number(record.origin, 0) if record.init is None else record.init()
    return State(
        id=record.id,
        component=record.component.id,
        name=record.short,
        type=record.type,
        like=None if record.like is None else record.like(),
        init=init,
        reset=None if record.reset is None else record.reset(),
        update=record.update,
        origin=record.origin,
    )


def _component(builder: Builder, comp: Comp) -> Component:
    return Component(
        id=comp.id,
        host=None if comp.host is None else comp.host.id,
        states=tuple(record.id for record in comp.states.values()),
        per=comp.per,
        clock=comp.clock,
        clock_origin=comp.clock_origin,
        objective=comp.objective,
        rules=tuple(dict.fromkeys(comp.rules)),
        coefficients=tuple(comp.coefficients),
        map_reads=_map_reads(builder, comp),
        has_map=comp.map is not None or comp.extern is not None,
        origin=comp.origin,
        extern=comp.extern,
    )


def _map_reads(builder: Builder, comp: Comp) -> tuple[Expr, ...]:
    """What a map reads besides its parameters; one without state answers from what it is given."""
    if comp.map is None or comp.answers:
        return tuple(comp.answers)
    from nlgraph.system.calls import run_body

    node = comp.map.node
    # Anything may stand for the parameters but Unknown, in which a whole expression is lost. What
    # is wrong with the body is reported where it is called.
    given = ValueEntity(Learning(Origin(node.span)))
    place = Place(
        Scope(comp.map.scope, {param.name: given for param in node.params}),
        f"{comp.id}.map",
        host=comp,
    )
    return exprs_of(run_body(replace(builder, report=Report()), node.body, place))


def _warn_of_unused(builder: Builder, declared: Declared) -> None:
    used = builder.used | builder.unread
    for name, entity in declared.scope.names.items():
        if name in used:
            continue
        if isinstance(entity, DimEntity):
            builder.report.add(errors.unused("dim", name, declared.origins[name]))
        elif isinstance(entity, NumberEntity):
            builder.report.add(errors.unused("const", name, declared.origins[name]))
    for name, origin in builder.imports.items():
        if name not in used:
            builder.report.add(errors.unused("import", name, origin))
