"""What a file declares: templates, dims, constants, clocks, inputs, components, signals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops.types import Dim
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.body import enter_member, member_name, signal
from nlgraph.system.builder import Builder, Place
from nlgraph.system.components import build
from nlgraph.system.entities import (
    ClockEntity,
    DimEntity,
    Entity,
    InputEntity,
    LazyComponent,
    NumberEntity,
    Scope,
    SignalEntity,
    Template,
)
from nlgraph.system.expressions import constant
from nlgraph.system.ids import ClockId, ComponentId, InputId
from nlgraph.system.imports import import_names
from nlgraph.system.states import Site
from nlgraph.system.unroll import Placed, unroll
from nlgraph.text.span import Origin

Override = int | float | bool | str | None
"""A number or its text; None leaves a dim open."""


@dataclass(slots=True, eq=False)
class Declared:
    """A file's scope, and its statements with those of every `for`."""

    scope: Scope
    placed: list[Placed] = field(default_factory=list)
    dims: dict[str, int | None] = field(default_factory=dict)
    consts: dict[str, int | float | bool] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)


def declare_file(builder: Builder, file: nodes.File, overrides: Mapping[str, Override]) -> Declared:
    """Give every name of a file its meaning; equations are read later."""
    declared = Declared(Scope())
    place = Place(declared.scope, "")
    for statement in file.statements:
        if isinstance(statement, nodes.Rule | nodes.Transform | nodes.Block | nodes.Fn):
            _enter(
                builder, declared, statement.name, Template(statement, declared.scope), statement
            )
    for statement in file.statements:
        if isinstance(statement, nodes.Use):
            import_names(builder, statement, declared.scope, place)
    _numbers(builder, file, declared, overrides)
    declared.placed = unroll(builder, file.statements, declared.scope)
    for statement, scope in declared.placed:
        _statement(builder, declared, statement, replace(place, scope=scope))
    return declared


def declare_numbers(builder: Builder, file: nodes.File, scope: Scope) -> None:
    """Enter the dims and constants of a file whose definitions are used elsewhere."""
    _numbers(builder, file, Declared(scope), {})


def _statement(
    builder: Builder, declared: Declared, statement: nodes.Statement, place: Place
) -> None:
    match statement:
        case nodes.Clock(name=name):
            _enter(builder, declared, name, ClockEntity(ClockId(name)), statement)
        case nodes.Input(names=names):
            for identifier in names:
                entity = InputEntity(InputId(identifier.name))
                _enter(builder, declared, identifier.name, entity, identifier)
        case nodes.Component():
            _component(builder, declared, statement, place)
        case nodes.Equation():
            _equation(builder, declared, statement, place)
        case nodes.Outputs(outputs=outputs):
            for output in outputs:
                if output.value is not None:
                    equation = nodes.Equation(
                        output.span, output.target, primed=False, value=output.value
                    )
                    _equation(builder, declared, equation, place)
        case nodes.Metric(name=name, value=value) if value is not None:
            target = nodes.Name(statement.span, name)
            _equation(
                builder,
                declared,
                nodes.Equation(statement.span, target, primed=False, value=value),
                place,
            )
        case nodes.State() | nodes.Map() | nodes.Minimize():
            what = {"State": "a state", "Map": "a map", "Minimize": "`minimize`"}
            builder.report.add(
                errors.misplaced(
                    what[type(statement).__name__],
                    "outside a component",
                    place.origin(statement),
                    "put it into a component's braces",
                )
            )
        case nodes.Rule() | nodes.Transform() | nodes.Block() | nodes.Fn() if place.scope is not (
            declared.scope
        ):
            builder.report.add(
                errors.misplaced("a definition", "inside a `for`", place.origin(statement))
            )
        case _:
            pass


def _twice(builder: Builder, declared: Declared, name: str, entity: Entity, origin: Origin) -> None:
    builder.unread.add(name)  # which of the two a reader means cannot be told
    first = declared.origins.get(name) or builder.imports.get(name, origin)
    both = isinstance(entity, SignalEntity) and isinstance(declared.scope.names[name], SignalEntity)
    word = errors.equated_twice if both else errors.declared_twice
    builder.report.add(word(name, origin, first))


def _enter(
    builder: Builder, declared: Declared, name: str, entity: Entity, node: nodes.Node
) -> None:
    origin = Origin(node.span)
    if name in declared.scope.names:
        _twice(builder, declared, name, entity, origin)
        return
    if name == "T" and not isinstance(entity, DimEntity | NumberEntity):
        builder.report.add(
            errors.misplaced("`T`", "for this name", origin, "x.T is the transpose of x")
        )
    declared.scope.names[name] = entity
    declared.origins[name] = origin


def _component(builder: Builder, declared: Declared, node: nodes.Component, place: Place) -> None:
    full = member_name(builder, node.member, place)
    if full is None:
        return
    if full == "rest":
        builder.report.add(
            errors.misplaced("`rest`", "for a component's name", place.origin(node.member))
        )
    site = Site(place.scope, {"": None}, {"": full})
    lazy = LazyComponent(
        ComponentId(full), lambda: build(builder, node, site), place.origin(node.member)
    )
    builder.lazies.append(lazy)
    if node.member.index is None:
        _enter(builder, declared, full, lazy, node.member)
    else:
        _member(builder, declared, node.member, full, lazy, place)


def _member(
    builder: Builder,
    declared: Declared,
    member: nodes.Member,
    full: str,
    entity: Entity,
    place: Place,
) -> None:
    enter_member(builder, declared.scope, member, full, entity, place)
    declared.origins.setdefault(member.name, place.origin(member))


def _equation(builder: Builder, declared: Declared, node: nodes.Equation, place: Place) -> None:
    origin = place.origin(node.target)
    if node.primed:
        text = node.target.span.text
        builder.report.add(
            errors.misplaced(
                f"`{text}' = …`",
                "outside a component",
                origin,
                f"put it into the braces of `{text}`",
            )
        )
        return
    match node.target:
        case nodes.Name(name=name):
            entity = signal(builder, name, node, place)
            if name in declared.scope.names:
                builder.pending.pop()
            _enter(builder, declared, name, entity, node.target)
        case nodes.Index(value=nodes.Name(name=name), items=(index,)) if not isinstance(
            index, nodes.Slice | nodes.Ellipsis
        ):
            member = nodes.Member(node.target.span, name, index)
            full = member_name(builder, member, place)
            if full is not None:
                entity = signal(builder, full, node, place)
                _member(builder, declared, member, full, entity, place)
        case _:
            builder.report.add(
                errors.misplaced(
                    "this", "on the left of `=`", origin, "a signal's name stands there"
                )
            )


def _numbers(
    builder: Builder, file: nodes.File, declared: Declared, overrides: Mapping[str, Override]
) -> None:
    """Dims and constants, in the order in which they need each other."""
    pending: dict[str, tuple[nodes.Define, bool]] = {}
    for statement in file.statements:
        if isinstance(statement, nodes.Dims | nodes.Consts):
            for define in statement.defines:
                origin = Origin(define.span)
                if define.name in pending or define.name in declared.scope.names:
                    first = declared.origins.get(define.name, origin)
                    builder.report.add(errors.declared_twice(define.name, origin, first))
                    continue
                pending[define.name] = (define, isinstance(statement, nodes.Dims))
                declared.origins[define.name] = origin
    for name in overrides:
        if name not in pending:
            builder.report.add(errors.unknown_override(name, nearest(name, pending)))
    for name in list(pending):
        _settle(builder, declared, name, pending, overrides)


def _settle(
    builder: Builder,
    declared: Declared,
    name: str,
    pending: dict[str, tuple[nodes.Define, bool]],
    overrides: Mapping[str, Override],
) -> None:
    stack = [name]
    while stack:
        current = stack[-1]
        if current not in pending:
            stack.pop()
            continue
        define, is_dim = pending[current]
        needs = (
            []
            if define.value is None or current in overrides
            else [n for n in _names_in(define.value) if n in pending]
        )
        cycle = [n for n in needs if n in stack]
        if cycle:
            chain = tuple((n, declared.origins[n]) for n in stack[stack.index(cycle[0]) :])
            builder.report.add(errors.definition_cycle("number", chain))
            for n, _ in chain:
                pending.pop(n, None)
                declared.scope.names[n] = DimEntity(Dim(n, None))
            continue
        if needs:
            stack.extend(needs)
            continue
        stack.pop()
        del pending[current]
        _number(builder, declared, define, overrides, is_dim=is_dim)


def _number(
    builder: Builder,
    declared: Declared,
    define: nodes.Define,
    overrides: Mapping[str, Override],
    *,
    is_dim: bool,
) -> None:
    name = define.name
    place = Place(declared.scope, name)
    origin = place.origin(define)
    value: int | float | bool | None
    known = True
    if name in overrides:
        value = _override(builder, name, overrides[name], origin)
        known = value is not None
    elif define.value is None:
        value = None
        if not is_dim:
            builder.report.add(errors.not_constant(f"`{name}`", origin, f"const {name} = …"))
    else:
        value = constant(builder, define.value, place, f"`{name}`")
        known = value is not None
    if is_dim:
        size: int | None = None
        if value is not None:
            if isinstance(value, bool) or value != int(value) or value < 0:
                builder.report.add(errors.not_whole(f"the size of `{name}`", value, origin))
            else:
                size = int(value)
        declared.dims[name] = size
        declared.scope.names[name] = DimEntity(Dim(name, size))
        return
    if value is not None and known:
        declared.consts[name] = value
    declared.scope.names[name] = NumberEntity(value if value is not None else 0)


def _override(
    builder: Builder, name: str, given: Override, origin: Origin
) -> int | float | bool | None:
    if not isinstance(given, str):
        return given
    text = given.strip()
    if text in ("true", "false"):
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    builder.report.add(errors.bad_override(name, given, origin))
    return None


def _names_in(node: nodes.Node) -> list[str]:
    found: list[str] = []
    stack: list[object] = [node]
    while stack:
        item = stack.pop()
        if isinstance(item, nodes.Name):
            found.append(item.name)
        elif isinstance(item, nodes.Node):
            stack.extend(
                getattr(item, slot)
                for kind in type(item).__mro__
                for slot in getattr(kind, "__slots__", ())
                if slot != "span"
            )
        elif isinstance(item, tuple):
            stack.extend(item)
    return found
