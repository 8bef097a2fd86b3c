"""Values of all ticks and copies at once: axes in front of a value's own.

A value may lack an axis along which it is constant. Ticks come first, and there is no axis for one
tick; then the dims of copies, in the order of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, Dim, TensorType
from nlgraph.schedule.latest import Made, latest
from nlgraph.schedule.model import TICKS, Arg, Lead, Name
from nlgraph.schedule.value import Value

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

_LIFTED = {NUMBER: "f64", WHOLE: "int", TRUTH: "bool"}


def _axes(lead: Lead, lengths: tuple[int, ...]) -> Lead:
    """Axes in front where those of ticks are several."""
    if TICKS not in lead:
        return lead
    return (*(f"{TICKS}{i}" if i else TICKS for i in range(len(lengths))), *lead[1:])


def _ratios(lengths: tuple[int, ...]) -> list[Dim]:
    """The lengths of axes that are nested."""
    before = (1, *lengths[:-1])
    return [Dim(None, n // m) for n, m in zip(lengths, before, strict=True)]


def tensor_type(type_: TensorType) -> TensorType:
    """The type of the tensor that a value is where it differs from tick to tick."""
    return TensorType(_LIFTED.get(type_.dtype, type_.dtype), type_.dims)


class Lifting:
    """Operators on lifted values, bound where an evaluator writes."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Work for an evaluator."""
        self.evaluator = evaluator
        self.draft = evaluator.draft
        self.made: dict[Name, Made] = {}
        self._order = {dim: i for i, dim in enumerate(evaluator.values.equations.dims)}

    def lead(self, arg: Arg) -> Lead:
        """The axes in front."""
        return self.draft.lead(arg)

    def ticks(self, arg: Arg) -> int:
        """The number of ticks that a value has one by one."""
        return self._length(arg, TICKS) if TICKS in self.lead(arg) else 1

    def own(self, arg: Name) -> tuple[Dim, ...]:
        """The dimensions behind those in front."""
        return self.draft.types[arg].dims[len(self.lead(arg)) :]

    def merged(self, leads: Sequence[Lead]) -> Lead:
        """All axes of several values, in order."""
        dims = {dim for lead in leads for dim in lead if dim != TICKS}
        ticks = (TICKS,) if any(TICKS in lead for lead in leads) else ()
        return (*ticks, *sorted(dims, key=self._order.__getitem__))

    def op(
        self,
        value: Value,
        op: str,
        args: Sequence[Arg],
        attrs: Mapping[str, Any],
        **rest: Any,  # noqa: ANN401
    ) -> Name:
        """An operator of a value, mapped over all axes in front of its args.

        Where some args have slower ticks than others, ticks stand in several axes: along the last
        of these the slower ones are constant, and nothing of them is copied.
        """
        lead = self.merged([self.lead(arg) for arg in args])
        lengths = self._nested(args)
        ticks = lengths[-1]
        axes = _axes(lead, lengths)
        lined: list[Arg] = []
        for arg, part in zip(args, value.parts, strict=True):
            if isinstance(arg, str):
                arg = self.aligned(self.split(arg, lengths, value), axes, value)
                if part.type.dtype in (NUMBER, WHOLE) and not value.type.is_number:
                    arg = self.cast(arg, value.type.dtype, value)
            lined.append(arg)
        dims = [self.dim(axis) for axis in lead if axis != TICKS]
        dims = [*_ratios(lengths)[: len(axes) - len(dims)], *dims, *value.type.dims]
        dtype = _LIFTED.get(value.type.dtype, value.type.dtype)
        found = self.draft.op(
            op, tuple(lined), TensorType(dtype, tuple(dims)), self.evaluator.note(value),
            attrs=attrs, lead=axes, mapped=len(axes), **rest,
        )  # fmt: skip
        if len(lengths) > 1:
            kwargs = {"start_dim": 0, "end_dim": len(lengths) - 1}
            whole = [Dim(None, ticks), *dims[len(lengths) :]]
            found = self.call("torch.flatten", (found,), kwargs, whole, value, lead)

        def again(others: Sequence[Arg], _: int) -> Arg:
            return self.op(value, op, others, attrs, **rest)

        self.made[found] = Made(tuple(args), again)
        return found

    def _nested(self, args: Sequence[Arg]) -> tuple[int, ...]:
        """The numbers of ticks that some args have, of which each divides the next."""
        lengths: list[int] = []
        for length in sorted({self.ticks(arg) for arg in args}, reverse=True):
            if not lengths or (length > 1 and lengths[-1] % length == 0):
                lengths.append(length)
        return tuple(reversed(lengths))

    def split(self, arg: Name, lengths: tuple[int, ...], of: Value) -> Name:
        """A value whose ticks stand in an axis for each of some nested numbers of ticks."""
        if len(lengths) == 1 or TICKS not in self.lead(arg):
            return self.held(arg, lengths[-1], of)
        place = next(i for i, length in enumerate(lengths) if length >= self.ticks(arg))
        arg = self.held(arg, lengths[place], of)
        ratios = _ratios(lengths)
        rest = self.draft.types[arg].dims[1:]
        axes = _axes(self.lead(arg), lengths)
        if place:
            dims = [*ratios[: place + 1], *rest]
            sizes = tuple(dim.size for dim in ratios[: place + 1])
            kwargs = {"dim": 0, "sizes": sizes}
            arg = self.call("torch.unflatten", (arg,), kwargs, dims, of, axes)
        places = tuple(range(place + 1, len(lengths)))
        if not places:
            return arg
        dims = [*ratios[: place + 1], *(Dim(None, 1) for _ in places), *rest]
        return self.bound("axes", (arg,), dims, axes, of, places=places)

    def dim(self, name: str) -> Dim:
        """A dimension of copies."""
        return Dim(name, self.evaluator.values.equations.dims[name])

    def aligned(self, arg: Name, lead: Lead, of: Value) -> Name:
        """A value with all of some axes in front, of length 1 where it had none."""
        have = self.lead(arg)
        places = tuple(i for i, axis in enumerate(lead) if axis not in have)
        if not places or self.draft.types[arg].is_number:
            return arg
        dims = list(self.draft.types[arg].dims)
        for place in places:
            dims.insert(place, Dim(None, 1))
        return self.bound("axes", (arg,), dims, lead, of, places=places)

    def full(self, arg: Name, lead: Lead, ticks: int, of: Value) -> Name:
        """A value with all of some axes in front, at their full lengths."""
        arg = self.held(arg, ticks, of)
        lead = self.merged([lead, self.lead(arg)])
        if lead == self.lead(arg):
            return arg
        own = self.own(arg)
        dims = [Dim(None, ticks) if axis == TICKS else self.dim(axis) for axis in lead]
        type_ = TensorType(self.draft.types[arg].dtype, (*dims, *own))
        arg = self.aligned(arg, lead, of)
        return self.bound("spread", (arg,), type_.dims, lead, of, type=type_)

    def held(self, arg: Name, ticks: int, of: Value) -> Name:
        """A value of slower ticks, held through faster ones; one without ticks stays so."""
        have = self.ticks(arg)
        if have in (1, ticks):
            return arg
        assert ticks % have == 0, "of two clocks inside a tick one is faster"
        dims = (Dim(None, ticks), *self.draft.types[arg].dims[1:])
        kwargs = {"dim": 0}
        return self.call("torch.repeat_interleave", (arg, ticks // have), kwargs, dims, of)

    def conform(
        self, arg: Arg, have: TensorType, want: TensorType, copies: Lead, of: Value
    ) -> Name:
        """A value as a tensor of a type, for each of some copies: numbers filled in, broadcast."""
        if not isinstance(arg, str) or (have.is_number and not self.lead(arg)):
            if want.is_number:
                want = tensor_type(want)
            dims = (*map(self.dim, copies), *want.dims)
            type_ = TensorType(want.dtype, dims)
            return self.draft.op(
                "fill", (arg,), type_, self.evaluator.note(of), attrs={"type": type_},
                key=type_, lead=copies, hint=self.evaluator.hint(of),
            )  # fmt: skip
        arg = self.cast(arg, want.dtype, of)
        lead = self.lead(arg)
        own = self.own(arg)
        missing = len(want.dims) - len(own)
        if missing:
            put_in = list(self.draft.types[arg].dims)
            put_in[len(lead) : len(lead)] = [Dim(None, 1)] * missing
            places = tuple(range(len(lead), len(lead) + missing))
            arg = self.bound("axes", (arg,), put_in, lead, of, places=places)
        arg = self.full(arg, self.merged([lead, copies]), self.ticks(arg), of)
        dims = (*self.draft.types[arg].dims[: len(self.lead(arg))], *want.dims)
        sizes = [dim.size for dim in want.dims]
        own = self.own(arg)
        if own != want.dims and (None in sizes or [dim.size for dim in own] != sizes):
            type_ = TensorType(want.dtype, dims)
            return self.bound("spread", (arg,), dims, self.lead(arg), of, type=type_)
        return arg

    def behind(self, arg: Arg, dims: Lead, of: Value) -> Arg:
        """A value whose copies stand in front of its own dimensions, as one inside of them."""
        if not isinstance(arg, str):
            return arg
        old = self.lead(arg)
        lead = self.merged([old, dims])
        at = {axis: i for i, axis in enumerate(old)}
        at |= {dim: len(old) + i for i, dim in enumerate(dims)}
        rank = len(self.draft.types[arg].dims)
        order = [*(at[axis] for axis in lead), *range(len(lead), rank)]
        return self.permuted(arg, order, lead, of)

    def first(self, arg: Arg, of: Value) -> Arg:
        """The first of a value's ticks."""
        if not isinstance(arg, str) or self.ticks(arg) == 1:
            return arg
        rest = self.draft.types[arg].dims[1:]
        return self.call("torch.select", (arg, 0, 0), {}, rest, of, self.lead(arg)[1:])

    def last(self, arg: Arg, ticks: int, of: Value) -> Arg:
        """The last of each of so many windows, whose ticks a value has."""
        return latest(self, arg, ticks, of)

    def windows(self, arg: Name, count: int, length: int, of: Value) -> Name:
        """The ticks of a value as windows: two axes in front, or one where there is one window."""
        if count == 1:
            return arg
        rest = self.draft.types[arg].dims[1:]
        dims = (Dim(None, count), Dim(None, length), *rest)
        kwargs = {"dim": 0, "sizes": (count, length)}
        axes = _axes(self.lead(arg), (count, count * length))
        return self.call("torch.unflatten", (arg,), kwargs, dims, of, axes)

    def repeated(self, arg: Name, ticks: int, of: Value) -> Name:
        """A value times the number of ticks for which each of its own stands."""
        count = ticks // self.ticks(arg)
        if count == 1:
            return arg
        type_, lead = self.draft.types[arg], self.lead(arg)
        note = self.evaluator.note(of)
        return self.draft.op("mul", (arg, count), type_, note, lead=lead, mapped=len(lead))

    def permuted(self, arg: Name, order: Sequence[int], lead: Lead, of: Value) -> Name:
        """A value with its axes in another order."""
        if tuple(order) == tuple(range(len(order))) and lead == self.lead(arg):
            return arg
        dims = [self.draft.types[arg].dims[i] for i in order]
        found = self.call("torch.permute", (arg,), {"dims": tuple(order)}, dims, of, lead)

        def again(others: Sequence[Arg], ticks: int) -> Arg:
            (other,) = others
            assert isinstance(other, str), "what is permuted is a tensor"
            if ticks > 1:
                return self.permuted(other, order, lead, of)
            return self.permuted(other, [i - 1 for i in order[1:]], lead[1:], of)

        if TICKS in self.lead(arg) and TICKS in lead:
            self.made[found] = Made((arg,), again)
        return found

    def cast(self, arg: Name, dtype: str, of: Value) -> Name:
        """A value in another dtype; a plain number takes that of what it meets."""
        have = self.draft.types[arg]
        if have.dtype == dtype or have.is_number:
            return arg
        found = self.draft.op(
            "to_dtype", (arg,), TensorType(dtype, have.dims), self.evaluator.note(of),
            attrs={"dtype": dtype}, key=dtype, lead=self.lead(arg),
        )  # fmt: skip

        def again(others: Sequence[Arg], _: int) -> Arg:
            (other,) = others
            assert isinstance(other, str), "what is cast is a tensor"
            return self.cast(other, dtype, of)

        self.made[found] = Made((arg,), again)
        return found

    def call(
        self,
        target: str,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        dims: Sequence[Dim],
        of: Value,
        lead: Lead | None = None,
    ) -> Name:
        """A function of torch; its first arg has the dtype, and unless said the axes in front."""
        lead = self.lead(args[0]) if lead is None else lead
        return self.bound("function", args, dims, lead, of, target=target, kwargs=kwargs)

    def bound(
        self,
        op: str,
        args: tuple[Any, ...],
        dims: Sequence[Dim],
        lead: Lead,
        of: Value,
        dtype: str | None = None,
        **attrs: Any,  # noqa: ANN401
    ) -> Name:
        """An operator of a schedule's own; its first arg has the dtype, unless said."""
        dtype = self.draft.types[args[0]].dtype if dtype is None else dtype
        key = tuple(
            (k, tuple(v.items()) if isinstance(v, Mapping) else v) for k, v in attrs.items()
        )
        return self.draft.op(
            op, args, TensorType(dtype, tuple(dims)), self.evaluator.note(of), attrs=attrs,
            key=(key, tuple(dims)), lead=lead, hint=self.evaluator.hint(of),
        )  # fmt: skip

    def _length(self, arg: Arg, axis: str) -> int:
        assert isinstance(arg, str), "a number has no axes"
        length = self.draft.types[arg].dims[self.lead(arg).index(axis)].size
        assert length is not None, "ticks are counted when compiling"
        return length
