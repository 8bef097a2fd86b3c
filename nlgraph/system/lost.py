"""Clocks and inputs whose declaration has a fault: whatever reads them stays silent."""

from __future__ import annotations

from nlgraph.syntax import nodes
from nlgraph.system.builder import Builder, Place
from nlgraph.system.declarations import Declared
from nlgraph.system.entities import ClockEntity, InputEntity
from nlgraph.system.periods import clock_of
from nlgraph.system.types import type_of


def drop_lost(builder: Builder, declared: Declared) -> None:
    """Take the names of faulty clocks and inputs out of the file's scope, and report the inputs.

    Their names are unknown from here on, as those in statements that could not be read.
    """
    _drop_clocks(builder, declared)
    for statement, scope in declared.placed:
        if not isinstance(statement, nodes.Input) or not isinstance(statement.type, nodes.Type):
            continue
        place = Place(scope, "input")
        stated = type_of(builder, statement.type, place)
        if clock_of(builder, statement.every, place) is None or stated is None:
            for name in statement.names:
                _drop(builder, declared, name.name, InputEntity)


def _drop_clocks(builder: Builder, declared: Declared) -> None:
    clocks = [n for n, entity in declared.scope.names.items() if isinstance(entity, ClockEntity)]
    known = {str(name) for name in builder.clocks}
    while True:
        whole = {
            str(clock.id)
            for clock in builder.clocks.values()
            if str(clock.id) in known and (clock.parent is None or str(clock.parent) in known)
        }
        if whole == known:
            break
        known = whole
    for name in clocks:
        if name not in known:
            _drop(builder, declared, name, ClockEntity)


def _drop(
    builder: Builder, declared: Declared, name: str, kind: type[ClockEntity | InputEntity]
) -> None:
    if isinstance(declared.scope.names.get(name), kind):
        del declared.scope.names[name]  # else the name is another's, which was declared first
    builder.unread.add(name)
