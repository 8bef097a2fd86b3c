"""The type of each form of expression, from those of its parts.

a number, `tick`, a size        a plain number
an input, a signal, a state     as seen from the context: see `view`
a call                          as the operator's entry has it
`k[token]`                      without the clock's dimension
`collect(e)`                    with one more: see `collects`; other gathers keep the type
`grad(E, W)`                    W's type
a map called from outside       the dims of the copies in front
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.ops.dtypes import floating, is_float
from nlgraph.ops.externs import EXTERN, given_inputs
from nlgraph.ops.lower import visible
from nlgraph.ops.op import TypeFault, registry
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, Dim, TensorType
from nlgraph.shapes import errors
from nlgraph.shapes.collects import collected, is_collected
from nlgraph.shapes.fit import fits
from nlgraph.shapes.model import Hidden, Typed
from nlgraph.shapes.table import Table
from nlgraph.shapes.view import seen, within
from nlgraph.system.constants import fold
from nlgraph.system.model import (
    Call,
    DimSize,
    Draw,
    Expr,
    Gather,
    Grad,
    Hold,
    InputRead,
    Item,
    Learning,
    Number,
    PerCopy,
    Prev,
    SignalRead,
    Slice,
    StateRead,
    Stop,
    Tick,
    With,
)
from nlgraph.system.walk import children


def needs(table: Table, key: Typed) -> tuple[Typed, ...]:
    """What must be typed before an expression is, in the order in which it is found out."""
    expr, hidden = key
    match expr:
        case Call(op="where", args=(condition, yes, no)):
            if (condition, hidden) not in table.types:
                return ((condition, hidden),)
            known = table.constants.get((condition, hidden))
            chosen = (yes, no) if known is None else (yes if known else no,)
            return tuple((part, hidden) for part in chosen)
        case Call(args=args):
            return tuple([(part, hidden) for part in args])
        case SignalRead(signal=name):
            return (table.signal_key(name),)
        case StateRead(state=name):
            like = table.like_key(table.clocked.equations.states[name])
            return () if like is None else (like,)
        case Grad(targets=targets):
            parts = (*children(expr), *targets)
            return tuple((part, hidden) for part in parts)
        case Prev(init=init) if key in table.open:
            return ((init, hidden),)
        case PerCopy(value=value, dims=dims):
            return ((value, within(hidden, dims)),)
        case _:
            return tuple((part, hidden) for part in children(expr))


def type_of_parts(table: Table, key: Typed) -> TensorType | None:
    """The type of an expression whose parts have theirs; None where a part has none, or a fault."""
    expr, hidden = key
    judge = _JUDGES.get(type(expr))
    return None if judge is None else judge(table, expr, hidden)


def _number(table: Table, expr: Number, hidden: Hidden) -> TensorType:
    table.constants[expr, hidden] = expr.value
    if isinstance(expr.value, bool):
        return TensorType(TRUTH)
    return TensorType(WHOLE if isinstance(expr.value, int) else NUMBER)


def _input(table: Table, expr: InputRead, hidden: Hidden) -> TensorType:
    equations = table.clocked.equations
    return seen(equations.inputs[expr.input].type, (), hidden, equations.dims)


def _signal(table: Table, expr: SignalRead, hidden: Hidden) -> TensorType | None:
    value, per = table.signal_key(expr.signal)
    found = table.type_of(value, per)
    return None if found is None else seen(found, per, hidden, table.clocked.equations.dims)


def _state(table: Table, expr: StateRead, hidden: Hidden) -> TensorType | None:
    found = table.state_type(expr.state)
    per = table.per(table.clocked.equations.states[expr.state].component)
    return None if found is None else seen(found, per, hidden, table.clocked.equations.dims)


def _call(table: Table, expr: Call, hidden: Hidden) -> TensorType | None:
    if expr.op == "where" and (expr.args[0], hidden) in table.constants:
        return _chosen(table, expr, hidden)
    if expr.op == EXTERN:
        return _extern(table, expr, hidden)
    types = tuple(table.type_of(arg, hidden) for arg in expr.args)
    known = tuple(t for t in types if t is not None)
    if len(known) != len(types):
        return None
    result = table.results.get((expr.op, known)) if not expr.attrs else None
    if result is None:
        try:
            result = _infer(expr, known, hidden)
        except TypeFault as fault:
            table.fault(_worded(fault, expr, known, hidden))
            return None
        if not expr.attrs:
            table.results[expr.op, known] = result
    return _known(table, expr, hidden, known, result) if result.is_number else result


def _extern(table: Table, expr: Call, hidden: Hidden) -> TensorType | None:
    """A module gives what its component states, also while its parameters are not known."""
    inputs = expr.args[: given_inputs(expr.attrs).stop]
    types = tuple(table.type_of(arg, hidden) for arg in inputs)
    known = tuple(t for t in types if t is not None)
    if len(known) != len(types):
        return None
    try:
        return registry()[expr.op].infer(known, expr.attrs)
    except TypeFault as fault:
        table.fault(_worded(fault, expr, known, hidden))
        return None


def _infer(call: Call, types: tuple[TensorType, ...], hidden: Hidden) -> TensorType:
    op = registry()[call.op]
    result = op.infer(types, visible(op, call.attrs, hidden))
    if op.scalar is None and types and all(t.is_number for t in types):
        raise TypeFault(f"`{call.op}` takes a tensor, not {types[0]}", None, 0, "NL0406")
    return result


def _worded(
    fault: TypeFault, call: Call, types: tuple[TensorType, ...], hidden: Hidden
) -> Diagnostic:
    axis = call.attrs.get("axis")
    gone = [name for name in (axis if isinstance(axis, tuple) else (axis,)) if name in hidden]
    if gone and fault.code == "NL0404":
        return errors.hidden_axis(str(gone[0]), call.origin)
    return errors.operator(fault, call.origin, tuple(arg.origin for arg in call.args), types)


def _chosen(table: Table, expr: Call, hidden: Hidden) -> TensorType | None:
    """A choice that is known when compiling is its branch."""
    chosen = expr.args[1] if table.constants[expr.args[0], hidden] else expr.args[2]
    if (chosen, hidden) in table.constants:
        table.constants[expr, hidden] = table.constants[chosen, hidden]
    return table.type_of(chosen, hidden)


def _known(
    table: Table, call: Call, hidden: Hidden, types: tuple[TensorType, ...], result: TensorType
) -> TensorType | None:
    """Keep the value of a number that is known when compiling."""
    value: int | float | bool | None = None
    if call.op == "rank":
        value = len(types[0].dims)
    elif call.op == "size":
        axis = call.attrs["axis"]
        names = [dim.name for dim in types[0].dims]
        place = axis if isinstance(axis, int) else names.index(axis)
        value = types[0].dims[place].size
    else:
        parts = [table.constants.get((arg, hidden)) for arg in call.args]
        numbers = tuple(part for part in parts if part is not None)
        if len(numbers) == len(parts):
            try:
                value = fold(call.op, numbers)
            except ArithmeticError as error:
                table.fault(errors.arithmetic(str(error), call.origin))
                return None
    if value is not None:
        table.constants[call, hidden] = value
    return result


def _slice(table: Table, expr: Slice, hidden: Hidden) -> TensorType | None:
    of = table.type_of(expr.value, hidden)
    definition = table.clocked.equations.clocks.get(expr.clock)
    if of is None or definition is None:
        return None
    if definition.dim is None:
        parent = table.clocked.equations.clocks.get(definition.parent or expr.clock)
        inner = parent.id if parent is not None and parent.kind == "along" else None
        table.fault(errors.no_dimension(expr.clock, expr.origin, definition.origin, inner))
        return None
    places = [i for i, dim in enumerate(of.dims) if dim.name == definition.dim]
    if len(places) > 1:
        table.fault(errors.slice_twice(expr.clock, definition.dim, of, expr.origin))
        return None
    if not places:
        advice = _slice_advice(table, expr)
        table.fault(errors.no_slice(expr.clock, definition.dim, of, expr.value.origin, advice))
        return None
    return TensorType(of.dtype, tuple(dim for i, dim in enumerate(of.dims) if i != places[0]))


def _slice_advice(table: Table, expr: Slice) -> str | None:
    timing = table.clocked.timings.get(expr.value)
    if timing is not None and timing.clock == expr.clock:
        return "it is this tick's value already: leave the slice out"
    return f"it is the same in every tick of `{expr.clock}`: leave the slice out"


def _gather(table: Table, expr: Gather, hidden: Hidden) -> TensorType | None:
    of = table.type_of(expr.value, hidden)
    if of is None or expr not in table.clocked.windows or expr.value not in table.clocked.timings:
        return None
    if not is_collected(table.clocked, expr):
        return of
    match expr.kind:
        case "average" if not of.is_number:
            return TensorType(floating(of.dtype), of.dims)
        case "accumulate" if of.dtype == "bool":
            return TensorType("f32", of.dims)
        case "collect":
            return _collect(table, expr, of, hidden)
        case _:
            return of


def _collect(table: Table, expr: Gather, of: TensorType, hidden: Hidden) -> TensorType | None:
    if of.is_number:
        of = TensorType({NUMBER: "f32", WHOLE: "int", TRUTH: "bool"}[of.dtype])
    found = collected(table.clocked, expr, of, hidden)
    if found is None:
        clock = table.clocked.timings[expr.value].clock
        definition = None if clock is None else table.clocked.equations.clocks.get(clock)
        if expr.axis is not None:
            reason = f"it has no dimension {expr.axis}"
        elif definition is None or definition.dim is None:
            reason = f"`{clock}` runs along no dimension"
        else:
            reason = f"the inputs of `{definition.parent}` do not tell where `{definition.dim}` is"
        table.fault(errors.collect_axis(of, expr.origin, reason))
        return None
    place, dim = found
    return TensorType(of.dtype, (*of.dims[:place], dim, *of.dims[place:]))


def _prev(table: Table, expr: Prev, hidden: Hidden) -> TensorType | None:
    key = (expr, hidden)
    init = table.type_of(expr.init, hidden)
    if key in table.open:
        return table.assumed.get(key, init)
    value = table.type_of(expr.value, hidden)
    if value is None or init is None:
        return value
    if not fits(init, value):
        table.fault(errors.start_of_prev(init, value, expr.init.origin))
        return None
    return value


def _grad(table: Table, expr: Grad, hidden: Hidden) -> TensorType | None:
    of = table.type_of(expr.value, hidden)
    if of is None:
        return None
    if of.dims:
        table.fault(errors.no_scalar(of, expr.origin, expr.value.origin))
        return None
    if not is_float(of):
        table.fault(errors.no_derivative(of, expr.value.origin))
        return None
    for target, point in zip(expr.targets, expr.at, strict=False):
        wanted, found = table.type_of(target, hidden), table.type_of(point, hidden)
        if wanted is not None and found is not None and not fits(found, wanted):
            table.fault(errors.replacement(_target_name(target), found, wanted, point.origin))
    return of


def _target_name(target: StateRead | SignalRead) -> str:
    return target.state if isinstance(target, StateRead) else target.signal


def _item(table: Table, expr: Item, hidden: Hidden) -> TensorType | None:
    target = expr.grad.targets[expr.index]
    found = table.type_of(target, hidden)
    if found is None or table.type_of(expr.grad, hidden) is None:
        return None
    if not is_float(found):
        table.fault(errors.no_variable(_target_name(target), found, expr.origin))
        return None
    return found


def _with(table: Table, expr: With, hidden: Hidden) -> TensorType | None:
    equations = table.clocked.equations
    for name, replacement in zip(expr.states, expr.replacements, strict=True):
        found = table.type_of(replacement, hidden)
        state = table.state_type(name)
        if found is None or state is None:
            continue
        wanted = seen(state, table.per(equations.states[name].component), hidden, equations.dims)
        if not fits(found, wanted):
            table.fault(errors.replacement(name, found, wanted, replacement.origin))
    return table.type_of(expr.value, hidden)


def check_distribution(table: Table, expr: Draw) -> bool:
    """Report numbers that make no distribution; False where they do."""
    reason = _no_distribution(expr)
    if reason is not None:
        table.fault(errors.draw(expr.kind, reason, expr.origin))
    return reason is not None


def _draw(table: Table, expr: Draw, hidden: Hidden) -> TensorType | None:
    if check_distribution(table, expr):
        return None
    dtype = "int" if expr.kind == "randint" else "f32"
    if expr.like is not None:
        like = table.type_of(expr.like, hidden)
        if like is None:
            return None
        return TensorType(like.dtype if is_float(like) else dtype, like.dims)
    if expr.dims is None:
        table.fault(errors.shapeless_draw(expr.kind, expr.origin))
        return None
    return TensorType(dtype, tuple(dim for dim in expr.dims if dim.name not in hidden))


def _no_distribution(expr: Draw) -> str | None:
    match expr.kind, expr.args:
        case "normal", (_, std) if std < 0:
            return f"a standard deviation is not negative, and this is {std}"
        case "uniform", (low, high) if low > high:
            return f"there is nothing between {low} and {high}"
        case "randint", (low, high) if low >= high:
            return f"there is no integer from {low} to below {high}"
        case "bernoulli", (p,) if not 0 <= p <= 1:
            return f"a probability is between 0 and 1, and this is {p}"
        case _:
            return None


def _per_copy(table: Table, expr: PerCopy, hidden: Hidden) -> TensorType | None:
    inner = within(hidden, expr.dims)
    of = table.type_of(expr.value, inner)
    if of is None or of.is_number:
        return of
    sizes = table.clocked.equations.dims
    return TensorType(of.dtype, (*(Dim(n, sizes.get(n)) for n in inner[len(hidden) :]), *of.dims))


def _same(table: Table, expr: Stop | Hold, hidden: Hidden) -> TensorType | None:
    return table.type_of(expr.value, hidden)


def _whole(_: Table, __: Expr, ___: Hidden) -> TensorType:
    return TensorType(WHOLE)


def _truth(_: Table, __: Expr, ___: Hidden) -> TensorType:
    return TensorType(TRUTH)


_JUDGES: Final[dict[type[Expr], Callable[[Table, Any, Hidden], TensorType | None]]] = {
    Number: _number,
    DimSize: _whole,
    Tick: _whole,
    Learning: _truth,
    InputRead: _input,
    SignalRead: _signal,
    StateRead: _state,
    Call: _call,
    Slice: _slice,
    Gather: _gather,
    Prev: _prev,
    Grad: _grad,
    Item: _item,
    With: _with,
    Draw: _draw,
    PerCopy: _per_copy,
    Stop: _same,
    Hold: _same,
}
