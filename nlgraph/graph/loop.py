"""A loop inside a graph: one node, whose body is a graph of its own."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, fx, nn


class Loop(nn.Module):
    """Runs a body turn by turn; see `schedule.model.Loop`.

    The body takes the carried values, a part of each sliced one, and what all turns share. It gives
    the next turn's carried values, and what it makes: `joined` says of each whether its first axis
    is that of ticks.
    """

    def __init__(
        self,
        body: fx.GraphModule,
        turns: int,
        carried: int,
        ticks: tuple[int, ...],
        joined: tuple[bool, ...],
    ) -> None:
        """Hold a body."""
        super().__init__()
        self.body = body
        self.turns = turns
        self.carried = carried
        self.ticks = ticks
        self.joined = joined

    def forward(self, *args: Tensor) -> tuple[Tensor, ...]:
        """Each carried value after the last turn, then what all turns made, together."""
        return self.run(self.body, *args)

    def run(self, body: Callable[..., tuple[Tensor, ...]], *args: Tensor) -> tuple[Tensor, ...]:
        """The same with something else that runs a turn."""
        carried = args[: self.carried]
        sliced = args[self.carried : self.carried + len(self.ticks)]
        shared = args[self.carried + len(self.ticks) :]
        parts = [
            value.unbind(0) if ticks == 1 else torch.split(value, ticks)
            for value, ticks in zip(sliced, self.ticks, strict=True)
        ]
        made: list[tuple[Tensor, ...]] = []
        for turn in range(self.turns):
            # What is slower than the turns stays the same for several of them.
            taken = (part[turn * len(part) // self.turns] for part in parts)
            outputs = body(*carried, *taken, *shared)
            carried = outputs[: self.carried]
            made.append(outputs[self.carried :])
        together = (
            torch.cat(turns) if joined else torch.stack(turns)
            for turns, joined in zip(zip(*made, strict=True), self.joined, strict=True)
        )
        return (*carried, *together)

    def extra_repr(self) -> str:
        """How many turns it takes."""
        return f"turns={self.turns}"
