"""What is given to a tick, and what past ticks of windows under way were given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nlgraph.ops.types import TensorType
from nlgraph.system.ids import InputId, StateId

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Kind = Literal["state", "input", "draw", "prev"]
Fact = tuple[Kind, str]
"""What a tick is given: a state before it, an input, a draw, the last value of a `prev`."""

PAST = "@past/"
"""How the names of kept facts begin."""


@dataclass(eq=False)
class Facts:
    """The facts of the root tick under way, `now`, and of the past ticks of its windows.

    A fact is kept for the tick at which it became what it is. `initial` are the values to which
    resets go back that name none.
    """

    now: int
    sizes: Mapping[str, int]
    dtypes: Mapping[str, torch.dtype]
    device: torch.device
    learning: bool
    initial: Mapping[StateId, Tensor]
    given: Mapping[Fact, Tensor]
    past: Mapping[Fact, Mapping[int, Tensor]] = field(default_factory=dict)

    def at(self, fact: Fact, tick: int) -> Tensor | None:
        """A fact at a root tick; None where it has no value yet."""
        if tick >= self.now:
            return self.given.get(fact)
        kept = self.past.get(fact, {})
        ticks = sorted(kept)
        index = bisect_right(ticks, tick)
        assert index or fact[0] in ("prev", "state"), f"nothing was kept of {fact} at tick {tick}"
        return kept[ticks[index - 1]] if index else None

    def state(self, state: StateId, tick: int) -> Tensor | None:
        """A state before a root tick.

        None for one that starts anew with each root tick, if it has copies for another length.
        """
        return self.at(("state", state), tick)

    def input(self, name: InputId, tick: int) -> Tensor:
        """An input at a root tick."""
        found = self.at(("input", name), tick)
        assert found is not None, f"{name} was needed and not given"
        return found

    def draw(self, name: str, tick: int) -> Tensor:
        """A draw at a root tick."""
        found = self.at(("draw", name), tick)
        assert found is not None, f"{name} was not drawn"
        return found

    def shape(self, type_: TensorType) -> tuple[int, ...] | None:
        """The sizes of a type's dimensions; None where one is not known by name or number."""
        sizes = [
            dim.size if dim.name is None else self.sizes.get(dim.name, dim.size)
            for dim in type_.dims
        ]
        known = tuple(size for size in sizes if size is not None)
        return known if len(known) == len(sizes) else None


def past_of(held: Mapping[str, Tensor]) -> dict[Fact, dict[int, Tensor]]:
    """The kept facts among the tensors that live between ticks."""
    past: dict[Fact, dict[int, Tensor]] = {}
    for name, tensor in held.items():
        if name.startswith(PAST):
            kind, _, rest = name.removeprefix(PAST).partition("/")
            path, _, tick = rest.rpartition("@")
            past.setdefault((_kind(kind), path), {})[int(tick)] = tensor
    return past


def past_name(fact: Fact, tick: int) -> str:
    """The name under which a fact of a tick is held."""
    return f"{PAST}{fact[0]}/{fact[1]}@{tick}"


def _kind(text: str) -> Kind:
    for kind in ("state", "input", "draw", "prev"):
        if text == kind:
            return kind
    message = f"no fact is a {text!r}"
    raise ValueError(message)
