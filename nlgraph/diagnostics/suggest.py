"""The name that was meant."""

from __future__ import annotations

from collections.abc import Iterable

_LONGEST = 64  # names beyond this are never mistyped, and comparing them costs their square
_MOST = 5000  # candidates looked at


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` is most likely a slip of, or None where none is near.

    A slip is a letter more, less or other, or two that are swapped; writing the case or the
    underscores differently counts least. One slip is allowed in a short name, a third of the
    letters in a long one. Of equally near ones the first in the alphabet is taken.
    """
    if len(name) > _LONGEST:
        return None
    allowed = max(1, len(name) // 3)
    best: tuple[float, str] | None = None
    for seen, candidate in enumerate(candidates):
        if seen >= _MOST:
            break
        if candidate == name or abs(len(candidate) - len(name)) > allowed + candidate.count("_"):
            continue
        distance = 0.5 if _plain(candidate) == _plain(name) else _distance(name, candidate, allowed)
        # A name of one letter is near to every other one: only its case can be a slip. Names of
        # two letters must begin alike.
        if distance > allowed or (distance >= min(len(name), len(candidate))):
            continue
        if distance >= 1 and len(name) <= 2 and name[0] != candidate[0]:
            continue
        if best is None or (distance, candidate) < best:
            best = (distance, candidate)
    return None if best is None else best[1]


def _plain(name: str) -> str:
    return name.casefold().replace("_", "")


def _distance(a: str, b: str, bound: int) -> float:
    """How many slips lead from a to b; more than the bound is only known to be more."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, char in enumerate(a, 1):
        before, above = row, before
        row = [i]
        for j, other in enumerate(b, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (char != other))
            if i > 1 and j > 1 and char == b[j - 2] and a[i - 2] == other:
                cost = min(cost, above[j - 2] + 1)
            row.append(cost)
        if min(row) > bound:
            return bound + 1
    return row[-1]
