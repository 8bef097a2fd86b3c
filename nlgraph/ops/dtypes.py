"""Dtypes that meet: torch's promotion, on the language's dtypes.

Three kinds, each wider than the one before: booleans, integers, floating ones. A tensor without
dimensions, or a plain number, changes another's dtype only where it is of a wider kind.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from nlgraph.ops import faults
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, TensorType

FLOATS: Final = ("f32", "bf16", "f16", "f64")
_KIND: Final = {"bool": 0, "int": 1, TRUTH: 0, WHOLE: 1, NUMBER: 2, **dict.fromkeys(FLOATS, 2)}


def promote(types: Iterable[TensorType]) -> str:
    """The dtype of arithmetic over these types; a number's where all are numbers."""
    types = tuple(types)
    tensors = [t for t in types if not t.is_number]
    numbers = [t for t in types if t.is_number]
    if not tensors:
        kind = max((_KIND[t.dtype] for t in numbers), default=1)
        return NUMBER if kind == 2 else WHOLE
    result = _widest(t.dtype for t in tensors if t.dims)
    scalars = _widest(t.dtype for t in tensors if not t.dims)
    if result is None or (scalars is not None and _KIND[scalars] > _KIND[result]):
        result = scalars
    assert result is not None, "some tensor has a dtype"
    kind = max((_KIND[t.dtype] for t in numbers), default=0)
    if kind > _KIND[result]:
        return "f32" if kind == 2 else "int"
    return result


def floating(dtype: str) -> str:
    """The dtype of a function with real values (a quotient, a root) on this dtype."""
    if dtype in (WHOLE, TRUTH):
        return NUMBER
    return "f32" if dtype in ("int", "bool") else dtype


def is_float(of: TensorType) -> bool:
    """Whether a type is a floating one: only such has derivatives."""
    return of.dtype in FLOATS


def is_condition(of: TensorType) -> bool:
    """Whether a type is true or false, in a tensor or as a number."""
    return of.dtype in ("bool", TRUTH)


def need_condition(op: str, of: TensorType, arg: int) -> None:
    """Raise a TypeFault where a type is not true or false."""
    if not is_condition(of):
        raise faults.wrong_dtype(op, of, "true or false", arg, "compare it: x > 0, x != 0")


def need_float(op: str, of: TensorType, arg: int) -> None:
    """Raise a TypeFault where a type is not a floating tensor."""
    if not is_float(of):
        raise faults.wrong_dtype(
            op, of, "a floating tensor", arg, None if of.is_number else "f32(…) casts it"
        )


def need_int(op: str, of: TensorType, arg: int) -> None:
    """Raise a TypeFault where a type is not a tensor of integers."""
    if of.dtype != "int":
        raise faults.wrong_dtype(
            op, of, "a tensor of integers", arg, None if of.is_number else "int(…) casts it"
        )


def need_numbers(op: str, of: TensorType, arg: int) -> None:
    """Raise a TypeFault where a type is one of booleans."""
    if of.dtype == "bool":
        raise faults.wrong_dtype(op, of, "numbers", arg, "f32(…) makes 0 and 1 of it")


def need_precise(op: str, of: TensorType, arg: int) -> None:
    """Raise a TypeFault where a type is neither f32 nor f64: torch decomposes no others."""
    need_float(op, of, arg)
    if of.dtype not in ("f32", "f64"):
        raise faults.wrong_dtype(op, of, "f32 or f64", arg, "f32(…) casts it")


def need_one_dtype(op: str, a: TensorType, b: TensorType) -> None:
    """Raise a TypeFault where two tensors have different dtypes and torch would not promote."""
    if a.dtype != b.dtype:
        raise faults.dtypes_differ(op, a, b)


def _widest(dtypes: Iterable[str]) -> str | None:
    found = set(dtypes)
    for wide in ("f64", "f32"):
        if wide in found:
            return wide
    if {"bf16", "f16"} <= found:
        return "f32"
    return next((dtype for dtype in ("bf16", "f16", "int", "bool") if dtype in found), None)
