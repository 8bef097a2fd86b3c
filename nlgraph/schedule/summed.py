"""Sums over the ticks of a window inside a root tick, as one gradient or one product.

`accumulate(c * grad(E, W))`, with c one number for each tick and copy, is the gradient of the
weighted sum: `grad(accumulate(hold(c) * E), W)`, where W is constant in the window. A sum of outer
products is one matrix product. So nothing of W's shape is made for each tick.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from nlgraph.ops.types import Dim, TensorType
from nlgraph.schedule.value import CONSTANT, Period, Value, base_of, parts_first
from nlgraph.schedule.values import Values
from nlgraph.system.ids import StateId


def sum_at_once(values: Values, gather: Value) -> Value | None:
    """The value of a gather without a gradient or a product for each tick.

    None where it is no sum inside a root tick, or none of such terms.
    """
    kind, period, window, *_ = gather.data
    if kind not in ("accumulate", "average") or window > 1:
        return None
    part = gather.parts[0]
    if part.form in ("stop", "hold"):
        inner = values.rebuild(gather, part.parts)
        found = sum_at_once(values, inner)
        return None if found is None else values.rebuild(part, (found,))
    terms = list(_terms(part))
    sums = [_sum(values, gather, term) for term in terms]
    if not any(sums):
        return None
    total: Value | None = None
    for term, found in zip(terms, sums, strict=True):
        if found is None:
            found = _gather(values, gather, "accumulate", _product(values, term, term.leaf))
        if term.negative:
            op = "neg" if total is None else "sub"
            args = (found,) if total is None else (total, found)
            total = values.op(op, *args, origin=gather.origin, component=gather.component)
        else:
            total = found if total is None else _op(values, "add", gather, total, found)
    assert total is not None, "a sum has a term"
    if kind == "average":
        length = values.number(int(Fraction(window) / Fraction(period)), gather.origin)
        total = _op(values, "div", gather, total, length)
    return total


def gathered(values: Values, grad: Value, part: Value) -> Value:
    """The sum of one tick's derivatives over the window of a `grad`."""
    _, span, copies, window = grad.data
    data = ("accumulate", span, window, None, copies, "")
    return values.make("gather", (part,), data, part.type, grad.origin, component=grad.component)


@dataclass(frozen=True, slots=True)
class _Term:
    """A value times numbers, or divided by some: each with whether it divides."""

    leaf: Value
    factors: tuple[tuple[Value, bool], ...]
    negative: bool


def _terms(root: Value) -> Iterator[_Term]:
    """The terms of a sum of values of one type, the first one first."""
    holders = _holders(root)
    stack = [_Term(root, (), negative=False)]
    while stack:
        term = stack.pop()
        leaf = term.leaf
        if leaf.form != "op":
            yield term
            continue
        match leaf.op, leaf.parts:
            case (("add" | "sub"), (a, b)) if a.type == b.type == leaf.type:
                stack.append(_Term(b, term.factors, term.negative != (leaf.op == "sub")))
                stack.append(_Term(a, term.factors, term.negative))
            case "neg", (a,):
                stack.append(_Term(a, term.factors, not term.negative))
            case "mul", (a, b) if _scales(a, b, leaf, holders):
                stack.append(_Term(b, ((a, False), *term.factors), term.negative))
            case "mul", (a, b) if _scales(b, a, leaf, holders):
                stack.append(_Term(a, ((b, False), *term.factors), term.negative))
            case "div", (a, b) if _scales(b, a, leaf, holders):
                stack.append(_Term(a, ((b, True), *term.factors), term.negative))
            case _:
                yield term


def _holders(root: Value) -> set[Value]:
    """The values that have a gradient among what they are made of."""
    found: set[Value] = set()
    for value in parts_first([root]):
        if value.form == "item" or any(part in found for part in value.parts):
            found.add(value)
    return found


def _scales(factor: Value, leaf: Value, product: Value, holders: set[Value]) -> bool:
    """Whether a value is one number in each tick and copy, which scales another one."""
    one = all(dim.size == 1 and dim.name is None for dim in factor.type.dims)
    return one and leaf.type == product.type and factor not in holders


def _sum(values: Values, gather: Value, term: _Term) -> Value | None:
    """The sum of a term at once; None where it has no such form."""
    leaf = term.leaf
    if leaf.form == "item" and _is_constant(values, leaf.parts[0], gather):
        return _gradient(values, gather, term)
    if leaf.form == "op" and leaf.op == "outer" and len(leaf.type.dims) == 2:
        return _of_products(values, gather, term)
    return None


def _is_constant(values: Values, grad: Value, gather: Value) -> bool:
    """Whether what a gradient is taken by does not change in the window."""
    _, span, copies, known = grad.data
    _, period, window, _, of_gather, _ = gather.data
    bases = [base_of(target)[0] for target in grad.targets]
    return (
        span == period
        and known is None
        and copies == of_gather
        and not grad.points
        and all(base.form == "state" and _rests(values, base, window) for base in bases)
    )


def _rests(values: Values, state: Value, window: Period) -> bool:
    found = values.equations.states[StateId(state.data)]
    period = values.state_period(found.id)
    reset = None if found.reset is None else values.period(found.reset.clock)
    return all(length is None or length >= window for length in (period, reset))


def _gradient(values: Values, gather: Value, term: _Term) -> Value:
    """The gradient of the weighted sum, by what is constant in the window."""
    leaf, grad = term.leaf, term.leaf.parts[0]
    objective = grad.parts[0]
    weighted = _product(values, term, objective, held=True)
    data = (*grad.data[:3], gather.data[2])
    parts = (weighted, *grad.targets)
    whole = values.make("grad", parts, data, weighted.type, grad.origin, component=grad.component)
    return values.make(
        "item", (whole,), leaf.data, leaf.type, leaf.origin, component=leaf.component
    )


def _of_products(values: Values, gather: Value, term: _Term) -> Value:
    """The sum of outer products: what is on the left in all ticks, with what is on the right."""
    a, b = term.leaf.parts
    rows = _gather(values, gather, "collect", _product(values, term, a))
    columns = _gather(values, gather, "collect", b)
    return _op(values, "matmul", gather, _op(values, "mT", gather, rows), columns)


def _product(values: Values, term: _Term, leaf: Value, *, held: bool = False) -> Value:
    """A term with another value in place of its own; its numbers may be held."""
    for factor, divides in term.factors:
        scale = factor
        if factor.type.dims:
            scale = _op(values, "sum", factor, factor, axis=None, keepdim=False)
        if held and scale.form not in CONSTANT:
            scale = values.make("hold", (scale,), None, scale.type, scale.origin)
        leaf = (
            _op(values, "div", leaf, leaf, scale)
            if divides
            else _op(values, "mul", leaf, scale, leaf)
        )
    return leaf


def _gather(values: Values, gather: Value, kind: str, part: Value) -> Value:
    """A gather of another value over the same window."""
    _, period, window, _, copies, _ = gather.data
    type_ = part.type
    axis = None
    if kind == "collect":
        axis = 0
        length = int(Fraction(window) / Fraction(period))
        type_ = TensorType(type_.dtype, (Dim(None, length), *type_.dims))
    data = (kind, period, window, axis, copies, "")
    return values.make("gather", (part,), data, type_, gather.origin, component=gather.component)


def _op(values: Values, name: str, of: Value, *parts: Value, **attrs: object) -> Value:
    return values.op(name, *parts, origin=of.origin, component=of.component, attrs=attrs)
