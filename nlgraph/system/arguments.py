"""Arguments to parameters: of templates (fn, block, rule, transform) and of operators."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops.op import REQUIRED, Op, Param
from nlgraph.ops.types import Dim
from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import (
    ClockEntity,
    DimEntity,
    Entity,
    Family,
    Holder,
    LazyComponent,
    NumberEntity,
    Scope,
    Template,
    ValueEntity,
)
from nlgraph.system.expressions import constant, read, resolve
from nlgraph.system.lookup import entity_of, holder_of
from nlgraph.system.model import Number, Unknown
from nlgraph.system.values import Value, collapse


def bind(
    builder: Builder,
    callee: str,
    params: tuple[nodes.Param, ...],
    args: tuple[nodes.Expr, ...],
    keywords: tuple[nodes.Keyword, ...],
    node: nodes.Node,
    place: Place,
    parent: Scope,
) -> Scope | None:
    """A scope under `parent` in which the parameters stand for the arguments.

    A name that stands for a dimension, a clock, a component or a template is passed as that;
    anything else as its value. None where a fault was reported.
    """
    chosen = match(
        builder,
        callee,
        tuple((p.name, p.default is not None) for p in params),
        args,
        keywords,
        node,
        place,
    )
    if chosen is None:
        return None
    scope = Scope(parent)
    for param in params:
        given = chosen.get(param.name)
        if given is not None:
            scope.names[param.name] = _entity(builder, given, place)
        elif param.default is not None:
            inside = place.inside(scope, node)
            scope.names[param.name] = _entity(builder, param.default, inside)
    return scope


def match(
    builder: Builder,
    callee: str,
    params: tuple[tuple[str, bool], ...],
    args: tuple[nodes.Expr, ...],
    keywords: tuple[nodes.Keyword, ...],
    node: nodes.Node,
    place: Place,
) -> dict[str, nodes.Expr] | None:
    """The argument of each parameter (name, whether it may be left out)."""
    origin = place.origin(node)
    names = [name for name, _ in params]
    if len(args) > len(names):
        takes = f"{len(names)} argument{'s' if len(names) != 1 else ''}"
        builder.report.add(
            errors.argument(
                callee,
                f"takes {takes}, not {len(args)}",
                origin,
                f"it takes {', '.join(names)}" if names else None,
            )
        )
        return None
    chosen = dict(zip(names, args, strict=False))
    for keyword in keywords:
        at = place.origin(keyword)
        if keyword.name not in names:
            guess = nearest(keyword.name, names)
            advice = (
                f"did you mean `{guess}`?" if guess else f"it takes {', '.join(names) or 'none'}"
            )
            builder.report.add(
                errors.argument(callee, f"has no argument `{keyword.name}`", at, advice)
            )
            return None
        if keyword.name in chosen:
            builder.report.add(errors.argument(callee, f"is given `{keyword.name}` twice", at))
            return None
        chosen[keyword.name] = keyword.value
    missing = [name for name, optional in params if not optional and name not in chosen]
    if missing:
        listed = ", ".join(f"`{name}`" for name in missing)
        builder.report.add(
            errors.argument(callee, f"needs {listed}", origin, f"it takes {', '.join(names)}")
        )
        return None
    return chosen


def operator_arguments(
    builder: Builder, op: Op, node: nodes.Call, place: Place
) -> tuple[str, tuple[Value, ...], Mapping[str, Any]] | None:
    """The operator that a call means, its values and its attributes; None after a fault."""
    params = tuple((param.name, param.default is not REQUIRED) for param in op.params)
    args = node.args
    rest: tuple[nodes.Expr, ...] = ()
    variadic = op.params and op.params[-1].kind == "values" and op.params[-1].name.startswith("*")
    if variadic:
        fixed = len(op.params) - 1
        args, rest = node.args[:fixed], node.args[fixed:]
        params = params[:-1]
    chosen = match(builder, op.name, params, args, node.keywords, node, place)
    if chosen is None:
        return None
    name = op.name
    values: list[Value] = []
    attrs: dict[str, Any] = {}
    for param in op.params:
        given = chosen.get(param.name)
        if given is None:
            if param.kind == "values" and rest:
                values.extend(resolve(builder, arg, place) for arg in rest)
            elif param.kind not in ("value", "values", "axis_or_value"):
                attrs.setdefault(param.name, param.default)
            elif param.kind == "axis_or_value":
                attrs.setdefault("axis", param.default)
            continue
        if param.kind == "value":
            values.append(resolve(builder, given, place))
        elif param.kind == "values":
            found = _values(builder, op.name, given, place)
            if found is None:
                return None
            values.extend(found)
        elif param.kind == "axis_or_value":
            if _is_dim(given, place):
                attrs["axis"] = _axis(builder, given, place)
            else:
                values.append(resolve(builder, given, place))
                name = {"max": "maximum", "min": "minimum"}[op.name]
        else:
            attr = _attr(builder, op.name, param, given, place)
            if attr is _FAULT:
                return None
            attrs[param.name] = attr
    if name != op.name:
        attrs = {}
    return name, tuple(values), attrs


_FAULT = object()


def _entity(builder: Builder, node: nodes.Expr, place: Place) -> Entity:
    if isinstance(node, nodes.Name | nodes.Dotted | nodes.Index):
        entity = entity_of(builder, node, place, quiet=True)
        if isinstance(entity, DimEntity | ClockEntity | Family | Template | NumberEntity):
            return entity
        if isinstance(entity, Holder | LazyComponent):
            holder = holder_of(builder, entity, place.origin(node))
            if holder is not None and len(holder.leaves) != 1:
                return entity
    return ValueEntity(resolve(builder, node, place))


def _values(
    builder: Builder, callee: str, node: nodes.Expr, place: Place
) -> tuple[Value, ...] | None:
    if isinstance(node, nodes.List):
        return tuple(resolve(builder, item, place) for item in node.items)
    family = entity_of(builder, node, place, quiet=True)
    if isinstance(family, Family):
        return tuple(
            read(builder, family.members[index], place, node, primed=False)
            for index in sorted(family.members)
        )
    builder.report.add(
        errors.argument(callee, "takes a list or a family", place.origin(node), f"{callee}([a, b])")
    )
    return None


def _is_dim(node: nodes.Expr, place: Place) -> bool:
    return isinstance(node, nodes.Name) and isinstance(place.scope.lookup(node.name), DimEntity)


def _axis(builder: Builder, node: nodes.Expr, place: Place) -> Any:  # noqa: ANN401
    if isinstance(node, nodes.Name):
        entity = place.scope.lookup(node.name)
        if isinstance(entity, DimEntity):
            builder.used.add(node.name)
            return entity.dim.name if entity.dim.name is not None else entity.dim.size
    value = constant(builder, node, place, "an axis")
    if value is None:
        return _FAULT
    if isinstance(value, bool) or value != int(value):
        builder.report.add(errors.not_whole("an axis", value, place.origin(node)))
        return _FAULT
    return int(value)


def dim_of(builder: Builder, node: nodes.Expr, place: Place) -> Dim | None:
    """A dimension of a type or a shape: a dim's name, or a number that makes it unnamed."""
    entity = entity_of(builder, node, place, quiet=True)
    if isinstance(entity, DimEntity):
        return entity.dim
    if entity is None and isinstance(node, nodes.Name):
        guess = nearest(node.name, place.scope.visible())
        declared = f"a dimension is declared: dim {node.name} = 16"
        builder.unknown_name(node.name, place.origin(node), guess, otherwise=declared)
        return None
    value = collapse(resolve(builder, node, place))
    if isinstance(value, Unknown):
        return None
    if not isinstance(value, Number):
        builder.report.add(errors.not_constant("a dimension's size", place.origin(node)))
        return None
    size = value.value
    if isinstance(size, bool) or size != int(size) or size < 0:
        builder.report.add(errors.not_whole("a dimension's size", size, place.origin(node)))
        return None
    return Dim(None, int(size))


def _attr(builder: Builder, callee: str, param: Param, node: nodes.Expr, place: Place) -> Any:  # noqa: ANN401
    origin = place.origin(node)
    items = node.items if isinstance(node, nodes.List) else (node,)
    match param.kind:
        case "axis":
            return _axis(builder, node, place)
        case "axes":
            axes = tuple(_axis(builder, item, place) for item in items)
            return _FAULT if any(axis is _FAULT for axis in axes) else axes
        case "shape":
            dims = tuple(dim_of(builder, item, place) for item in items)
            return _FAULT if any(dim is None for dim in dims) else dims
        case "text":
            if isinstance(node, nodes.Text):
                return node.value
            builder.report.add(
                errors.argument(callee, f"takes a text as `{param.name}`", origin, 'like "mean"')
            )
            return _FAULT
        case "integer":
            numbers = tuple(_integer(builder, item, place) for item in items)
            if any(number is None for number in numbers):
                return _FAULT
            return numbers if isinstance(node, nodes.List) else numbers[0]
        case _:
            value = constant(builder, node, place, f"`{param.name}` of `{callee}`")
            if value is None:
                return _FAULT
            if param.kind == "flag" and not isinstance(value, bool):
                builder.report.add(
                    errors.argument(callee, f"takes true or false as `{param.name}`", origin)
                )
                return _FAULT
            return value


def _integer(builder: Builder, node: nodes.Expr, place: Place) -> int | None:
    value = constant(builder, node, place, "this number")
    if value is None:
        return None
    if isinstance(value, bool) or value != int(value):
        builder.report.add(errors.not_whole("this number", value, place.origin(node)))
        return None
    return int(value)
