"""The data as the inputs need it: one array for each input, all of equal length, checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops.types import Dim
from nlgraph.system.ids import InputId
from nlgraph.system.model import Input
from nlgraph.train import errors
from nlgraph.train.data import Array

BATCH = 32
"""Items in a batch where the spec's batch dim has no number."""

_KINDS = {"f32": "f", "f64": "f", "f16": "f", "bf16": "f", "int": "iu", "bool": "b"}


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """The data of a run.

    `arrays` has one array for each input, its first axis the items. `batched` are the inputs with
    a batch dim in front; any other takes one item a tick. `batch` is how many items a tick takes,
    `batch_dim` its name (None: a number without a name, or no batch dim). `sizes` are dims
    without a number, as the data binds them.
    """

    arrays: Mapping[InputId, Array]
    batched: frozenset[InputId]
    batch: int
    batch_dim: str | None
    sizes: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many items there are."""
        return len(next(iter(self.arrays.values())))


def fit_items(
    arrays: Mapping[str, Array], inputs: Sequence[Input], data: str, report: Report
) -> Items | None:
    """Match arrays to inputs by name, shape and dtype; report what does not fit.

    An array has the input's dims, its first axis being any number of items instead of one batch;
    or one axis more than the input, which then takes one item a tick.
    """
    if not inputs:
        report.add(errors.no_inputs())
        return None
    before = len(report.errors)
    found: dict[Input, Array] = {}
    for at in inputs:
        array = arrays.get(at.id)
        if array is None:
            guess = nearest(at.id, arrays)
            report.add(errors.missing_array(at, data, arrays, guess))
        else:
            found[at] = array
    sizes: dict[str, tuple[Input, int]] = {}
    for at, array in found.items():
        if _has_right_dtype(at, array, report) and _has_right_shape(at, array, sizes, report):
            _check_finite(at, array, report)
    if len(report.errors) > before:
        return None
    batched = frozenset(at.id for at, array in found.items() if array.ndim == len(at.type.dims))
    batches = _batches(found, batched, sizes)
    if len({len(array) for array in found.values()}) > 1:
        report.add(errors.unequal_counts((at, len(array)) for at, array in found.items()))
    if len(set(batches.values())) > 1:
        report.add(errors.unequal_batches(batches.items()))
    if len(report.errors) > before:
        return None
    named = {at.type.dims[0].name for at in found if at.id in batched}
    batch = next(iter(batches.values()))
    bound = {name: size for name, (_, size) in sizes.items()}
    for at in found:
        first = at.type.dims[0] if at.id in batched else None
        if first is not None and first.name is not None and first.size is None:
            bound[first.name] = batch
    return Items(
        {at.id: array for at, array in found.items()},
        batched,
        batch,
        named.pop() if len(named) == 1 else None,
        bound,
    )


def _batches(
    found: Mapping[Input, Array],
    batched: frozenset[InputId],
    sizes: Mapping[str, tuple[Input, int]],
) -> dict[Input, int]:
    """How many items each input takes in a tick."""
    batches: dict[Input, int] = {}
    for at in found:
        if at.id not in batched:
            batches[at] = 1
            continue
        dim = at.type.dims[0]
        bound = sizes.get(dim.name or "")
        batches[at] = dim.size or (bound[1] if bound else BATCH)
    return batches


def _has_right_dtype(at: Input, array: Array, report: Report) -> bool:
    if array.dtype.kind in _KINDS[at.type.dtype]:
        return True
    wanted = {"int": "int64", "bool": "bool"}.get(at.type.dtype, "float32")
    plain = array.dtype.kind in "biuf"
    advice = f"{at.id} = {at.id}.astype({wanted!r}) where the data is made" if plain else None
    report.add(errors.wrong_dtype(at, str(array.dtype), advice))
    return False


def _has_right_shape(
    at: Input, array: Array, sizes: dict[str, tuple[Input, int]], report: Report
) -> bool:
    dims = at.type.dims
    item = dims[1:] if array.ndim == len(dims) else dims
    shape = array.shape[1:]
    fits = array.ndim > 0 and len(shape) == len(item)
    if not (fits and all(d.size in (None, n) for d, n in zip(item, shape, strict=True))):
        report.add(
            errors.misshapen(at, _shape(dims[1:]), _shape(array.shape[1:]), _advice(at, array))
        )
        return False
    for dim, size in zip(item, shape, strict=True):
        if dim.size is not None or dim.name is None:
            continue
        first = sizes.setdefault(dim.name, (at, size))
        if first[1] != size:
            report.add(errors.two_sizes(dim.name, first, (at, size)))
            return False
    return True


def _shape(dims: Sequence[Dim | int]) -> str:
    """A shape with the sizes of its named dims: `[d = 64]`."""
    told = [
        f"{dim.name} = {dim.size}"
        if isinstance(dim, Dim) and dim.name is not None and dim.size is not None
        else str(dim)
        for dim in dims
    ]
    return f"[{', '.join(told)}]"


def _advice(at: Input, array: Array) -> str:
    """How the data can be used all the same."""
    wanted, found = at.type.dims[1:], array.shape[1:]
    if array.ndim == len(at.type.dims):
        other = {d.name: n for d, n in zip(wanted, found, strict=True) if d.size not in (None, n)}
        if None not in other:
            options = " ".join(f"--set {name}={size}" for name, size in other.items())
            return f"{options} takes the data's size"
    sizes = [dim.size for dim in wanted if dim.size is not None]
    if array.ndim > 0 and len(sizes) == len(wanted) and math.prod(sizes) == math.prod(found):
        return f"{at.id} = {at.id}.reshape({', '.join(map(str, (-1, *sizes)))}) where it is made"
    return "the first axis of an array counts its items; the others are the input's dims"


def _check_finite(at: Input, array: Array, report: Report) -> None:
    if array.dtype.kind != "f":
        return
    bad = np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))
    if len(bad):
        report.add(errors.not_finite(at, int(bad[0]), len(bad)))
