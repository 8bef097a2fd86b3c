"""Gather edges to wires: one line for all that read the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final, get_args

from nlgraph.draw.model import Card, Folded, Wire
from nlgraph.levels.model import EdgeKind

KINDS: Final[tuple[EdgeKind, ...]] = get_args(EdgeKind)

_Edges = Collection[tuple[int, int]]
_Groups = dict[frozenset[int], list[int]]


def gather_wires(folded: Folded) -> tuple[Wire, ...]:
    """The wires of a drawing, in order of kind.

    Of each kind either sources with the same targets are joined, or targets with the same sources,
    whichever leaves fewer ends.
    """
    wires: list[Wire] = []
    for kind in KINDS:
        edges = {(a, b): count for (a, b, of), count in folded.edges.items() if of == kind}
        by_source = _groups(edges, folded.cards, kind)
        by_target = _groups([(b, a) for a, b in edges], folded.cards, kind)
        flipped = _ends(by_target) < _ends(by_source)
        for many, ones in (by_target if flipped else by_source).items():
            sources, targets = (sorted(many), ones) if flipped else (ones, sorted(many))
            wires.append(_wire(kind, sources, targets, edges, folded.cards))
    return tuple(wires)


def _groups(edges: _Edges, cards: Sequence[Card], kind: EdgeKind) -> _Groups:
    """The near ends by the far ends that they share; of `state`, all but its own count as all."""
    far: dict[int, set[int]] = defaultdict(set)
    for near, end in edges:
        far[near].add(end)
    read = set().union(*far.values()) if far else set()
    groups: _Groups = defaultdict(list)
    for near, ends in far.items():
        shared = ends
        if kind == "state" and len(ends) >= 2:
            host = cards[near].host
            shared = ends | {end for end in read if end != near and cards[end].host == host}
        groups[frozenset(shared)].append(near)
    return groups


def _ends(groups: _Groups) -> int:
    return sum(len(many) + len(ones) for many, ones in groups.items())


def _wire(
    kind: EdgeKind,
    sources: Sequence[int],
    targets: Sequence[int],
    edges: Mapping[tuple[int, int], int],
    cards: Sequence[Card],
) -> Wire:
    pairs = [(a, b) for a in sources for b in targets]
    return Wire(
        kind,
        tuple(cards[index] for index in sources),
        tuple(cards[index] for index in targets),
        but_own=any(pair not in edges for pair in pairs),
        pairs=sum(edges.get(pair, 0) for pair in pairs),
    )
