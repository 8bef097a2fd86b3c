"""Periods to clocks: `16 step`, `(n) W`, `sequence along T`, `task / 5`."""

from __future__ import annotations

from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import ClockEntity, DimEntity, Entity, Holder, LazyComponent
from nlgraph.system.expressions import whole
from nlgraph.system.ids import ClockId
from nlgraph.system.imports import module_of
from nlgraph.system.lookup import describe, dims_of, entity_of
from nlgraph.system.model import ClockDef
from nlgraph.text.span import Origin


def clock_of(builder: Builder, period: nodes.Period, place: Place) -> ClockId | None:
    """The clock of an `every`; one without a name is entered under its text."""
    parent = _parent(builder, period, place)
    if parent is None:
        return None
    name, is_component, count = parent
    if count == 1 and not is_component:
        return ClockId(name)
    clock = ClockId(f"{count} {name}" if count != 1 else f"every {name}")
    if clock not in builder.clocks:
        builder.clocks[clock] = _multiple(clock, parent, place.origin(period), declared=False)
    return clock


def define_clock(builder: Builder, node: nodes.Clock, place: Place) -> None:
    """Enter a declared clock."""
    origin = place.origin(node)
    name = ClockId(node.name)
    if name in builder.clocks:
        return
    match node.period:
        case None:
            builder.clocks[name] = ClockDef(
                name, "root", None, None, 1, None, declared=True, origin=origin
            )
        case nodes.Period():
            parent = _parent(builder, node.period, place)
            if parent is not None:
                builder.clocks[name] = _multiple(name, parent, origin, declared=True)
        case nodes.Along(parent=parent_node, dim=dim_node):
            clock = _clock(builder, parent_node, place)
            dim = place.scope.lookup(dim_node.name)
            builder.used.add(dim_node.name)
            at = place.origin(dim_node)
            if dim is None:
                guess = nearest(dim_node.name, dims_of(place.scope))
                builder.unknown_name(dim_node.name, at, guess)
            elif not isinstance(dim, DimEntity) or dim.dim.name is None:
                found = describe(dim)
                builder.report.add(errors.not_a("a dimension", dim_node.name, found, at))
            elif dim.dim.size is None:
                builder.report.add(
                    errors.not_constant(
                        f"the size of `{dim_node.name}`, along which a clock runs,",
                        at,
                        f"give it a number: dim {dim_node.name} = … or --set {dim_node.name}=…",
                    )
                )
            elif dim.dim.size < 1:
                builder.report.add(
                    errors.not_whole(f"the size of `{dim_node.name}`", dim.dim.size, at)
                )
            elif clock is not None:
                builder.clocks[name] = ClockDef(
                    name,
                    "along",
                    clock,
                    None,
                    dim.dim.size,
                    dim.dim.name,
                    declared=True,
                    origin=origin,
                )
        case nodes.Divided(parent=parent_node, count=count_node):
            clock = _clock(builder, parent_node, place)
            count = whole(builder, count_node, place, "a number of ticks")
            if clock is not None and count is not None:
                builder.clocks[name] = ClockDef(
                    name, "divided", clock, None, count, None, declared=True, origin=origin
                )


def _multiple(
    name: ClockId, parent: tuple[str, bool, int], origin: Origin, *, declared: bool
) -> ClockDef:
    from nlgraph.system.ids import ComponentId

    of, is_component, count = parent
    return ClockDef(
        name,
        "multiple",
        None if is_component else ClockId(of),
        ComponentId(of) if is_component else None,
        count,
        None,
        declared=declared,
        origin=origin,
    )


def _parent(builder: Builder, period: nodes.Period, place: Place) -> tuple[str, bool, int] | None:
    """The name of what is counted, whether it is a component, and the count."""
    count = 1
    if period.count is not None:
        found = whole(builder, period.count, place, errors.PERIOD)
        if found is None:
            return None
        count = found
    entity = _ticking(builder, period.of, place)
    if entity is None:
        return None
    origin = place.origin(period.of)
    match entity:
        case ClockEntity(id=name):
            return name, False, count
        case LazyComponent(id=name):
            return name, True, count
        case Holder(comps=comps):
            return next(iter(comps.values())).id, True, count
        case _:
            builder.report.add(
                errors.not_a(
                    "a clock or a component", period.of.span.text, describe(entity), origin
                )
            )
            return None


def _ticking(builder: Builder, node: nodes.Expr, place: Place) -> Entity | None:
    """What the name of a clock stands for; where there is no clock at all, one is missing."""
    name = node.name if isinstance(node, nodes.Name) else ""
    if not name or name in builder.unread or place.scope.lookup(name) is not None:
        return entity_of(builder, node, place)
    origin = place.origin(node)
    if builder.clocks:
        root = next(iter(builder.clocks))
        guess = nearest(name, place.scope.visible())
        declared = f"a clock is declared: clock {name} = 4 {root}"
        builder.unknown_name(name, origin, guess, module_of(name), declared)
    else:
        builder.report.add(errors.no_root(origin, name))
        builder.unread.add(name)
    return None


def _clock(builder: Builder, node: nodes.Expr, place: Place) -> ClockId | None:
    entity = _ticking(builder, node, place)
    if isinstance(entity, ClockEntity):
        return entity.id
    if entity is not None:
        builder.report.add(
            errors.not_a("a clock", node.span.text, describe(entity), place.origin(node))
        )
    return None
