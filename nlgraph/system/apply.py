"""Apply an operator to values: bundles leaf by leaf, constants folded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nlgraph.system import errors
from nlgraph.system.builder import Builder, is_unknown
from nlgraph.system.constants import fold
from nlgraph.system.model import Call, Expr, Number, Unknown
from nlgraph.system.text import INFIX
from nlgraph.system.values import Bundle, Value, collapse, keys_of, leaf, state_names
from nlgraph.text.span import Origin


def apply(
    builder: Builder, op: str, values: tuple[Value, ...], attrs: Mapping[str, Any], origin: Origin
) -> Value:
    """The value of an operator over values.

    `dot` and `norm` run over all leaves of a bundle, elementwise operators over each, and others
    take single tensors only.
    """
    values = tuple([collapse(value) for value in values])
    single = tuple([value for value in values if not isinstance(value, Bundle | Unknown)])
    if len(single) == len(values):
        return _single(op, single, attrs, origin, builder)
    if any(is_unknown(value) for value in values):
        return Unknown(origin)
    mode = builder.ops[op].bundled
    if mode == "no":
        bundle = max((v for v in values if isinstance(v, Bundle)), key=lambda v: len(v.leaves))
        return builder.fault(
            errors.bundle(f"`{INFIX.get(op, op)}`", origin, bundle.leaves.values()), origin
        )
    keys = keys_of(values)
    if keys is None:
        return builder.fault(errors.bundles_differ(origin, state_names(values)), origin)
    if mode == "all":
        leaves = tuple(_leaf(value, key) for value in values for key in keys)
        return Call(origin, f"global_{op}", leaves, attrs)
    site = builder.site()
    return map_leaves(
        values, lambda parts: _single(op, parts, attrs, origin, builder, site=site), origin, builder
    )


def map_leaves(
    values: tuple[Value, ...],
    combine: Callable[[tuple[Expr, ...]], Expr],
    origin: Origin,
    builder: Builder,
) -> Value:
    """Combine several values leaf by leaf; one expression where none is a bundle."""
    values = tuple(collapse(value) for value in values)
    keys = keys_of(values)
    if keys is None:
        return builder.fault(errors.bundles_differ(origin, state_names(values)), origin)
    if not keys:
        return combine(tuple(value for value in values if isinstance(value, Expr)))
    return Bundle({key: combine(tuple(_leaf(value, key) for value in values)) for key in keys})


def _leaf(value: Value, key: tuple[str, str | None]) -> Expr:
    found = leaf(value, key)
    assert found is not None, "keys_of gives leaves that all values have"
    return found


def _single(
    op: str,
    parts: tuple[Expr, ...],
    attrs: Mapping[str, Any],
    origin: Origin,
    builder: Builder,
    site: int = 0,
) -> Expr:
    builder.nodes += 1
    if op == "where" and isinstance(parts[0], Number):
        return parts[1] if parts[0].value else parts[2]
    numbers = tuple(part.value for part in parts if isinstance(part, Number))
    if parts and len(numbers) == len(parts) and not attrs:
        try:
            folded = fold(op, numbers)
        except ArithmeticError as error:
            return builder.fault(errors.arithmetic(str(error), origin), origin)
        if folded is not None:
            return Number(origin, folded)
    return Call(origin, op, parts, attrs, site)
