"""The states of a component: of a stated type, or like another component's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.deferred import constant, once, picked, resolved
from nlgraph.system.entities import (
    Comp,
    Holder,
    LazyComponent,
    LazyValue,
    MapRecord,
    Scope,
    StateRecord,
)
from nlgraph.system.externs import like_extern
from nlgraph.system.ids import StateId
from nlgraph.system.initial import initial_value
from nlgraph.system.lookup import entity_of, holder_of, only_comp
from nlgraph.system.model import StateRead
from nlgraph.system.types import type_of
from nlgraph.system.values import Key
from nlgraph.text.span import Origin


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """Where a component is declared.

    `hosts` are its hosts by key (None: it has none), `names` the full names that it gets, `leaf`
    the state for which a `for each` rule makes it. `rule` says that it stands in a rule's body,
    whose `tick` counts the updates of `tickers`.
    """

    scope: Scope
    hosts: Mapping[str, Comp | None]
    names: Mapping[str, str]
    via: Origin | None = None
    leaf: StateRecord | None = None
    rule: bool = False
    tickers: Mapping[str, Comp] | None = None


@dataclass(slots=True, eq=False)
class StateMaker:
    """Makes one state for each host of a component."""

    builder: Builder
    site: Site
    comps: Mapping[str, Comp]
    leaves: dict[Key, StateRecord]

    def own(self, origin: Origin) -> list[tuple[Key, StateRecord]]:
        """A state of the component's own name, for each host."""
        made: list[tuple[Key, StateRecord]] = []
        for host_key, comp in self.comps.items():
            outer = self.site.leaf
            short, name = comp.id.rpartition(".")[2], str(comp.id)
            if outer is not None and not outer.own:
                short, name = outer.short, f"{comp.id}.{outer.short}"
            record = self._add(comp, short, name, origin)
            made.append(((host_key, short if len(self.comps) == 1 else None), record))
        return self._entered(made)

    def copies(self, of: Holder, origin: Origin) -> list[tuple[Key, StateRecord, StateRecord]]:
        """A state like each of another component's, for each host, with what it is like."""
        made: list[tuple[Key, StateRecord, StateRecord]] = []
        by_host: dict[str, list[StateRecord]] = {}
        for (other_key, _), record in of.leaves.items():
            by_host.setdefault(other_key, []).append(record)
        for host_key, comp in self.comps.items():
            shared = by_host.get("", []) if host_key else []
            for record in (*shared, *by_host.get(host_key, [])):
                siblings = shared if record in shared else by_host[host_key]
                if record.own and len(siblings) == 1:
                    name, short = str(comp.id), record.short
                else:
                    name, short = f"{comp.id}.{record.short}", record.short
                if self.site.leaf is not None:
                    outer = self.site.leaf
                    if not outer.own:
                        name, short = f"{comp.id}.{outer.short}", outer.short
                new = self._add(comp, short, name, origin)
                made.append(((host_key, short), new, record))
        self._entered([(key, new) for key, new, _ in made])
        return made

    def show(self, of: Holder) -> None:
        """Let the body see the states that were copied by their names.

        A rule's body does not: it would take the user's `h` or `v` for its own.
        """
        if self.site.rule:
            return
        scope = next(iter(self.comps.values())).scope
        for short in {record.short for record in of.leaves.values() if not record.own}:
            records: dict[Key, StateRecord] = {
                (key[0], None): record for key, record in self.leaves.items() if key[1] == short
            }
            single = len(self.comps) == 1
            scope.names[short] = (
                next(iter(records.values())) if single else Holder(records, self.comps)
            )

    def named(self, name: str, origin: Origin) -> list[tuple[Key, StateRecord]]:
        """A state of a `state` statement, for each host."""
        made: list[tuple[Key, StateRecord]] = []
        for host_key, comp in self.comps.items():
            short = name
            if self.site.leaf is not None and not self.site.leaf.own:
                short = f"{self.site.leaf.short}.{name}"
            record = self._add(comp, short, f"{comp.id}.{short}", origin)
            made.append(((host_key, name), record))
        return self._entered(made)

    def apart(self, name: str, origin: Origin) -> list[StateRecord]:
        """A state that is no part of the component as a value, for each host."""
        return [self._add(comp, name, f"{comp.id}.{name}", origin) for comp in self.comps.values()]

    def _add(self, comp: Comp, short: str, name: str, origin: Origin) -> StateRecord:
        record = StateRecord(StateId(name), short, comp, origin)
        if short in comp.states:
            self.builder.report.add(errors.declared_twice(short, origin, comp.states[short].origin))
        comp.states[short] = record
        return record

    def _entered(self, made: list[tuple[Key, StateRecord]]) -> list[tuple[Key, StateRecord]]:
        self.leaves.update(made)
        return made


def typed(
    builder: Builder,
    node: nodes.Component,
    type_node: nodes.Type | nodes.Like,
    init: nodes.Init | None,
    place: Place,
    maker: StateMaker,
) -> None:
    """The states of a component's header, and the map of the component that it is like."""
    origin = place.origin(node.member)
    value = initial_value(builder, init, place)
    if isinstance(type_node, nodes.Type):
        stated = type_of(builder, type_node, place)
        for key, record in maker.own(origin):
            record.type = stated
            record.init = value(record, key)
        return
    other = _like_component(builder, type_node, place)
    if other is None:
        like = once(lambda: resolved(builder, type_node.value, place))
        for key, record in maker.own(origin):
            record.like = picked(like, key)
            record.init = value(record, key)
        return
    for key, record, source in maker.copies(other, origin):
        source_id, at = source.id, origin
        record.like = constant(StateRead(at, source_id, primed=False))
        record.init = value(record, key)
    maker.show(other)
    owner = only_comp(other)
    if owner is not None and owner.extern is not None and not maker.site.rule:
        like_extern(owner, maker, origin)
    if owner is not None and owner.map is not None and not maker.site.rule:
        comp = next(iter(maker.comps.values()))
        names = {
            owner.id.rpartition(".")[2] if record.own else short: record
            for short, record in comp.states.items()
        }
        inner = Scope(owner.map.scope)
        inner.names.update(names)
        comp.map = MapRecord(owner.map.node, inner, comp)


def _like_component(builder: Builder, node: nodes.Like, place: Place) -> Holder | None:
    """The component whose states are copied, where `like` names one."""
    value = node.value
    if not isinstance(value, nodes.Name | nodes.Dotted | nodes.Index):
        return None
    entity = entity_of(builder, value, place, quiet=True)
    if isinstance(entity, LazyValue) and isinstance(entity.like, Holder):
        return entity.like
    if isinstance(entity, Holder | LazyComponent):
        holder = holder_of(builder, entity, place.origin(value))
        return holder if holder is not None and holder.leaves else None
    return None
