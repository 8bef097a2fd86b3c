"""Write a gradient out in operators, where the objective is of degree 2 or less.

`dot(m, grad(loss, W))` has the gradient `grad(loss, W)` with respect to m: so a memory that is
written by its objective, (18), and one that is written by its equation, (17), are the same.
An operator has its derivative here as a rule on the cotangent G of its result: that of
`matmul(a, b)` is `G @ b.T` for a and `a.T @ G` for b. A cotangent may have fewer dimensions than
its value, which it then fills by broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from math import inf

from nlgraph.ops.op import TypeFault
from nlgraph.ops.types import WHOLE, Dim, TensorType
from nlgraph.schedule.reach import depends
from nlgraph.schedule.value import Value, parts_first
from nlgraph.schedule.values import Values


def derive(
    values: Values, objective: Value, targets: tuple[Value, ...]
) -> tuple[Value, ...] | None:
    """The derivative for each target; None where some operator on the way has no rule."""
    cotangents = derive_factors(values, objective, targets)
    if cotangents is None:
        return None
    try:
        return tuple(_filled(values, *pair) for pair in zip(targets, cotangents, strict=True))
    except (TypeFault, _Unwritten):
        return None


def derive_factors(
    values: Values, objective: Value, targets: tuple[Value, ...]
) -> tuple[Value, ...] | None:
    """The derivative for each target, or a number where it is the same number everywhere."""
    on_the_way = _on_the_way(values, objective, targets)
    if not on_the_way or _degree(objective, targets, on_the_way) > _SQUARE:
        return None
    origin = objective.origin
    cotangents: dict[Value, Value] = {objective: values.number(1, origin)}
    try:
        for value in reversed(on_the_way):
            cotangent = cotangents.get(value)
            if cotangent is None or value in targets:
                continue
            terms = _Terms(values, value)
            for part, added in _RULES[value.op](terms, cotangent):
                if part in on_the_way:
                    terms.check(part)
                    known = cotangents.get(part)
                    cotangents[part] = added if known is None else terms.op("add", known, added)
    except (TypeFault, _Unwritten):
        return None
    nothing = values.number(0, origin)
    return tuple(_unheld(values, cotangents.get(target, nothing)) for target in targets)


_SQUARE = 2


class _Unwritten(Exception):
    """A derivative that would need a sum over what was broadcast."""


def _on_the_way(
    values: Values, objective: Value, targets: tuple[Value, ...]
) -> dict[Value, None] | None:
    """The values between the objective and the targets, both included, parts first.

    None where they are not all operators with a rule.
    """
    found: dict[Value, None] = {}

    def parts(value: Value) -> tuple[Value, ...]:
        return value.parts if _has_rule(value) and value not in targets else ()

    for value in parts_first([objective], parts):
        if value in targets or any(part in found for part in parts(value)):
            found[value] = None
        elif not _has_rule(value) and depends(values, value, targets):
            return None
    return found if objective in found else None


def _has_rule(value: Value) -> bool:
    return value.form == "op" and value.op in _RULES


def _degree(objective: Value, targets: tuple[Value, ...], on_the_way: Collection[Value]) -> float:
    """The degree of the objective in the targets."""
    degree: dict[Value, float] = {}
    for value in on_the_way:
        if value in targets:
            degree[value] = 1
        else:
            degree[value] = _degree_of(value, [degree.get(part, 0) for part in value.parts])
    return degree[objective]


def _degree_of(value: Value, degrees: list[float]) -> float:
    match value.op:
        case "mul" | "matmul" | "dot" | "outer":
            return sum(degrees)
        case "global_dot":
            half = len(degrees) // 2
            return max(a + b for a, b in zip(degrees[:half], degrees[half:], strict=True))
        case "div":
            return inf if degrees[1] else degrees[0]
        case "pow":
            power = value.parts[1]
            return 2 * degrees[0] if power.form == "number" and power.data[1] == _SQUARE else inf
        case "sum" | "mean":
            return degrees[0] if value.attrs.get("axis") is None else inf
        case _:
            return max(degrees)


class _Terms:
    """Operators at the place of the value that is differentiated."""

    def __init__(self, values: Values, value: Value) -> None:
        self.values = values
        self.value = value

    def op(self, name: str, *parts: Value) -> Value:
        return self.values.op(
            name, *parts, origin=self.value.origin, component=self.value.component
        )

    def mul(self, a: Value, b: Value) -> Value:
        if a.form == b.form == "number":
            return self.number(a.data[1] * b.data[1])
        return self.op("mul", a, b)

    def neg(self, a: Value) -> Value:
        return self.number(-a.data[1]) if a.form == "number" else self.op("neg", a)

    def transposed(self, a: Value) -> Value:
        return a.parts[0] if a.form == "op" and a.op == "mT" else self.op("mT", a)

    def number(self, number: float) -> Value:
        return self.values.number(number, self.value.origin)

    def check(self, part: Value) -> None:
        """Refuse a part that was broadcast: its derivative is a sum."""
        if self.value.op in _ELEMENTWISE and part.type.dims != self.value.type.dims:
            raise _Unwritten

    def size(self, dim: Dim) -> Value:
        """The length of a dimension; of a named one a call may bring another than the file's."""
        if dim.name is None:
            assert dim.size is not None, "a dimension without a name has a length"
            return self.number(dim.size)
        return self.values.make("size", (), dim.name, TensorType(WHOLE), self.value.origin)

    def full(self, cotangent: Value) -> None:
        """Refuse a cotangent that is still to be broadcast, and all but matrices."""
        if cotangent.type.dims != self.value.type.dims:
            raise _Unwritten


Given = list[tuple[Value, Value]]
Rule = Callable[[_Terms, Value], Given]


def _add(terms: _Terms, g: Value) -> Given:
    return [(part, g) for part in terms.value.parts]


def _sub(terms: _Terms, g: Value) -> Given:
    a, b = terms.value.parts
    return [(a, g), (b, terms.neg(g))]


def _neg(terms: _Terms, g: Value) -> Given:
    return [(terms.value.parts[0], terms.neg(g))]


def _mul(terms: _Terms, g: Value) -> Given:
    a, b = terms.value.parts
    return [(a, terms.mul(g, b)), (b, terms.mul(g, a))]


def _div(terms: _Terms, g: Value) -> Given:
    a, b = terms.value.parts
    return [(a, terms.op("div", g, b))]


def _pow(terms: _Terms, g: Value) -> Given:
    a = terms.value.parts[0]
    return [(a, terms.mul(terms.mul(terms.number(2), g), a))]


def _dot(terms: _Terms, g: Value) -> Given:
    parts = terms.value.parts
    half = len(parts) // 2
    pairs = list(zip(parts[:half], parts[half:], strict=True))
    return [(a, terms.mul(g, b)) for a, b in pairs] + [(b, terms.mul(g, a)) for a, b in pairs]


def _sum(terms: _Terms, g: Value) -> Given:
    return [(terms.value.parts[0], g)]


def _mean(terms: _Terms, g: Value) -> Given:
    part = terms.value.parts[0]
    for dim in part.type.dims:
        g = terms.op("div", g, terms.size(dim))
    return [(part, g)]


def _matmul(terms: _Terms, g: Value) -> Given:
    a, b = terms.value.parts
    match len(a.type.dims), len(b.type.dims):
        case (1, 1):
            return _dot(terms, g)
        case (1, 2):
            terms.full(g)
            return [(a, terms.op("matmul", b, g)), (b, terms.op("outer", a, g))]
        case (2, 1):
            terms.full(g)
            of_b = terms.op("matmul", terms.transposed(a), g)
            return [(a, terms.op("outer", g, b)), (b, of_b)]
        case (2, 2):
            terms.full(g)
            of_a = terms.op("matmul", g, terms.transposed(b))
            return [(a, of_a), (b, terms.op("matmul", terms.transposed(a), g))]
        case _:
            raise _Unwritten


def _transpose(terms: _Terms, g: Value) -> Given:
    terms.full(g)
    return [(terms.value.parts[0], terms.transposed(g))]


def _outer(terms: _Terms, g: Value) -> Given:
    a, b = terms.value.parts
    terms.full(g)
    return [
        (a, terms.op("matmul", g, b)),
        (b, terms.op("matmul", terms.transposed(g), a)),
    ]


_ELEMENTWISE = ("add", "sub", "mul", "div")

_RULES: dict[str, Rule] = {
    "add": _add,
    "sub": _sub,
    "neg": _neg,
    "mul": _mul,
    "div": _div,
    "pow": _pow,
    "dot": _dot,
    "global_dot": _dot,
    "sum": _sum,
    "mean": _mean,
    "matmul": _matmul,
    "mT": _transpose,
    "outer": _outer,
}


def _filled(values: Values, target: Value, cotangent: Value) -> Value:
    """A cotangent with the dimensions and the dtype of its target."""
    origin = target.origin
    if cotangent.form == "number" and cotangent.data[1] == 0:
        return values.op("zeros_like", target, origin=origin, type_=target.type)
    if cotangent.type.dims != target.type.dims or cotangent.type.is_number:
        ones = values.op("ones_like", target, origin=origin, type_=target.type)
        cotangent = values.op("mul", cotangent, ones, origin=origin)
    if cotangent.type != target.type:
        raise _Unwritten
    return cotangent


def _unheld(values: Values, root: Value) -> Value:
    """Without the `hold`s of this gradient, which is no more; those of other ones stay."""

    def parts(value: Value) -> tuple[Value, ...]:
        return () if value.form in ("grad", "hold") else value.parts

    new: dict[Value, Value] = {}
    for value in parts_first([root], parts):
        if value.form == "hold":
            new[value] = value.parts[0]
        else:
            new[value] = values.rebuild(value, tuple(new.get(part, part) for part in value.parts))
    return new[root]
