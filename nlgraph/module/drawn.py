"""What a file draws in a tick."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from nlgraph.module.draws import draw
from nlgraph.module.seeds import generator
from nlgraph.module.state import sizes_of

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from nlgraph.module.layout import Drawn


def draws_at(
    draws: Iterable[Drawn],
    seed: int,
    tick: int,
    sizes: Mapping[str, int],
    dtypes: Mapping[str, torch.dtype],
    device: torch.device,
) -> dict[str, Tensor]:
    """A tensor for each draw at a root tick: those of all its ticks inside it in one."""
    found: dict[str, Tensor] = {}
    for drawn in draws:
        name, type_ = drawn.draw.name, drawn.type
        number = ceil(tick / max(drawn.period, Fraction(1)))
        shape, dtype = sizes_of(type_, sizes), dtypes[type_.dtype]
        source = generator(seed, name, number, device)
        found[name] = draw(drawn.draw.kind, drawn.draw.args, shape, dtype, source)
    return found
