"""The types of products that sum over dimensions: `@` and einsum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast, fits, merge
from nlgraph.ops.dtypes import need_numbers, need_one_dtype
from nlgraph.ops.op import TypeFault
from nlgraph.ops.types import Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]


def matmul(types: Types, attrs: Attrs) -> TensorType:
    """The type of `a @ b`.

    Raises:
        TypeFault: where the summed dimensions, those in front, or the dtypes do not fit.
    """
    del attrs
    a, b = types
    for i, t in enumerate(types):
        if not t.dims:
            raise faults.wrong_rank("@", t, "tensors", i, "* multiplies by a number")
    inner, other = a.dims[-1], b.dims[-2 if len(b.dims) > 1 else -1]
    if not fits(inner, other):
        raise faults.not_contracted("@", a, b, inner, other, _advice(a, b))
    need_one_dtype("@", a, b)
    need_numbers("@", a, 0)
    batch_a, batch_b = a.dims[:-2], b.dims[:-2]
    _no_pairing(a, b)
    batch = broadcast((TensorType(a.dtype, batch_a), TensorType(b.dtype, batch_b)))
    rows = a.dims[-2:-1]
    columns = b.dims[-1:] if len(b.dims) > 1 else ()
    return TensorType(a.dtype, (*batch, *rows, *columns))


def einsum(types: Types, attrs: Attrs) -> TensorType:
    """The type of a sum of products in Einstein's notation.

    Raises:
        TypeFault: where the text does not fit the values, or one letter two dimensions.
    """
    text = attrs["equation"].replace(" ", "")
    sides = text.split("->")
    operands = sides[0].split(",")
    if len(sides) > 2 or len(operands) != len(types):
        raise _bad_equation(text, f"describes {len(operands)} values, and there are {len(types)}")
    meaning: dict[str, Dim] = {}
    ellipses: list[TensorType] = []
    for i, (letters, of) in enumerate(zip(operands, types, strict=True)):
        need_one_dtype("einsum", types[0], of)
        need_numbers("einsum", of, i)
        names, spare = _letters(text, letters, of, i)
        if spare is not None:
            ellipses.append(TensorType(of.dtype, spare))
        for name, dim in names:
            known = meaning.setdefault(name, dim)
            if not fits(known, dim):
                raise faults.not_contracted(
                    "einsum", types[0], of, known, dim, f"the letter {name} stands for both"
                )
            meaning[name] = merge(known, dim)
    out = sides[1] if len(sides) == 2 else _implicit(operands)
    front = broadcast(ellipses)
    dims: list[Dim] = []
    for token in out.replace("...", "."):
        if token == ".":
            dims.extend(front)
        elif token in meaning:
            dims.append(meaning[token])
        else:
            raise _bad_equation(text, f"has `{token}` in its result only")
    return TensorType(types[0].dtype, tuple(dims))


def _no_pairing(a: TensorType, b: TensorType) -> None:
    """What one side has in front may not be a mere row or column of the other."""
    for one, other in ((a, b), (b, a)):
        if len(other.dims) < 2:
            continue
        front = {dim.name for dim in one.dims[:-2] if dim.name is not None}
        shared = front - {dim.name for dim in other.dims[:-2]}
        for dim in other.dims[-2:]:
            if dim.name in shared and dim.size != 1:
                assert dim.name is not None, "shared dimensions have names"
                raise faults.pairs_all(a, b, dim.name)


def _advice(a: TensorType, b: TensorType) -> str | None:
    """Which transpose or swap makes a product of two that do not fit."""
    if len(b.dims) > 1 and fits(a.dims[-1], b.dims[-1]):
        return "the right side transposed fits: … @ ….T"
    if len(a.dims) > 1 and fits(a.dims[-2], b.dims[-2 if len(b.dims) > 1 else -1]):
        return "the left side transposed fits: ….T @ …"
    if fits(b.dims[-1], a.dims[-2 if len(a.dims) > 1 else -1]):
        return "the other way round they fit: swap the two sides"
    return None


def _letters(
    text: str, letters: str, of: TensorType, arg: int
) -> tuple[list[tuple[str, Dim]], tuple[Dim, ...] | None]:
    """The dimension of each letter, and those of the ellipsis."""
    before, dots, after = letters.partition("...")
    count = len(before) + len(after)
    fits_rank = count <= len(of.dims) if dots else count == len(of.dims)
    if not (before + after).isalpha() and count:
        raise _bad_equation(text, "has signs that are neither letters nor `...`")
    if not fits_rank:
        raise TypeFault(
            f"`{letters}` in {text!r} describes {count} dimensions, and this is `{of}`",
            None,
            arg,
            "NL0405",
        )
    head = list(zip(before, of.dims, strict=False))
    tail = list(zip(after, of.dims[len(of.dims) - len(after) :], strict=True))
    spare = of.dims[len(before) : len(of.dims) - len(after)] if dots else None
    return head + tail, spare


def _implicit(operands: Sequence[str]) -> str:
    joined = "".join(operands).replace("...", "")
    single = sorted(letter for letter in set(joined) if joined.count(letter) == 1)
    return ("..." if any("..." in operand for operand in operands) else "") + "".join(single)


def _bad_equation(text: str, reason: str) -> TypeFault:
    return TypeFault(
        f"the equation {text!r} {reason}",
        'like "bd,dk->bk": a letter for each dimension',
        None,
        "NL0408",
    )
