"""What a component states about time and copies: `per`, `every` and `reset`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.deferred import constant, once, picked, resolved
from nlgraph.system.entities import (
    Comp,
    DimEntity,
    Holder,
    LazyComponent,
    ResetPlan,
    StateRecord,
)
from nlgraph.system.ids import ClockId
from nlgraph.system.lookup import describe, dims_of, entity_of, holder_of
from nlgraph.system.model import Expr, Reset, StateRead
from nlgraph.system.periods import clock_of
from nlgraph.system.states import Site
from nlgraph.text.span import Origin


def settle_clauses(
    builder: Builder, node: nodes.Component, site: Site, holder: Holder, place: Place
) -> None:
    """`per`, `every` and `reset`: of its own, else those of its host."""

    def settle() -> None:
        clock = clock_of(builder, node.every, place) if node.every is not None else None
        for comp in holder.comps.values():
            if node.per:
                comp.per = _per(builder, node.per, place)
                if len(comp.per) < len(node.per):
                    _forget_types(comp)
            elif comp.host is not None:
                comp.per = comp.host.per
            if node.every is not None:
                comp.clock = clock
                comp.clock_origin = place.origin(node.every)
            if node.resets:
                for reset in node.resets:
                    _reset(builder, reset, comp, holder, place)
            elif comp.host is not None and comp.host.reset is not None:
                _inherit_reset(comp, comp.host.reset)

    if site.rule:
        builder.deferred.append(settle)
    else:
        settle()


def _forget_types(comp: Comp) -> None:
    """What the states of an unknown number of copies look like is unknown too."""
    for record in comp.states.values():
        record.type, record.like = None, None


def _per(builder: Builder, names: tuple[nodes.Identifier, ...], place: Place) -> tuple[str, ...]:
    dims: list[str] = []
    for name in names:
        entity = place.scope.lookup(name.name)
        origin = place.origin(name)
        builder.used.add(name.name)
        if isinstance(entity, DimEntity) and entity.dim.name is not None:
            dims.append(entity.dim.name)
        elif entity is None:
            guess = nearest(name.name, dims_of(place.scope))
            known = f"the dims are {', '.join(dims_of(place.scope))}"
            builder.unknown_name(name.name, origin, guess, otherwise=known)
        else:
            builder.report.add(errors.not_a("a dimension", name.name, describe(entity), origin))
    return tuple(dims)


def _reset(builder: Builder, node: nodes.Reset, comp: Comp, holder: Holder, place: Place) -> None:
    clock = clock_of(builder, node.period, place)
    if clock is None:
        return
    origin = place.origin(node)
    keeps = _is_self(builder, node.to, holder, place)
    if not node.only:
        comp.reset = ResetPlan(clock, keeps, origin)
        chosen = list(comp.states.values())
    else:
        inside = replace(place, scope=comp.scope)
        chosen = []
        for only in node.only:
            entity = entity_of(builder, only, inside)
            if isinstance(entity, StateRecord):
                chosen.append(entity)
            elif isinstance(entity, Holder | LazyComponent):
                found = holder_of(builder, entity, place.origin(only))
                chosen.extend(found.leaves.values() if found else ())
            elif entity is not None:
                text = only.span.text
                builder.report.add(
                    errors.not_a("a state", text, describe(entity), place.origin(only))
                )
    to = node.to
    value = None if to is None else once(lambda: resolved(builder, to, place))
    for record in chosen:
        own = None if value is None else picked(value, ("", record.short))
        record.reset = _reset_of(clock, own, origin)


def _reset_of(clock: ClockId, to: Callable[[], Expr] | None, origin: Origin) -> Callable[[], Reset]:
    return lambda: Reset(clock, None if to is None else to(), origin)


def _is_self(builder: Builder, node: nodes.Expr | None, holder: Holder, place: Place) -> bool:
    """Whether a component is reset to its own name: the value stays, its gradient is cut."""
    if node is None:
        return False
    entity = entity_of(builder, node, place, quiet=True)
    if isinstance(entity, LazyComponent) and entity.holder is None:
        return entity.busy and place.name == node.span.text.partition("[")[0]
    found = entity.holder if isinstance(entity, LazyComponent) else entity
    return found is holder


def _inherit_reset(comp: Comp, plan: ResetPlan) -> None:
    comp.reset = plan
    for record in comp.states.values():
        kept = StateRead(plan.origin, record.id, primed=False) if plan.keeps else None
        record.reset = _reset_of(plan.clock, None if kept is None else constant(kept), plan.origin)
