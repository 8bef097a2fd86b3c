"""The reference backend: the oracle behind the interface of all backends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

import torch
from torch import Tensor

from nlgraph.module.backends import INITIAL, other_sizes
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.ops.lower import sizes_of
from nlgraph.reference.facts import PAST, Fact, Facts, past_of
from nlgraph.reference.keep import brought_dims, kept, windows_of
from nlgraph.reference.plan import Plan
from nlgraph.reference.run import prevs_of, run
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import SignalId, StateId

_PREV = "@prev/"


class ReferenceBackend:
    """Runs a system as the language says, tick by tick; slow, and right by construction."""

    def __init__(self, shaped: Shaped, dtype: torch.dtype | None, watch: tuple[str, ...]) -> None:
        """Look through a system once."""
        self._plan = Plan(shaped)
        self._dtypes = torch_dtypes(dtype)
        self._watch = tuple(SignalId(name) for name in watch)
        self._prevs = prevs_of(self._plan)
        self._numbers = frozenset(
            dim for dim, size in self._plan.equations.dims.items() if size is not None
        )
        self._windows = windows_of(self._plan)
        self._brought = brought_dims(self._plan) if self._windows else ()

    def memory(self, device: torch.device) -> dict[str, Tensor]:
        """Nothing: what is kept comes with the ticks."""
        del device
        return {}

    def windows(self) -> tuple[str, ...]:
        """None: names of facts have no numbers."""
        return ()

    def keeps(self, name: str) -> bool:
        """Whether a name is that of a last value or of a past fact."""
        return name.startswith((_PREV, PAST))

    def step(
        self,
        tick: int,
        held: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        draws: Mapping[str, Tensor],
        sizes: Mapping[str, int],
        *,
        learning: bool,
    ) -> tuple[Mapping[str, Tensor | None], Mapping[str, Tensor]]:
        """Run one root tick; see `Backend`."""
        equations = self._plan.equations
        self._check_last(held, sizes)
        given: dict[Fact, Tensor] = {
            ("state", state): held[state]
            for state in equations.states
            if not self._starts_anew(state, held[state], sizes)
        }
        given |= {("input", name): tensor for name, tensor in inputs.items()}
        given |= {("draw", name): tensor for name, tensor in draws.items()}
        given |= {("size", dim): torch.tensor(sizes[dim]) for dim in self._brought}
        given |= {
            ("prev", name.removeprefix(_PREV)): tensor
            for name, tensor in held.items()
            if name.startswith(_PREV)
        }
        initial = {
            StateId(name.removeprefix(INITIAL)): tensor
            for name, tensor in held.items()
            if name.startswith(INITIAL)
        }
        facts = Facts(
            now=tick,
            sizes=sizes,
            dtypes=self._dtypes,
            device=next((tensor.device for tensor in given.values()), torch.device("cpu")),
            learning=learning,
            initial=initial,
            given=given,
            numbers=self._numbers,
            past=past_of(held),
        )
        results = [r for r in equations.results if learning or r.kind == "output"]
        watch = self._watch if learning else ()
        outcome = run(self._plan, facts, self._prevs, results, watch)
        if not learning:
            return {}, outcome.results
        changed: dict[str, Tensor | None] = {str(s): t for s, t in outcome.states.items()}
        changed |= {_PREV + name: tensor for name, tensor in outcome.prevs.items()}
        changed |= dict(kept(self._windows, facts))
        return changed, outcome.results

    def cause(self, *_: object) -> None:
        """It cannot tell: what it computes has no graph."""

    def _check_last(self, held: Mapping[str, Tensor], sizes: Mapping[str, int]) -> None:
        """Whether the last values fit the sizes of a call."""
        for prev, hidden in self._prevs:
            last = held.get(_PREV + prev.name)
            type_ = self._plan.shaped.type_of(prev, hidden)
            if last is None or type_.is_number:
                continue
            front = tuple(sizes[dim] for dim in hidden)
            wanted = (*front, *sizes_of(type_.dims, sizes))
            if last.shape != wanted:
                raise other_sizes(_PREV + prev.name, last.shape, wanted)

    def _starts_anew(self, state: StateId, held: Tensor, sizes: Mapping[str, int]) -> bool:
        """Whether what is held has copies for another length than that of this call.

        Only a state that is reset with each root tick can: it starts from there.
        """
        per = self._plan.per(("before", state))
        return tuple(sizes[dim] for dim in per) != tuple(held.shape[: len(per)])

    def graph(self, tick: int, sizes: Mapping[str, int]) -> NoReturn:
        """There is none.

        Raises:
            ValueError: always.
        """
        del tick, sizes
        message = "the reference backend runs no graph; compile with backend='eager' to see one"
        raise ValueError(message)
