"""Names of components made short: the members of a family become one name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_INDEX = re.compile(r"\[(\d+)\]")


def fold_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names in the order given, each family once: `layer[1…4].m`, `head[1…2, 5]`.

    A name with several indices is folded from the last to the first, so that a whole grid becomes
    `cell[1…3][1…4]`.
    """
    folded = [tuple(_INDEX.split(name)) for name in names]
    depth = max((len(parts) // 2 for parts in folded), default=0)
    for place in range(2 * depth - 1, 0, -2):
        folded = _fold_at(folded, place)
    return tuple(_joined(parts) for parts in folded)


def _fold_at(names: Sequence[tuple[str, ...]], place: int) -> list[tuple[str, ...]]:
    """Fold names that differ only in the index at a place; odd places are indices."""
    members: dict[tuple[str, ...], list[int]] = {}
    for parts in names:
        if place < len(parts):
            members.setdefault(_without(parts, place), []).append(int(parts[place]))
        else:
            members.setdefault(parts, [])
    return [
        (*key[:place], _ranges(sorted(indices)), *key[place + 1 :]) if indices else key
        for key, indices in members.items()
    ]


def _without(parts: tuple[str, ...], place: int) -> tuple[str, ...]:
    return (*parts[:place], "", *parts[place + 1 :])


def _ranges(indices: Sequence[int]) -> str:
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][-1] + 1:
            runs[-1][1:] = [index]
        else:
            runs.append([index])
    return ", ".join("…".join(map(str, run)) for run in runs)


def _joined(parts: tuple[str, ...]) -> str:
    return "".join(f"[{part}]" if place % 2 else part for place, part in enumerate(parts))
