"""A batch that a function made, compared with what the inputs take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.suggest import nearest
from nlgraph.module.dtypes import name_of, torch_dtypes
from nlgraph.system.ids import InputId
from nlgraph.system.model import Input
from nlgraph.train import errors
from nlgraph.train.source import Raw

_DTYPES = torch_dtypes(None)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A batch as tensors of the inputs' dtypes, and the sizes that it gives their dims."""

    tensors: Mapping[InputId, Tensor]
    sizes: Mapping[str, int]


def fit_batch(
    raw: Raw, inputs: Iterable[Input], varies: str | None, where: str, report: Report
) -> Fitted | None:
    """Check names, dtypes, shapes and numbers; report all that does not fit.

    Args:
        raw: what the function gave. What is no input is not looked at.
        inputs: those that the batch must have.
        varies: the dim that may have another length than the spec says.
        where: which batch it is, for messages.
        report: takes the faults.
    """
    before = len(report.errors)
    tensors: dict[InputId, Tensor] = {}
    sizes: dict[str, tuple[Input, int]] = {}
    for at in inputs:
        value = raw.get(at.id)
        if value is None:
            names = [name for name in raw if isinstance(name, str)]
            report.add(errors.missing_array(at, where, names, nearest(at.id, names)))
            continue
        tensor = _tensor(value)
        if tensor is None or not _is_like(tensor, _DTYPES[at.type.dtype]):
            found = type(value).__name__ if tensor is None else name_of(tensor.dtype)
            report.add(errors.wrong_dtype(at, found, None, where))
        elif _has_shape(at, tensor, varies, sizes, where, report):
            if tensor.is_floating_point() and not tensor.isfinite().all():
                report.add(errors.batch_not_finite(at, where))
            tensors[at.id] = tensor.to(_DTYPES[at.type.dtype])
    if len(report.errors) > before:
        return None
    return Fitted(tensors, {name: size for name, (_, size) in sizes.items()})


def _tensor(value: object) -> Tensor | None:
    """A tensor without history; None for what is none, nor an array or number."""
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, bool | int | float | np.ndarray | np.generic):
        try:
            return torch.as_tensor(value)
        except TypeError:
            return None
    return None


def _is_like(tensor: Tensor, wanted: torch.dtype) -> bool:
    """Whether a tensor holds floats, truth values or whole numbers, as is wanted."""
    if wanted.is_floating_point or wanted == torch.bool:
        return tensor.is_floating_point() if wanted.is_floating_point else tensor.dtype == wanted
    return not (tensor.is_floating_point() or tensor.is_complex() or tensor.dtype == torch.bool)


def _has_shape(
    at: Input,
    tensor: Tensor,
    varies: str | None,
    sizes: dict[str, tuple[Input, int]],
    where: str,
    report: Report,
) -> bool:
    dims, shape = at.type.dims, tensor.shape
    fits = len(dims) == len(shape) and all(
        dim.size in (None, length) or (dim.name is not None and dim.name == varies)
        for dim, length in zip(dims, shape, strict=True)
    )
    if not fits:
        report.add(errors.batch_misshapen(at, list(shape), where))
        return False
    for dim, length in zip(dims, shape, strict=True):
        first = (at, length) if dim.name is None else sizes.setdefault(dim.name, (at, length))
        if first[1] != length:
            report.add(errors.two_sizes(str(dim), first, (at, length), where))
            return False
    return True
