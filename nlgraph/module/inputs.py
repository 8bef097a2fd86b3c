"""The inputs of a call: checked by name, dtype and shape, before anything runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import torch
from torch import Tensor

from nlgraph.diagnostics.suggest import nearest
from nlgraph.module.dtypes import name_of
from nlgraph.system.ids import InputId
from nlgraph.system.model import Input


@dataclass(frozen=True, slots=True)
class Expected:
    """What a call must bring, and what it may.

    `due` are the inputs that must come with this call, `allowed` those that may; `held` has the
    slower ones that came before. `fixed` are the sizes that states have.
    """

    tick: int
    inputs: Mapping[InputId, Input]
    periods: Mapping[InputId, Fraction]
    due: frozenset[InputId]
    allowed: frozenset[InputId]
    held: Mapping[InputId, Tensor]
    fixed: Mapping[str, int]
    dtypes: Mapping[str, torch.dtype]
    device: torch.device


@dataclass(frozen=True, slots=True)
class Bound:
    """The inputs of a tick, slower ones held, and the sizes of the dimensions that they have.

    `renewed` are the inputs of slower clocks that came with this call.
    """

    inputs: dict[str, Tensor]
    sizes: dict[str, int]
    renewed: dict[InputId, Tensor]


@dataclass(frozen=True, slots=True)
class Form:
    """Tensors by name, equal to others that differ in their numbers alone."""

    tensors: Mapping[str, Tensor] = field(compare=False)
    facts: tuple[object, ...]


def form_of(given: Mapping[str, object]) -> Form | None:
    """The form of inputs; None where some are no plain tensors.

    Where no input is held from tick to tick, inputs of a form that passed all checks pass them.
    """
    tensors: dict[str, Tensor] = {}
    facts: list[object] = []
    for name, value in given.items():
        if type(value) is not Tensor or value.requires_grad:
            return None
        tensors[name] = value
        facts += (name, value.dtype, value.shape, value.device)
    return Form(tensors, tuple(facts))


def bind_inputs(given: Mapping[str, object], expected: Expected) -> Bound:
    """Check what a call brings, and bind dimensions to its lengths.

    Raises:
        TypeError: an input is missing or unknown, or is no tensor of its dtype.
        ValueError: an input has a wrong shape, or comes at a wrong tick.
    """
    _check_names(given, expected)
    tensors: dict[InputId, Tensor] = {}
    for name, definition in expected.inputs.items():
        if name in given:
            tensors[name] = _as_tensor(definition, given[name], expected)
        elif name in expected.held:
            tensors[name] = expected.held[name]
    sizes = dict(expected.fixed)
    source = dict.fromkeys(sizes, "the states have")
    for name, tensor in tensors.items():
        _bind_shape(expected.inputs[name], tensor, sizes, source)
    return Bound(
        inputs={str(name): tensor for name, tensor in tensors.items()},
        sizes=sizes,
        renewed={
            name: tensor
            for name, tensor in tensors.items()
            if name in given and expected.periods[name] > 1
        },
    )


def told_range(inputs: Mapping[str, Tensor]) -> str:
    """What integers the inputs hold, for a fault that one of them made."""
    ranges = [
        f"{name!r} holds {int(tensor.min())} to {int(tensor.max())}"
        for name, tensor in inputs.items()
        if tensor.dtype == torch.int64 and tensor.numel()
    ]
    return f" (input {', '.join(ranges)})" if ranges else ""


def _check_names(given: Mapping[str, object], expected: Expected) -> None:
    for name in given:
        found = InputId(name)
        if found not in expected.inputs:
            guess = nearest(name, expected.inputs)
            hint = f" (did you mean {guess!r}?)" if guess else ""
            message = f"unknown input {name!r}{hint}; there are {_listed(expected.inputs)}"
            raise TypeError(message)
        if found not in expected.allowed:
            period = expected.periods[found]
            start = expected.tick - (expected.tick - 1) % period
            message = (
                f"input {name!r} comes with the first of every {period} ticks; this is tick "
                f"{expected.tick}, and its value of tick {start} is held"
            )
            raise ValueError(message)
    missing = [name for name in expected.inputs if name in expected.due and name not in given]
    if missing:
        what = "; ".join(f"{name!r} is {expected.inputs[name].type}" for name in missing)
        message = f"missing input{'s' if len(missing) > 1 else ''} {_listed(missing)}: {what}"
        raise TypeError(message)


def _as_tensor(definition: Input, value: object, expected: Expected) -> Tensor:
    if isinstance(value, np.ndarray | np.generic):
        value = _from_numpy(definition, value)
    if isinstance(value, bool | int | float) and not definition.type.dims:
        value = torch.tensor(value, dtype=_plain_dtype(value, expected))
    if not isinstance(value, Tensor):
        message = f"{_described(definition)}; it was given {type(value).__name__}, no tensor"
        raise TypeError(message)
    wanted = expected.dtypes[definition.type.dtype]
    if value.dtype != wanted and not _widens(value.dtype, wanted):
        message = (
            f"{_described(definition)}; it was given a tensor of {name_of(value.dtype)}, "
            f"and .to({wanted}) makes one of {name_of(wanted)}"
        )
        raise TypeError(message)
    if value.is_inference():
        value = value.clone()  # a gradient cannot flow beside what inference mode has made
    return value.detach().to(device=expected.device, dtype=wanted)


def _from_numpy(definition: Input, value: np.ndarray | np.generic) -> Tensor:
    try:
        return torch.as_tensor(np.asarray(value))
    except TypeError:
        message = f"{_described(definition)}; it was given an array of {value.dtype}"
        raise TypeError(message) from None


def _plain_dtype(value: float, expected: Expected) -> torch.dtype:
    """A plain number is a tensor of the dtype that loses nothing."""
    if isinstance(value, bool):
        return torch.bool
    return torch.int64 if isinstance(value, int) else expected.dtypes["f32"]


def _widens(dtype: torch.dtype, wanted: torch.dtype) -> bool:
    """Whether a cast loses nothing: between integers, or to a longer floating dtype."""
    if dtype.is_floating_point and wanted.is_floating_point:
        return torch.promote_types(dtype, wanted) == wanted
    whole = not (dtype.is_floating_point or dtype.is_complex or dtype == torch.bool)
    return whole and wanted == torch.int64 and dtype != torch.uint64


def _bind_shape(
    definition: Input, tensor: Tensor, sizes: dict[str, int], source: dict[str, str]
) -> None:
    dims = definition.type.dims
    if tensor.dim() != len(dims):
        message = (
            f"{_described(definition)}, of {len(dims)} dimensions; "
            f"it was given shape {list(tensor.shape)}"
        )
        raise ValueError(message)
    for dim, length in zip(dims, tensor.shape, strict=True):
        wanted = dim.size if dim.name is None else sizes.get(dim.name)
        if wanted is not None and wanted != length:
            why = "" if dim.name is None else f", where {source[dim.name]} {dim.name} = {wanted}"
            message = (
                f"{_described(definition)}; it was given shape {list(tensor.shape)}: "
                f"{dim} is {length}{why or f', not {wanted}'}"
            )
            raise ValueError(message)
        if dim.name is not None and dim.name not in sizes:
            sizes[dim.name] = length
            source[dim.name] = f"input {definition.id!r} has"


def _described(definition: Input) -> str:
    return f"input {definition.id!r} is {definition.type}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names)) or "none"
