"""The end of a tick: what changed is written into the live tensors, after everything worked."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from dataclasses import dataclass

import torch
from torch import Tensor

Buffers = MutableMapping[str, Tensor | None]


@dataclass(frozen=True, slots=True)
class Changes:
    """Values to write into live tensors (`old` and `new`, in step), and what replaces a buffer.

    `placed` has None for what is taken away.
    """

    old: list[Tensor]
    new: list[Tensor]
    placed: dict[str, Tensor | None]


def prepare(
    buffers: Mapping[str, Tensor | None],
    changed: Mapping[str, Tensor | None],
    live: frozenset[int],
    loose: Collection[str] = (),
) -> Changes:
    """Make ready what `commit` writes; nothing is written yet.

    A state's tensor stays the same object, so that who holds it sees the new value. What is not
    there yet or has another shape (a kept input of another batch, a `loose` state) is put in its
    place. `live` are the storages of all buffers.
    """
    changes = Changes([], [], {})
    for name, value in changed.items():
        old = buffers.get(name)
        same = value is not None and old is not None and value.shape == old.shape
        assert same or name.startswith("@") or name in loose, f"{name} changes its shape"
        if value is not None and old is not None and same and value.dtype == old.dtype:
            changes.old.append(old)
            # A new value may be another state's old one, which is about to be written over.
            changes.new.append(own(value, live))
        else:
            # A copy: it may be an input, and a later tick writes into it.
            changes.placed[name] = None if value is None else value.detach().clone()
    return changes


def commit(buffers: Buffers, changes: Changes) -> None:
    """Write changes into a module's buffers."""
    if changes.old:
        with torch.no_grad():
            torch._foreach_copy_(changes.old, changes.new)
    for name, value in changes.placed.items():
        if value is None:
            buffers.pop(name, None)
        else:
            buffers[name] = value


def own(tensor: Tensor, live: frozenset[int]) -> Tensor:
    """A tensor without history, which no later write into live storage changes."""
    if tensor.requires_grad:
        tensor = tensor.detach()
    return tensor.clone() if tensor.untyped_storage().data_ptr() in live else tensor


def storages(tensors: Iterable[Tensor | None]) -> frozenset[int]:
    """The storages of tensors; an empty one has none."""
    pointers = (t.untyped_storage().data_ptr() for t in tensors if t is not None)
    return frozenset(pointer for pointer in pointers if pointer)
