"""What may be wrong with an operator's arguments, in words (NL0401 to NL0408)."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.ops.op import TypeFault
from nlgraph.ops.types import Dim, TensorType


def do_not_meet(a: TensorType, b: TensorType, x: Dim, y: Dim, advice: str | None) -> TypeFault:
    """NL0401: two dimensions that a broadcast brings together."""
    if advice is None and x.name and y.name and x.size is not None and x.size == y.size:
        advice = f"both have length {x.size}, by chance or not: what is one thing has one name"
    return TypeFault(
        f"{_article(a)} and {_article(b)} do not fit: {_clash(x, y)}", advice, None, "NL0401"
    )


def do_not_match(op: str, a: TensorType, b: TensorType) -> TypeFault:
    """NL0401: two values whose dimensions must be the same."""
    return TypeFault(
        f"`{op}` takes two values with the same dimensions, not {_article(a)} and {_article(b)}",
        None,
        None,
        "NL0401",
    )


def not_contracted(
    op: str, a: TensorType, b: TensorType, x: Dim, y: Dim, advice: str | None
) -> TypeFault:
    """NL0402: two dimensions that a product sums over."""
    return TypeFault(
        f"`{op}` of {_article(a)} and {_article(b)} would sum over two different dimensions: "
        f"{_clash(x, y)}",
        advice,
        None,
        "NL0402",
    )


def pairs_all(a: TensorType, b: TensorType, name: str) -> TypeFault:
    """NL0403: a dimension that one side of `@` has in front and the other as a row or column."""
    return TypeFault(
        f"`@` of {_article(a)} and {_article(b)} would pair every {name} of one with every {name} "
        "of the other",
        f"for one product for each {name}: a map of a component `per {name}`,\n"
        f"or reshape(…, [{name}, 1, …]), which makes a matrix of each row",
        None,
        "NL0403",
    )


def no_axis(op: str, of: TensorType, axis: str, guess: str | None, arg: int = 0) -> TypeFault:
    """NL0404: a dimension's name that the value does not have."""
    advice = f"did you mean `{guess}`?" if guess is not None else f"it has {_listed(of)}"
    return TypeFault(
        f"`{op}` over `{axis}`: {_article(of)} has no dimension `{axis}`", advice, arg, "NL0404"
    )


def axis_twice(op: str, of: TensorType, axis: str, arg: int = 0) -> TypeFault:
    """NL0404: a dimension's name that the value has twice."""
    places = [i for i, dim in enumerate(of.dims) if dim.name == axis]
    return TypeFault(
        f"`{op}` over `{axis}`: {_article(of)} has `{axis}` twice",
        f"say which by number: {' or '.join(map(str, places))}",
        arg,
        "NL0404",
    )


def axis_range(op: str, of: TensorType, axis: int, arg: int = 0) -> TypeFault:
    """NL0404: a dimension's number that the value does not have."""
    rank = len(of.dims)
    numbers = "number 0 or -1" if rank == 1 else f"numbers 0 to {rank - 1}, or {-rank} to -1"
    last = f"it has {_listed(of)}: {numbers}" if rank else "it has no dimensions"
    return TypeFault(
        f"`{op}` over dimension {axis}: {_article(of)} has no such dimension", last, arg, "NL0404"
    )


def wrong_rank(
    op: str, of: TensorType, wanted: str, arg: int, advice: str | None = None
) -> TypeFault:
    """NL0405: too many or too few dimensions."""
    return TypeFault(f"`{op}` takes {wanted}, not {_article(of)}", advice, arg, "NL0405")


def wrong_dtype(
    op: str, of: TensorType, wanted: str, arg: int, advice: str | None = None
) -> TypeFault:
    """NL0406: a dtype that the operator does not take."""
    return TypeFault(f"`{op}` takes {wanted}, not {_article(of)}", advice, arg, "NL0406")


def dtypes_differ(op: str, a: TensorType, b: TensorType) -> TypeFault:
    """NL0406: two dtypes where one is needed."""
    wide = a if a.dtype != "int" else b
    return TypeFault(
        f"`{op}` takes two values of one dtype, not {_article(a)} and {_article(b)}",
        f"{wide.dtype}(…) casts the other one",
        None,
        "NL0406",
    )


def wrong_size(message: str, advice: str | None = None, arg: int | None = None) -> TypeFault:
    """NL0407: lengths that do not fit."""
    return TypeFault(message, advice, arg, "NL0407")


def wrong_option(op: str, param: str, given: object, allowed: Iterable[str]) -> TypeFault:
    """NL0408: an option that the operator does not have."""
    found = f'"{given}"' if isinstance(given, str) else str(given)
    return TypeFault(
        f"`{param}` of `{op}` cannot be {found}", f"it is {' or '.join(allowed)}", None, "NL0408"
    )


def stands_for_two(callee: str, of: TensorType, word: str, x: Dim, y: Dim, arg: int) -> TypeFault:
    """NL0409: a name of a signature that would stand for two dimensions."""
    return TypeFault(
        f"`{callee}` does not take {_article(of)} here: {_clash(x, y)}, and its signature has "
        f"one `{word}` for both",
        None,
        arg,
        "NL0409",
    )


def not_as_stated(callee: str, given: TensorType, wanted: TensorType, arg: int) -> TypeFault:
    """NL0409: an argument that does not fit what a callee's signature states."""
    advice = None
    if len(given.dims) != len(wanted.dims):
        advice = f"it has {len(given.dims)} dimensions where {len(wanted.dims)} are taken"
    elif given.dims == wanted.dims:
        advice = f"{wanted.dtype}(…) casts it"
    else:
        advice = "dimensions are compared by name: what is one thing has one name"
    return TypeFault(
        f"`{callee}` takes {_article(wanted)} here, not {_article(given)}", advice, arg, "NL0409"
    )


def _article(of: TensorType) -> str:
    return str(of) if of.is_number else f"`{of}`"


def _clash(x: Dim, y: Dim) -> str:
    if x.name is not None and y.name is not None:
        return f"`{x}` is not `{y}`"
    return f"{_sized(x)} is not {_sized(y)}"


def _sized(dim: Dim) -> str:
    if dim.name is None:
        return f"length {dim}"
    return f"`{dim}`" if dim.size is None else f"`{dim}` (length {dim.size})"


def _listed(of: TensorType) -> str:
    if not of.dims:
        return "no dimensions"
    return ", ".join(f"`{dim}`" for dim in of.dims)
