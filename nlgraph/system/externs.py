"""Extern components, whose map is a module: `component encoder = extern([B, c], [B, h])`.

Until the module is known the component has one state of its own name, without a type, that stands
for all: clocks and levels are the same with either. Once it is known, its parameters are the states
of the component by their names; its buffers are states too, but no part of it as a value. A call is
one operator, whose arguments are all that it reads:

    learning, [a number drawn for each tick], inputs …, parameters …, buffers …
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from nlgraph.ops.externs import EXTERN
from nlgraph.ops.types import DTYPES, TensorType
from nlgraph.syntax import nodes
from nlgraph.system import errors, errors_of_externs
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import Comp, StateRecord
from nlgraph.system.model import Call, Draw, Expr, Extern, Learning, StateRead, Unknown
from nlgraph.system.types import type_of
from nlgraph.system.values import Bundle, Value, collapse
from nlgraph.text.span import Origin

if TYPE_CHECKING:
    from nlgraph.system.states import StateMaker

_SEEDS = 2**31


def extern_call(node: nodes.Component, place: Place) -> nodes.Call | None:
    """The `extern(…)` of a component's header, if that is what it has."""
    value = node.init.value if node.init is not None and not node.init.drawn else None
    if node.type is not None or not isinstance(value, nodes.Call):
        return None
    function = value.function
    named = isinstance(function, nodes.Name) and function.name == "extern"
    return value if named and place.scope.lookup("extern") is None else None


def declare_extern(
    builder: Builder, node: nodes.Component, call: nodes.Call, maker: StateMaker, place: Place
) -> None:
    """Give an extern component its signature and its states."""
    origin = place.origin(node.member)
    if maker.site.rule:
        builder.report.add(errors_of_externs.in_rule(place.origin(call)))
    signature = _signature(builder, call, place)
    (comp,) = tuple(maker.comps.values())[:1]
    module = builder.externs.get(comp.id)
    if signature is not None:
        comp.extern = Extern(*signature, module)
    if module is None:
        maker.own(origin)
        return
    for name, type_ in module.parameters.items():
        for _, record in maker.named(name, origin):
            record.type, record.init = type_, _given(record)
            record.fixed = name in module.fixed
    _add_buffers(comp, maker, origin)


def like_extern(owner: Comp, maker: StateMaker, origin: Origin) -> None:
    """Let a component that is like an extern one call the same module with its own states."""
    (comp,) = tuple(maker.comps.values())[:1]
    comp.extern = owner.extern
    _add_buffers(comp, maker, origin)


def check_clauses(
    builder: Builder, node: nodes.Component, comps: Iterable[Comp], place: Place
) -> None:
    """Refuse what a module of the user's cannot have: copies, resets, further states, a map."""
    for comp in comps:
        if comp.per:
            at: nodes.Node = node.per[0] if node.per else node.member
            builder.report.add(errors_of_externs.refused("copies", place.origin(at)))
        if comp.reset is not None or node.resets:
            at = node.resets[0] if node.resets else node.member
            builder.report.add(errors_of_externs.refused("resets", place.origin(at)))
    for statement in node.body or ():
        if isinstance(statement, nodes.State | nodes.Map):
            what = "states" if isinstance(statement, nodes.State) else "map"
            builder.report.add(errors_of_externs.refused(what, place.origin(statement)))


def call_extern(
    builder: Builder,
    comp: Comp,
    values: tuple[Value, ...],
    node: nodes.Call,
    place: Place,
    *,
    primed: bool,
) -> Value:
    """A call of an extern component, with the current or the updated parameters."""
    origin = place.origin(node)
    extern = comp.extern
    assert extern is not None, "it is called as an extern component"
    if node.keywords or len(values) != len(extern.inputs):
        takes = f"takes {len(extern.inputs)} arguments, not {len(values)}"
        return builder.fault(errors.argument(str(comp.id), takes, origin), origin)
    args: list[Expr] = [Learning(origin)]
    module = extern.module
    if module is not None and module.draws:
        name = builder.unique(f"{place.name}.{comp.id}")
        args.append(Draw(origin, "randint", (0, _SEEDS), (), None, name))
    for value in map(collapse, values):
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Bundle):
            leaves = value.leaves.values()
            return builder.fault(errors.bundle(f"`{comp.id}`", origin, leaves), origin)
        args.append(value)
    args += [
        StateRead(origin, record.id, primed and not record.fixed) for record in _read(comp, extern)
    ]
    attrs = {
        "name": str(comp.id),
        "inputs": extern.inputs,
        "output": extern.output,
        "module": module,
    }
    builder.nodes += 1
    value = Call(origin, EXTERN, tuple(args), attrs)
    if not comp.states:
        comp.answers.append(value)
    return value


def _read(comp: Comp, extern: Extern) -> Iterable[StateRecord]:
    """The states with which a module is called, in the order of its parameters and buffers."""
    if extern.module is None:
        return tuple(comp.states.values())[:1]
    return [comp.states[name] for name in (*extern.module.parameters, *extern.module.buffers)]


def _add_buffers(comp: Comp, maker: StateMaker, origin: Origin) -> None:
    module = None if comp.extern is None else comp.extern.module
    for name, type_ in ({} if module is None else module.buffers).items():
        for record in maker.apart(name, origin):
            record.type, record.init, record.fixed = type_, _given(record), True


def _given(record: StateRecord) -> Callable[[], Expr]:
    return lambda: Draw(record.origin, "given", (), None, None, record.id)


def _signature(
    builder: Builder, call: nodes.Call, place: Place
) -> tuple[tuple[TensorType, ...], TensorType] | None:
    """The types of the inputs, and that of the output; None where a fault was reported."""
    if call.keywords or not call.args:
        builder.report.add(errors_of_externs.signature(place.origin(call)))
        return None
    types: list[TensorType] = []
    for arg in call.args:
        type_ = _type(builder, arg, place)
        if type_ is None:
            return None
        types.append(type_)
    return tuple(types[:-1]), types[-1]


def _type(builder: Builder, node: nodes.Expr, place: Place) -> TensorType | None:
    """`[B, c]`, `int[B]`, or a dtype's name for a scalar."""
    match node:
        case nodes.List(items=items):
            return type_of(builder, nodes.Type(node.span, None, items), place)
        case nodes.Index(value=nodes.Name(name=dtype), items=items):
            dims = tuple(d for d in items if not isinstance(d, nodes.Slice | nodes.Ellipsis))
            if len(dims) == len(items):
                return type_of(builder, nodes.Type(node.span, dtype, dims), place)
        case nodes.Name(name=dtype) if dtype in (*DTYPES, "scalar"):
            return type_of(builder, nodes.Type(node.span, dtype, ()), place)
    builder.report.add(errors_of_externs.signature(place.origin(node)))
    return None
