"""`for` around statements: one copy for each index."""

from __future__ import annotations

from nlgraph import limits
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import NumberEntity, Scope
from nlgraph.system.expressions import constant

Placed = tuple[nodes.Statement, Scope]


def unroll(builder: Builder, statements: tuple[nodes.Statement, ...], scope: Scope) -> list[Placed]:
    """Every statement with the scope in which it is read, in the order of the file."""
    placed: list[Placed] = []
    for statement in statements:
        if not isinstance(statement, nodes.For):
            placed.append((statement, scope))
            continue
        place = Place(scope, "")
        bounds = bounds_of(builder, statement.start, statement.stop, place)
        if bounds is None:
            builder.unread |= _declared(statement.body)
            continue
        first, last = bounds
        builder.unrolled += max(0, last - first + 1) * max(1, len(statement.body))
        if builder.unrolled > limits.STATEMENTS:
            origin = place.origin(statement.stop)
            builder.stop(errors.too_many("statements", limits.STATEMENTS, origin))
        for index in range(first, last + 1):
            inner = Scope(scope, {statement.name: NumberEntity(index)})
            placed.extend(unroll(builder, statement.body, inner))
    return placed


def _declared(statements: tuple[nodes.Statement, ...]) -> set[str]:
    """The names that statements declare, which are unknown where these are not unrolled."""
    names: set[str] = set()
    for statement in statements:
        match statement:
            case nodes.Component(member=member):
                names.add(member.name)
            case nodes.Equation(target=nodes.Index(value=nodes.Name(name=name))):
                names.add(name)
            case nodes.For(body=body):
                names |= _declared(body)
            case _:
                continue
    return names


def bounds_of(
    builder: Builder, start: nodes.Expr, stop: nodes.Expr, place: Place
) -> tuple[int, int] | None:
    """The first and the last index of a `for`; None where a fault was reported."""
    ends: list[int] = []
    for node in (start, stop):
        value = constant(builder, node, place, "a bound of `for`")
        if value is None:
            return None
        if isinstance(value, bool) or value != int(value):
            builder.report.add(errors.not_whole("a bound of `for`", value, place.origin(node)))
            return None
        ends.append(int(value))
    if ends[1] - ends[0] >= limits.STATEMENTS:
        builder.report.add(
            errors.too_many("turns of a `for`", limits.STATEMENTS, place.origin(stop))
        )
        return None
    return ends[0], ends[1]
