"""The end of a tick: what changed is written into the live tensors, after everything worked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping

import torch
from torch import Tensor

Buffers = MutableMapping[str, Tensor | None]


def commit(
    buffers: Buffers, changed: Mapping[str, Tensor | None], loose: Collection[str] = ()
) -> None:
    """Write new values into a module's buffers.

    A state's tensor stays the same object, so that who holds it sees the new value. What is not
    there yet or has another shape (a kept input of another batch, a `loose` state) is put in its
    place; None takes a buffer away. Nothing is written where some value does not fit.
    """
    live = storages(buffers.values())
    ready: dict[str, Tensor | None] = {}
    for name, value in changed.items():
        old = buffers.get(name)
        assert (
            name.startswith("@")
            or name in loose
            or (value is not None and old is not None and value.shape == old.shape)
        ), f"{name} changes its shape"
        # A new value may be another state's old one, which is about to be written over.
        ready[name] = own(value, live) if value is not None else None
    with torch.no_grad():
        for name, value in ready.items():
            old = buffers.get(name)
            if value is None:
                buffers.pop(name, None)
            elif old is None or old.shape != value.shape or old.dtype != value.dtype:
                # A copy: it may be an input, and a later tick writes into it.
                buffers[name] = value.clone(memory_format=torch.contiguous_format)
            else:
                old.copy_(value)


def own(tensor: Tensor, live: frozenset[int]) -> Tensor:
    """A tensor without history, which no later write into live storage changes."""
    tensor = tensor.detach()
    return tensor.clone() if tensor.untyped_storage().data_ptr() in live else tensor


def storages(tensors: Iterable[Tensor | None]) -> frozenset[int]:
    """The storages of tensors; an empty one has none."""
    pointers = (t.untyped_storage().data_ptr() for t in tensors if t is not None)
    return frozenset(pointer for pointer in pointers if pointer)
