"""A call of a graph, once sizes and dtypes are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function, or (where the target is a name) of a method of the first arg.

    `casts` is the dtype that args which are integers or booleans are brought to first. `ranks` says
    for each arg how many axes of length 1 to put in behind its first `behind`.
    """

    target: Callable[..., Any] | str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]
    casts: torch.dtype | None = None
    behind: int = 0
    ranks: tuple[int, ...] = ()


@cache
def function(path: str | Callable[..., Any]) -> Callable[..., Any]:
    """What a dotted text names: a function of a module, or of a class in it."""
    if not isinstance(path, str):
        return path
    module, _, name = path.rpartition(".")
    found: Callable[..., Any] = getattr(import_module(module), name)
    return found
