"""Calls: special forms, functions and maps written out in place, operators of the registry."""

from __future__ import annotations

from dataclasses import replace

from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops.types import DTYPES
from nlgraph.syntax import nodes
from nlgraph.system import elsewhere, errors, forms
from nlgraph.system.apply import apply, map_leaves
from nlgraph.system.arguments import bind, operator_arguments
from nlgraph.system.builder import Builder, Place, exprs_of
from nlgraph.system.entities import (
    Comp,
    Family,
    Holder,
    LazyComponent,
    NumberEntity,
    Scope,
    Template,
    ValueEntity,
)
from nlgraph.system.expressions import resolve
from nlgraph.system.externs import call_extern
from nlgraph.system.ids import SignalId
from nlgraph.system.imports import module_of
from nlgraph.system.lookup import candidates, describe, entity_of, holder_of, only_comp
from nlgraph.system.model import Call, Expr, PerCopy, Signal, SignalRead, Unknown
from nlgraph.system.values import Value
from nlgraph.system.walk import postorder


def call(builder: Builder, node: nodes.Call, place: Place) -> Value:
    """The value of a call."""
    function = node.function
    primed = isinstance(function, nodes.Primed)
    target = function.value if isinstance(function, nodes.Primed) else function
    origin = place.origin(node)
    if isinstance(target, nodes.Name) and place.scope.lookup(target.name) is None:
        if primed:
            entity_of(builder, target, place)
            return Unknown(origin)
        return _built_in(builder, target.name, node, place)
    entity = entity_of(builder, target, place)
    match entity:
        case None:
            if not isinstance(target, nodes.Name | nodes.Dotted | nodes.Index):
                builder.report.add(errors.not_callable(target.span.text, place.origin(target)))
            return Unknown(origin)
        case Template(node=nodes.Fn()) if not primed:
            return inline(builder, entity, node, place)
        case Holder() | LazyComponent():
            holder = holder_of(builder, entity, origin)
            if holder is None:
                return Unknown(origin)
            values = tuple(resolve(builder, arg, place) for arg in node.args)
            return apply_map(builder, holder, values, node, place, primed=primed)
        case _:
            text = target.span.text
            return builder.fault(
                errors.not_a("something to call", text, describe(entity), place.origin(target)),
                origin,
            )


def inline(builder: Builder, template: Template, node: nodes.Call, place: Place) -> Value:
    """A fn's body in place of its call."""
    fn = template.node
    assert isinstance(fn, nodes.Fn)
    origin = place.origin(node)
    scope = bind(builder, fn.name, fn.params, node.args, node.keywords, node, place, template.scope)
    if scope is None:
        return Unknown(origin)
    return run_body(builder, fn.body, place.inside(scope, node))


def run_body(builder: Builder, body: nodes.FnBody, place: Place) -> Value:
    """The result of a body whose lines run in order and may bind a name again."""
    result = _run_lines(builder, body.lines, place)
    if result is None and body.result is not None:
        return resolve(builder, body.result, place)
    if result is None:
        origin = place.origin(body)
        return builder.fault(
            errors.misplaced("a body without `return`", "in a fn or map", origin), origin
        )
    return result


def _run_lines(
    builder: Builder, lines: tuple[nodes.Equation | nodes.FnFor | nodes.Return, ...], place: Place
) -> Value | None:
    for line in lines:
        match line:
            case nodes.Return(value=value):
                return resolve(builder, value, place)
            case nodes.Equation(target=nodes.Name(name=name), primed=False, value=value):
                place.scope.names[name] = ValueEntity(resolve(builder, value, place))
            case nodes.FnFor():
                result = _run_loop(builder, line, place)
                if result is not None:
                    return result
            case _:
                builder.report.add(
                    errors.misplaced("this equation", "in a fn or map", place.origin(line))
                )
    return None


def _run_loop(builder: Builder, loop: nodes.FnFor, place: Place) -> Value | None:
    from nlgraph.system.unroll import bounds_of

    bounds = bounds_of(builder, loop.start, loop.stop, place)
    if bounds is None:
        return None
    for index in range(bounds[0], bounds[1] + 1):
        place.scope.names[loop.name] = NumberEntity(index)
        result = _run_lines(builder, loop.lines, place)
        if result is not None:
            return result
    return None


def apply_map(
    builder: Builder,
    holder: Holder,
    values: tuple[Value, ...],
    node: nodes.Call,
    place: Place,
    *,
    primed: bool,
) -> Value:
    """A component's map in place of its call, with the current or the updated state."""
    origin = place.origin(node)
    comp = only_comp(holder)
    if comp is not None and comp.map is None and comp.extern is not None:
        return call_extern(builder, comp, values, node, place, primed=primed)
    if comp is None or comp.map is None:
        if holder.is_lost:
            return Unknown(origin)
        found = comp or next(iter(holder.comps.values()))
        return builder.fault(errors.no_map(str(found.id), origin, found.origin), origin)
    params = comp.map.node.params
    if node.keywords or len(values) != len(params):
        return builder.fault(
            errors.argument(
                str(comp.id), f"takes {len(params)} arguments, not {len(values)}", origin
            ),
            origin,
        )
    copied = bool(comp.per) and not _within(place.host, comp)
    if copied:
        values = tuple(
            map_leaves((v,), lambda one: _argument(builder, one[0], comp, place), origin, builder)
            for v in values
        )
    scope = Scope(
        comp.map.scope, {p.name: ValueEntity(v) for p, v in zip(params, values, strict=True)}
    )
    inner = replace(place.inside(scope, node), primed=comp if primed else None, host=comp)
    result = run_body(builder, comp.map.node.body, inner)
    if not comp.states:
        comp.answers.extend(exprs_of(result))
    if not copied:
        return result
    return map_leaves((result,), lambda parts: PerCopy(origin, parts[0], comp.per), origin, builder)


def _argument(builder: Builder, value: Expr, comp: Comp, place: Place) -> Expr:
    """An argument of a map that runs copy by copy: one value of all copies, then seen by each.

    What does more than arithmetic element by element becomes a signal: `mean(e)` is the mean over
    all copies, not over each.
    """
    calls = (part for part in postorder((value,)) if isinstance(part, Call))
    if all(builder.ops[part.op].bundled == "leaf" for part in calls):
        return value
    name = SignalId(builder.unique(f"{place.name}.{comp.id}"))
    host = None if place.host is None else place.host.id
    builder.signals[name] = Signal(name, value, host, value.origin)
    return SignalRead(value.origin, name)


def _within(host: Comp | None, comp: Comp) -> bool:
    while host is not None:
        if host is comp:
            return True
        host = host.host
    return False


def _built_in(builder: Builder, name: str, node: nodes.Call, place: Place) -> Value:
    origin = place.origin(node)
    special = forms.FORMS.get(name)
    if special is not None:
        return special(builder, node, place)
    if name == "chain":
        return _chain(builder, node, place)
    if name in DTYPES and len(node.args) == 1 and not node.keywords:
        return apply(
            builder, "cast", (resolve(builder, node.args[0], place),), {"dtype": name}, origin
        )
    op = builder.ops.get(name)
    if op is None and name in builder.unread:
        return Unknown(origin)
    if op is None or name in _INTERNAL:
        guess = elsewhere.FUNCTIONS.get(name) or nearest(name, candidates(builder, place))
        return builder.unknown_name(name, place.origin(node.function), guess, module_of(name))
    found = operator_arguments(builder, op, node, place)
    if found is None:
        return Unknown(origin)
    op_name, values, attrs = found
    return apply(builder, op_name, values, attrs, origin)


_INTERNAL = frozenset(
    {"global_dot", "global_norm", "dropout_apply", "index", "mT", "cast", "extern_call"}
)


def _chain(builder: Builder, node: nodes.Call, place: Place) -> Value:
    """`chain(layer, x)`: every member in turn."""
    origin = place.origin(node)
    family = entity_of(builder, node.args[0], place) if len(node.args) == 2 else None
    if family is None and len(node.args) == 2:
        return Unknown(origin)
    if not isinstance(family, Family) or node.keywords:
        return builder.fault(
            errors.argument("chain", "takes a family of components and a value", origin), origin
        )
    value = resolve(builder, node.args[1], place)
    for index in sorted(family.members):
        member = family.members[index]
        holder = (
            holder_of(builder, member, origin)
            if isinstance(member, Holder | LazyComponent)
            else None
        )
        if holder is None:
            return builder.fault(
                errors.argument("chain", "takes a family of components", origin), origin
            )
        value = apply_map(builder, holder, (value,), node, place, primed=False)
    return value
