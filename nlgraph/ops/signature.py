"""Shape signatures as text, for functions of the user's: `"[..., n], [n, m] -> [..., m]"`.

Each `[…]` is an argument, the last one the result. Inside, from left to right:

    ...      any dimensions; those of all arguments meet from the right, as in a broadcast
    n        one dimension: the same one wherever the name stands
    3        a dimension of this length
    axis     the dimension that the keyword `axis` names: `[..., axis, ...] -> [..., ...]`
    k        in the result, the value of the keyword `k`: a new dimension
    2*n n/2  in the result, a new dimension as long as this

A dtype in front is demanded, or given: `int[B], [n, d] -> [B, d]`. Without one an argument is a
floating tensor or, if it is `[...]` or `[]`, also a plain number, and the result has the dtype to
which such arguments promote.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nlgraph.ops import faults
from nlgraph.ops.dims import broadcast, fits, merge, position
from nlgraph.ops.dtypes import need_float, promote
from nlgraph.ops.types import DTYPES, Dim, TensorType

AXIS: Final = "axis"
_ANY: Final = "..."
_TYPE: Final = r"\s*(\w*)\s*\[([^\[\]]*)\]\s*"
_TERM: Final = re.compile(r"(?:(\d+)\s*\*\s*)?([^\W\d]\w*)(?:\s*/\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class Term:
    """A dimension of a pattern: a name (None: a length alone), times one number, by another."""

    name: str | None
    times: int = 1
    by: int = 1

    @property
    def is_made(self) -> bool:
        """Whether it is a dimension of another length than the one that is named."""
        return self.name is not None and (self.times, self.by) != (1, 1)


@dataclass(frozen=True, slots=True)
class Pattern:
    """The type of an argument or of the result; an item that is None stands for `...`."""

    dtype: str | None
    items: tuple[Term | None, ...]

    @property
    def names(self) -> Iterator[str]:
        """The names in it."""
        return (item.name for item in self.items if item is not None and item.name is not None)

    @property
    def takes_numbers(self) -> bool:
        """Whether a plain number fits."""
        return self.dtype is None and self.items in ((), (None,))


_AROUND_AXIS: Final = (None, Term(AXIS), None)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function takes and gives."""

    text: str
    args: tuple[Pattern, ...]
    result: Pattern

    @property
    def is_elementwise(self) -> bool:
        """Whether the function goes over its arguments element by element."""
        return all(pattern.items == (None,) for pattern in (*self.args, self.result))

    def infer(
        self, callee: str, types: Sequence[TensorType], attrs: Mapping[str, Any]
    ) -> TensorType:
        """The type of the result.

        Raises:
            TypeFault: the arguments do not fit.
        """
        match = _Match(callee, attrs)
        for place, (pattern, of) in enumerate(zip(self.args, types, strict=True)):
            match.argument(place, pattern, of)
        open_ = [of for of, pattern in zip(types, self.args, strict=True) if pattern.dtype is None]
        return TensorType(self.result.dtype or promote(open_), match.result(self.result))


def parse_signature(text: str) -> Signature:
    """Read a signature.

    Raises:
        ValueError: it cannot be read.
    """
    if re.fullmatch(rf"{_TYPE}(,{_TYPE})*->{_TYPE}", text) is None:
        raise _unread(text, "it has the form `[…], […] -> […]`")
    *args, result = (_pattern(text, *found.groups()) for found in re.finditer(_TYPE, text))
    return Signature(text, tuple(args), result)


def check_signature(signature: Signature, keywords: Collection[str]) -> None:
    """See that a signature of a function with these keywords means something.

    Raises:
        ValueError: it does not; the first reason why.
    """
    text, args, result = signature.text, signature.args, signature.result
    known = {name for pattern in args for name in pattern.names} | set(keywords)
    unknown = [name for name in result.names if name not in known]
    if unknown:
        raise _unread(text, f"nothing gives the `{unknown[0]}` of its result")
    if result.dtype is None and all(pattern.dtype is not None for pattern in args):
        raise _unread(text, "its result needs a dtype, since every argument states one")
    if (args[0].items == _AROUND_AXIS) != (AXIS in keywords):
        raise _unread(text, "the first argument is `[..., axis, ...]` where `axis` is a keyword")
    for pattern in args:
        if pattern.items.count(None) > 1 and pattern.items != _AROUND_AXIS:
            raise _unread(text, "`...` stands twice only in `[..., axis, ...]`")
        if any(item.is_made for item in pattern.items if item is not None):
            raise _unread(text, "arithmetic stands in the result only")
    if result.items.count(None) not in {0, *(pattern.items.count(None) for pattern in args)}:
        raise _unread(text, "its result has another number of `...` than its arguments")


def _pattern(text: str, dtype: str, items: str) -> Pattern:
    if dtype and dtype not in DTYPES:
        raise _unread(text, f"{dtype!r} is no dtype; there are {', '.join(DTYPES)}")
    words = [word.strip() for word in items.split(",")] if items.strip() else []
    return Pattern(dtype or None, tuple(_item(text, word) for word in words))


def _item(text: str, word: str) -> Term | None:
    if word == _ANY:
        return None
    if word.isdecimal():
        return Term(None, int(word))
    found = _TERM.fullmatch(word)
    if found is None:
        raise _unread(text, f"{word!r} is no dimension: a name, a length, `...`, `2*n` or `n/2`")
    times, name, by = found.groups()
    return Term(name, int(times or 1), int(by or 1))


def _unread(text: str, reason: str) -> ValueError:
    return ValueError(f"the signature {text!r} cannot be read: {reason}")


class _Match:
    """What the names of a signature stand for in one call; what is around `axis` has two sides."""

    def __init__(self, callee: str, attrs: Mapping[str, Any]) -> None:
        self.callee = callee
        self.attrs = attrs
        self.names: dict[str, Dim] = {
            name: Dim(None, value) for name, value in attrs.items() if _is_length(name, value)
        }
        self.sides: tuple[list[TensorType], list[TensorType]] = ([], [])

    def argument(self, place: int, pattern: Pattern, of: TensorType) -> None:
        """Let a pattern's names stand for the dimensions of an argument."""
        if of.is_number and pattern.takes_numbers:
            return
        if pattern.dtype is None:
            need_float(self.callee, of, place)
        elif of.dtype != pattern.dtype:
            raise faults.wrong_dtype(self.callee, of, f"{pattern.dtype} values", place)
        if pattern.items == _AROUND_AXIS:
            at = position(self.callee, of, self.attrs[AXIS], place)
            start, stop, items = at, at + 1, (Term(AXIS),)
            self.sides[1].append(TensorType(of.dtype, of.dims[stop:]))
            self.sides[0].append(TensorType(of.dtype, of.dims[:start]))
            pairs = list(zip(items, of.dims[start:stop], strict=True))
        else:
            pairs = self._plain(place, pattern, of)
        for item, dim in pairs:
            self._bind(item, dim, of, place)

    def result(self, pattern: Pattern) -> tuple[Dim, ...]:
        """The dimensions of the result."""
        sides = iter(self.sides)
        dims: list[Dim] = []
        for item in pattern.items:
            if item is None:
                dims.extend(broadcast(next(sides)))
            else:
                dims.append(self._made(item))
        return tuple(dims)

    def _plain(self, place: int, pattern: Pattern, of: TensorType) -> list[tuple[Term, Dim]]:
        """Each dimension that a pattern names; what `...` takes in goes to a side."""
        items = [item for item in pattern.items if item is not None]
        open_ = len(items) < len(pattern.items)
        if len(of.dims) < len(items) or (len(of.dims) > len(items) and not open_):
            wanted = f"{len(items)}{' or more' if open_ else ''} dimensions"
            raise faults.wrong_rank(self.callee, of, wanted, place)
        if not open_:
            return list(zip(items, of.dims, strict=True))
        head = pattern.items.index(None)
        tail = len(of.dims) - (len(items) - head)
        self.sides[0].append(TensorType(of.dtype, of.dims[head:tail]))
        return list(zip(items, (*of.dims[:head], *of.dims[tail:]), strict=True))

    def _bind(self, item: Term, dim: Dim, of: TensorType, place: int) -> None:
        known = Dim(None, item.times) if item.name is None else self.names.get(item.name, dim)
        if not fits(known, dim):
            word = item.name or str(item.times)
            raise faults.stands_for_two(self.callee, of, word, known, dim, place)
        if item.name is not None:
            self.names[item.name] = merge(known, dim)

    def _made(self, item: Term) -> Dim:
        if item.name is None:
            return Dim(None, item.times)
        dim = self.names[item.name]
        if not item.is_made:
            return dim
        size = None if dim.size is None else dim.size * item.times
        if size is not None and size % item.by:
            raise faults.wrong_size(
                f"`{self.callee}` would divide {size} by {item.by}, and that is no whole number"
            )
        return Dim(None, None if size is None else size // item.by)


def _is_length(name: str, value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return name != AXIS and whole
