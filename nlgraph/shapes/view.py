"""What a value looks like from a context: with or without the dims of copies."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph.ops.types import Dim, TensorType
from nlgraph.shapes.model import Hidden


def seen(
    of: TensorType, per: tuple[str, ...], hidden: Hidden, sizes: Mapping[str, int | None]
) -> TensorType:
    """A value of a component `per` some dims as it is seen from a context.

    From outside, the dims of its copies stand in front; dims that are hidden in the context are
    gone, each once. A plain number is the same from everywhere.
    """
    if of.is_number or (not per and not hidden):
        return of
    outer = tuple(Dim(name, sizes.get(name)) for name in per if name not in hidden)
    gone = [name for name in hidden if name not in per]
    inner: list[Dim] = []
    for dim in of.dims:
        if dim.name in gone:
            gone.remove(dim.name)
        else:
            inner.append(dim)
    return TensorType(of.dtype, (*outer, *inner))


def within(hidden: Hidden, dims: tuple[str, ...]) -> Hidden:
    """The context inside copies for each index of some dims."""
    return (*hidden, *(name for name in dims if name not in hidden))
