"""What runs a tick: the promises of a backend, and the table of backends by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor
    from torch.fx import GraphModule

    from nlgraph.shapes.model import Shaped


@dataclass(frozen=True, slots=True)
class Cause:
    """The operation that made a number which is not finite.

    It stands in the body of `component` (None: in no body) on a `line` of the file, and ran in the
    given `turns` of loops, each with how many there are. `backward`: its derivative did it. Where
    `given` is not None, it is what had the number before anything ran.
    """

    operation: str
    component: str | None = None
    line: int | None = None
    turns: tuple[tuple[int, int], ...] = ()
    backward: bool = False
    given: str | None = None


class Backend(Protocol):
    """Runs single ticks of the root clock. It holds nothing that changes between calls.

    All that must live from one tick to the next is in `held`, which the module keeps: every state
    under its id, the memory under its names, and for each state whose reset has no `to` its initial
    value under `INITIAL + state`.
    """

    def memory(self, device: torch.device) -> dict[str, Tensor]:
        """The backend's own buffers before the first tick (partial windows, `prev`).

        Names begin with `@`, which no state's does. What cannot be made before a call is known
        (a dimension is unbound) may be left out and come with `changed`.
        """
        ...

    def windows(self) -> tuple[str, ...]:
        """The names of the buffers that depend on the numbers of dimensions, in the file's order.

        The same place has the same buffer, whatever the numbers are.
        """
        ...

    def keeps(self, name: str) -> bool:
        """Whether a name could be that of one of its buffers, when a checkpoint is loaded."""
        ...

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
        """Run one root tick.

        Raises:
            ValueError: what is held of a window under way, or of a last value, is for other sizes.

        Args:
            tick: the number of the tick under way, from 1.
            held: what lives between ticks. It is not written to.
            inputs: the inputs, slower ones held. Where `learning` is false, maybe those only
                that outputs need.
            draws: a tensor for each `Draw.name`, the same during each tick of the draw's clock.
            sizes: the size of every dimension.
            learning: false in a call that updates nothing: primed states that outlive the tick
                equal unprimed ones, and only outputs are computed.

        Returns:
            `changed`: a new value for each name of `held` that changes. A memory's name may be
            new; None takes it away. Empty where `learning` is false.
            `results`: outputs, metrics and watched signals by name, detached; one slower than
            the root is there only at the ticks that end one of its own.
            Both may share storage with `held` and `inputs`.
        """
        ...

    def cause(
        self,
        name: str,
        tick: int,
        held: Mapping[str, Tensor],
        inputs: Mapping[str, Tensor],
        draws: Mapping[str, Tensor],
        sizes: Mapping[str, int],
    ) -> Cause | None:
        """What makes a value not finite that a learning `step` of these arguments gives.

        `name` is that of a result or of something held. None where the backend cannot tell.
        """
        ...

    def graph(self, tick: int, sizes: Mapping[str, int]) -> GraphModule:
        """The graph that runs at a tick.

        Raises:
            ValueError: the backend runs no graph.
        """
        ...


Loader = Callable[["Shaped", "torch.dtype | None", tuple[str, ...]], Backend]
"""Makes a backend of a system, the dtype that stands for f32 (None: f32), and watched signals."""

BACKENDS: Mapping[str, str] = {
    "reference": "nlgraph.module.backends.reference:ReferenceBackend",
    "eager": "nlgraph.module.backends.eager:EagerBackend",
}
"""Where each backend's class is; it is imported when it is asked for."""


WHOLE_LANGUAGE = frozenset({"reference"})
"""The backends that run whatever the language can say."""


def find_backend(name: str) -> Loader:
    """The class of a backend.

    Raises:
        ValueError: there is no backend of this name.
    """
    if name not in BACKENDS:
        message = f"backend is {name!r}; there are {', '.join(map(repr, BACKENDS))}"
        raise ValueError(message)
    module, _, attribute = BACKENDS[name].partition(":")
    loader: Loader = getattr(import_module(module), attribute)
    return loader


def other_sizes(
    name: str, held: Sequence[int], wanted: Sequence[int], ends: int | None = None
) -> ValueError:
    """What a window or a last value holds does not fit the sizes of a call."""
    kind, _, of = name.removeprefix("@").partition("/")
    what = of.rpartition("/")[0] or of
    until = "" if ends is None else f"; its window ends with tick {ends}"
    return ValueError(
        f"a call cannot bring these sizes now: the {kind} of {what!r} that is kept from the ticks "
        f"before is {list(held)}, and this call's is {list(wanted)}{until}"
    )


INITIAL = "@initial/"
"""Before a state's id: where `held` has the value to which a reset takes it that names none."""
