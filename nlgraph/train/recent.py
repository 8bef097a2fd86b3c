"""The last ticks of a run, so that the one that went wrong can be run again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nlgraph.module.module import Module
from nlgraph.module.nan import NonFinite
from nlgraph.train.finite import non_finite

if TYPE_CHECKING:
    from torch import Tensor

KEPT = 16
"""Ticks between two copies of all that lives between ticks. On the digits, copying and looking at
each number then take under 1 % of the time; each tick they would take a tenth."""


class Recent:
    """A copy of all states, and the inputs that came since."""

    def __init__(self, module: Module) -> None:
        """Remember nothing yet."""
        self._module = module
        self._before: dict[str, Tensor] = {}
        self._inputs: list[Mapping[str, Tensor]] = []

    @property
    def full(self) -> bool:
        """Whether a copy is due with the next tick."""
        return len(self._inputs) == KEPT

    def remember(self, inputs: Mapping[str, Tensor]) -> None:
        """Note the inputs of the tick to come."""
        if self.full or not self._inputs:
            self._before = copied(self._module)
            self._inputs = []
        self._inputs.append(inputs)

    def find(self, loss: str | None) -> NonFinite | None:
        """Go back, and find the first tick after which a state, a window or the loss is bad.

        The module is left as it was before that tick. None where it does not happen again.
        """
        module = self._module
        module.load_state_dict(self._before)
        for inputs in self._inputs:
            before = copied(module)
            results = module.step(**inputs)
            bad = set(non_finite(module.state_dict()))
            if loss is not None and loss in results:
                bad |= set(non_finite({loss: results[loss]}))
            if bad:
                module.load_state_dict(before)
                return module.find_nan(bad, **inputs)
        return None


def copied(module: Module) -> dict[str, Tensor]:
    """A copy of all that lives between ticks."""
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def without_updates(before: Mapping[str, Tensor], module: Module) -> dict[str, Tensor]:
    """What lives between ticks, if a tick had updated no state; `before` is from before it.

    A window goes on with what the tick brought to it, where that is finite.
    """
    after = module.state_dict()
    bad = set(non_finite(after))
    return {
        name: before[name] if name in bad or not name.startswith("@") else tensor
        for name, tensor in after.items()
        if name in before or name not in bad
    }
