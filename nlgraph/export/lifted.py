"""What runs for all ticks and copies at once, in the words that people write for it.

A schedule puts axes of length 1 into what lacks those of ticks or copies, and maps operators over
them. Here values broadcast from the right, products are sums in Einstein's notation, and what only
moves axes becomes part of what reads it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import count
from typing import Any

from nlgraph.graph.mapping import is_elementwise
from nlgraph.graph.steps import Step, Steps, in_order, steps_of
from nlgraph.ops.types import Dim, TensorType

Layout = tuple[int | None, ...]
"""For each axis of a value the one that it is in another value; None for one that was put in."""

_OWN = "ijklmnopqrsuvwxyz"


def unlift(steps: Steps) -> None:
    """Rewrite steps; it calls itself for the bodies of loops, few times nested."""
    _Unlift(steps).rewrite()


class _Unlift:
    def __init__(self, steps: Steps) -> None:
        self.steps = steps
        self.order = in_order(steps.outputs)
        self.uses = Counter(part for step in self.order for part in steps_of(step.args))
        self.uses.update(steps.outputs)
        self.same: dict[Step, Step] = {}
        self.made: dict[Any, Step] = {}

    def rewrite(self) -> None:
        for step in self.order:
            step.args = tuple(map(self._now, step.args))
            if step.op == "loop":
                self._loop(step)
            elif step.op == "spread":
                base, layout = self._peel(step.args[0])
                if _is_tail(layout, len(base.type.dims)):
                    step.args = (base,)
            elif _is_permute(step):
                self._permute(step)
            elif step.mapped:
                self._mapped(step)
        self.steps.outputs = [self.same.get(step, step) for step in self.steps.outputs]

    def _now(self, arg: Any) -> Any:  # noqa: ANN401
        if isinstance(arg, tuple):
            return tuple(map(self._now, arg))
        return self.same.get(arg, arg) if isinstance(arg, Step) else arg

    # ------------------------------------------------------------------------- axes

    def _peel(self, step: Step, *, moved: bool = False) -> tuple[Step, Layout]:
        """The value that a step is but for axes put in, and, where `moved`, in another order."""
        layout: Layout = tuple(range(len(step.type.dims)))
        detached = False
        while step.op in ("axes", "detach") or (moved and _is_permute(step)):
            if step.op == "detach":
                detached = True
            else:
                inner = _layout_of(step)
                layout = tuple(None if axis is None else inner[axis] for axis in layout)
            step = step.args[0]
        if not detached:
            return step, layout
        return self._make("detach", step, step.type, step), layout

    def _make(self, op: str, base: Step, type_: TensorType, of: Step, **attrs: Any) -> Step:  # noqa: ANN401
        key = (op, base, *attrs.values())
        if key not in self.made:
            name = base.name if op == "detach" else op
            tape = base.tape and op != "detach"
            self.made[key] = Step(op, (base,), type_, name, of.note, attrs, tape=tape)
        return self.made[key]

    def _lined(self, base: Step, layout: Layout, of: Step) -> Step:
        """A value that has its own axes where a layout says, but for those put in front."""
        while layout and layout[0] is None:
            layout = layout[1:]
        places = tuple(place for place, axis in enumerate(layout) if axis is None)
        if not places:
            return base
        dims = list(base.type.dims)
        for place in places:
            dims.insert(place, Dim(None, 1))
        type_ = TensorType(base.type.dtype, tuple(dims))
        return self._make("axes", base, type_, of, places=places)

    # ------------------------------------------------------------------------- operators

    def _mapped(self, step: Step) -> None:
        axes = step.mapped
        ranks = [
            len(arg.type.dims) - axes if isinstance(arg, Step) and not arg.type.is_number else None
            for arg in step.args
        ]
        if step.op in ("cast", "detach", "mT"):
            step.mapped = 0
        elif is_elementwise(step.op):
            rank = len(step.type.dims) - axes
            step.args = tuple(
                arg if own is None else self._broadcast(arg, axes, rank - own, step)
                for arg, own in zip(step.args, ranks, strict=True)
            )
            step.mapped = 0
        elif step.op in ("mse", "l1", "cross_entropy") and None not in ranks:
            self._loss(step, ranks)
        elif step.op == "matmul" and None not in ranks:
            self._matmul(step, ranks)
        elif step.op == "outer" and ranks == [1, 1]:
            self._einsum(step, ("i", "j"), "ij")
        elif step.op == "dot" and None not in ranks and ranks[0] == ranks[1]:
            letters = _OWN[: ranks[0]]
            self._einsum(step, (letters, letters), "")

    def _broadcast(self, arg: Step, axes: int, missing: int, of: Step) -> Step:
        base, layout = self._peel(arg)
        return self._lined(base, (*layout[:axes], *[None] * missing, *layout[axes:]), of)

    def _loss(self, step: Step, ranks: Sequence[Any]) -> None:
        """A loss of each copy: that of all elements, then their mean or sum."""
        axes, reduction = step.mapped, step.attrs.get("reduction", "mean")
        if step.op == "cross_entropy":
            # Where the target has classes; torch has them second in front of what is beside.
            if ranks[1] != ranks[0] - 1:
                return
            attrs: dict[str, Any] = {"reduction": "none"}
            rank = ranks[1]
            whole = self._beside(step, "cross_entropy", step.args, axes + rank, attrs, axes)
        else:
            rank = max(ranks)
            args = tuple(
                self._broadcast(arg, axes, rank - own, step)
                for arg, own in zip(step.args, ranks, strict=True)
            )
            error = self._beside(step, "sub", args, axes + rank, {}, 0)
            op, more = ("pow", (2,)) if step.op == "mse" else ("abs", ())
            whole = self._beside(step, op, (error, *more), axes + rank, {}, 0)
        if not rank or reduction == "none":
            step.op, step.args, step.attrs, step.mapped = (
                whole.op, whole.args, whole.attrs, whole.mapped
            )  # fmt: skip
            return
        kwargs = {"dim": axes if rank == 1 else tuple(range(axes, axes + rank))}
        step.op, step.args, step.mapped = "function", (whole,), 0
        step.attrs = {"target": f"torch.{reduction}", "kwargs": kwargs}

    def _beside(
        self,
        step: Step,
        op: str,
        args: tuple[Any, ...],
        rank: int,
        attrs: dict[str, Any],
        mapped: int,
    ) -> Step:
        """A step that makes what another one is made of."""
        of = max((arg.type.dims for arg in args if isinstance(arg, Step)), key=len)[:rank]
        type_ = TensorType(step.type.dtype, of)
        return Step(op, args, type_, op, step.note, attrs, tape=step.tape, mapped=mapped)

    def _matmul(self, step: Step, ranks: Sequence[Any]) -> None:
        axes = step.mapped
        (a, left), (b, right) = map(self._peel, step.args)
        shared = all(axis is None for axis in right[:axes])
        if (ranks[1] == 2 and shared) or (ranks[0] == ranks[1] and ranks[0] > 1):
            step.args = (self._lined(a, left, step), self._lined(b, right, step))
            step.mapped = 0
        elif max(ranks) <= 2:
            letters = {(1, 2): ("i", "ij", "j"), (2, 1): ("ij", "j", "i"), (1, 1): ("i", "i", "")}
            *of, result = letters[ranks[0], ranks[1]]
            self._einsum(step, of, result)

    def _einsum(self, step: Step, own: Sequence[str], result: str) -> None:
        """Make of a step a sum of products over the axes that it is mapped over."""
        front = _letters(step.type.dims[: step.mapped], taken="".join(own))
        bases, terms = [], []
        for arg, letters in zip(step.args, own, strict=True):
            base, layout = self._peel(arg, moved=True)
            of_axis = {
                axis: letter
                for axis, letter in zip(layout, front + letters, strict=True)
                if axis is not None
            }
            bases.append(base)
            terms.append("".join(of_axis[axis] for axis in range(len(base.type.dims))))
        step.op, step.args, step.mapped = "einsum", tuple(bases), 0
        step.attrs = {"equation": f"{','.join(terms)}->{front}{result}"}

    def _permute(self, step: Step) -> None:
        """What moves axes twice moves them once, or is what it began with."""
        base, layout = self._peel(step, moved=True)
        if None in layout:
            return
        if layout == tuple(range(len(layout))):
            self.same[step] = base
            return
        step.args = (base,)
        step.attrs = {"target": "torch.permute", "kwargs": {"dims": layout}}
        if self.uses[base] > 1:
            return
        if base.op == "einsum":
            terms, _, result = base.attrs["equation"].partition("->")
            moved = "".join(result[axis or 0] for axis in layout)
            step.op, step.args = "einsum", base.args
            step.attrs = {"equation": f"{terms}->{moved}"}
        elif base.op == "part" and base.args[0].op == "loop" and _moves_first(layout):
            loop, index = base.args[0], base.attrs["index"] - base.args[0].attrs["carried"]
            if index >= 0 and not loop.attrs["joined"][index]:
                step.op, step.args = "part", (loop,)
                step.attrs = {**base.attrs, "axis": layout.index(0)}

    # ------------------------------------------------------------------------- loops

    def _loop(self, step: Step) -> None:
        """Give a body what it reads as it is; what it takes turn by turn may have any axis."""
        attrs = step.attrs
        body: Steps = attrs["body"]
        first = attrs["carried"]
        shared = first + len(attrs["ticks"])
        args, along, swapped = list(step.args), [], {}
        for place, ticks in zip(range(first, shared), attrs["ticks"], strict=True):
            base, layout = self._peel(args[place], moved=True)
            if ticks == 1 and None not in layout and _is_rising(layout[1:]):
                args[place] = base
                along.append(layout[0])
            else:
                along.append(0)
        for place in range(shared, len(args)):
            base, layout = self._peel(args[place])
            old = body.inputs[place]
            if None in layout:
                args[place] = base
                new = Step("input", (), base.type, old.name, old.note, tape=old.tape)
                body.inputs[place] = new
                places = tuple(i for i, axis in enumerate(layout) if axis is None)
                swapped[old] = self._make("axes", new, old.type, old, places=places)
        if swapped:
            for inner in in_order(body.outputs):
                inner.args = tuple(_swap(arg, swapped) for arg in inner.args)
            body.outputs = [swapped.get(output, output) for output in body.outputs]
        step.args = tuple(args)
        step.attrs = {**attrs, "along": tuple(along)}
        unlift(body)


def _swap(arg: Any, swapped: dict[Step, Step]) -> Any:  # noqa: ANN401
    if isinstance(arg, tuple):
        return tuple(_swap(part, swapped) for part in arg)
    return swapped.get(arg, arg) if isinstance(arg, Step) else arg


def _is_permute(step: Step) -> bool:
    return step.op == "function" and step.attrs["target"] == "torch.permute"


def _layout_of(step: Step) -> Layout:
    """Where the axes of a step's result are in its arg."""
    if _is_permute(step):
        return tuple(step.attrs["kwargs"]["dims"])
    inner = count()
    places = step.attrs["places"]
    return tuple(None if i in places else next(inner) for i in range(len(step.type.dims)))


def _is_tail(layout: Layout, rank: int) -> bool:
    """Whether all axes that were put in stand in front of the value's own."""
    return layout[len(layout) - rank :] == tuple(range(rank))


def _is_rising(axes: Iterable[int | None]) -> bool:
    found = [axis for axis in axes if axis is not None]
    return found == sorted(found)


def _moves_first(layout: Layout) -> bool:
    """Whether an order of axes puts the first one elsewhere and leaves the others as they are."""
    return _is_rising(axis for axis in layout if axis != 0)


def _letters(dims: Iterable[Dim], taken: str) -> str:
    """A letter for each axis in front: t for ticks, of a dimension its name's first one."""
    found = ""
    for dim in dims:
        wanted = "t" if dim.name is None else dim.name[0].lower()
        free = (c for c in (wanted, *"bcdefghtuvwxyz") if c not in found + taken)
        found += next(c for c in free if c.isascii() and c.isalpha())
    return found
