"""How many bytes live between ticks besides the states."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Final

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schedule import errors
from nlgraph.schedule.cells import stacked
from nlgraph.schedule.model import Memory
from nlgraph.text.span import Origin

_BYTES: Final = {"f64": 8, "int": 8, "f32": 4, "f16": 2, "bf16": 2, "bool": 1}


def bytes_of(memory: Memory) -> int:
    """The bytes of a memory; a dimension that a call binds counts as one."""
    type_ = stacked(memory)
    return _BYTES[type_.dtype] * prod(size or 1 for size in type_.shape)


def check_kept(memories: Iterable[tuple[Memory, Origin]], report: Report) -> None:
    """Report windows that are larger than any machine they could be meant for."""
    sizes = [(bytes_of(memory), origin) for memory, origin in memories]
    total = sum(size for size, _ in sizes)
    if total > limits.KEPT_BYTES:
        _, largest = max(sizes, key=lambda found: found[0])
        report.add(errors.too_much_kept(total, largest))
