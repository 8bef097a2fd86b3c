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

Kind = Literal["state", "input", "draw", "prev", "size"]
Fact = tuple[Kind, str]
"""What a tick is given: a state before it, an input, a draw, the last value of a `prev`, and the
length of a dimension."""

PAST = "@past/"
"""How the names of kept facts begin."""


@dataclass(eq=False)
class Facts:
    """The facts of the root tick under way, `now`, and of the past ticks of its windows.

    A fact is kept for the tick at which it became what it is. `initial` are the values to which
    resets go back that name none, `numbers` the dimensions that are numbers in the expressions.
    """

    now: int
    sizes: Mapping[str, int]
    dtypes: Mapping[str, torch.dtype]
    device: torch.device
    learning: bool
    initial: Mapping[StateId, Tensor]
    given: Mapping[Fact, Tensor]
    past: Mapping[Fact, Mapping[int, Tensor]] = field(default_factory=dict)
    numbers: frozenset[str] = frozenset()
    _sizes_at: dict[int, Mapping[str, int]] = field(default_factory=dict)

    def at(self, fact: Fact, tick: int) -> Tensor | None:
        """A fact at a root tick; None where it has no value yet."""
        if tick >= self.now:
            return self.given.get(fact)
        self.sizes_at(tick)
        found = self._kept(fact, tick)
        known = found is not None or fact[0] in ("prev", "state")
        assert known, f"nothing was kept of {fact} at tick {tick}"
        return found

    def sizes_at(self, tick: int) -> Mapping[str, int]:
        """The lengths of dimensions at a root tick.

        Raises:
            ValueError: one that is a number in the expressions was another one then.
        """
        if tick >= self.now:
            return self.sizes
        if tick not in self._sizes_at:
            sizes = dict(self.sizes)
            for kind, dim in self.past:
                then = self._kept((kind, dim), tick) if kind == "size" else None
                if then is not None:
                    sizes[dim] = int(then)
                if dim in self.numbers and sizes[dim] != self.sizes[dim]:
                    message = (
                        f"a window that is under way began with {dim} = {sizes[dim]}, and this "
                        f"call brings {self.sizes[dim]}, which backend='reference' cannot run: "
                        f"the file has a number for {dim}"
                    )
                    raise ValueError(message)
            self._sizes_at[tick] = sizes
        return self._sizes_at[tick]

    def _kept(self, fact: Fact, tick: int) -> Tensor | None:
        kept = self.past.get(fact, {})
        ticks = sorted(kept)
        index = bisect_right(ticks, tick)
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

    def shape(self, type_: TensorType, tick: int) -> tuple[int, ...] | None:
        """The sizes of a type's dimensions at a root tick; None where one is not known."""
        at = self.sizes_at(tick)
        sizes = [dim.size if dim.name is None else at.get(dim.name, dim.size) for dim in type_.dims]
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
    for kind in ("state", "input", "draw", "prev", "size"):
        if text == kind:
            return kind
    message = f"no fact is a {text!r}"
    raise ValueError(message)
