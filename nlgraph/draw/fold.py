"""Fold components to cards: families to stacks, and twins to one card."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from nlgraph.draw.model import Card, Folded
from nlgraph.levels.model import EdgeKind
from nlgraph.schema.levels import ComponentEntry, EdgeEntry, LevelsDocument

FAMILIES_ABOVE: Final = 40
"""Up to so many components each index of a family is shown."""

WIRED_UP_TO: Final = 60
"""Up to so many cards edges are drawn one by one."""

_INDEX = re.compile(r"\[(\d+)\]")


def fold(document: LevelsDocument, families_above: int = FAMILIES_ABOVE) -> Folded:
    """The cards of a level graph in its order, and the edges between them."""
    names = {component.name for component in document.components}
    folds = len(document.components) > families_above
    families: dict[tuple[str, int, str, str], list[ComponentEntry]] = defaultdict(list)
    for component in document.components:
        family = _INDEX.sub("[*]", component.name) if folds else component.name
        key = (family, component.level, component.frequency, component.kind)
        families[key].append(component)
    singles = [
        Card((_label(members),), tuple(members), host_of(members[0].name, names), key[1] - 1)
        for key, members in families.items()
    ]
    cards = _with_twins_joined(singles, document.edges)
    return _with_edges(cards, document.edges)


def host_of(name: str, names: Iterable[str]) -> str:
    """The component that others belong to, by its name: that of `low.m` is `low`."""
    known = names if isinstance(names, set) else set(names)
    parts = name.split(".")
    prefixes = (".".join(parts[:count]) for count in range(1, len(parts)))
    return next((prefix for prefix in prefixes if prefix in known), name)


def _label(members: Sequence[ComponentEntry]) -> str:
    if len(members) == 1:
        return members[0].name
    indices = [[int(index) for index in _INDEX.findall(member.name)] for member in members]
    spans = iter(
        f"[{low}]" if low == high else f"[{low}…{high}]"
        for low, high in ((min(column), max(column)) for column in zip(*indices, strict=True))
    )
    return _INDEX.sub(lambda _: next(spans), members[0].name)


def _with_twins_joined(cards: Sequence[Card], edges: Iterable[EdgeEntry]) -> tuple[Card, ...]:
    """Cards of one host and band with the same neighbours become one; hosts stay alone."""
    place = _places(cards)
    neighbours: list[set[tuple[object, ...]]] = [set() for _ in cards]
    for number, edge in enumerate(edges):
        sources, targets = _ends(edge, place)
        one = len(sources) == len(targets) == 1
        for end in sources:
            neighbours[end].add(("to", edge.kind, next(iter(targets)) if one else -number - 1))
        for end in targets:
            neighbours[end].add(("from", edge.kind, next(iter(sources)) if one else -number - 1))
    twins: dict[tuple[object, ...], list[Card]] = defaultdict(list)
    for index, card in enumerate(cards):
        alone = card.first.name == card.host
        key = (card.host, card.band, None if not alone else index, frozenset(neighbours[index]))
        twins[key].append(card)
    return tuple(
        Card(
            tuple(label for card in same for label in card.labels),
            tuple(member for card in same for member in card.members),
            same[0].host,
            same[0].band,
        )
        for same in twins.values()
    )


def _with_edges(cards: tuple[Card, ...], entries: Iterable[EdgeEntry]) -> Folded:
    place = _places(cards)
    edges: dict[tuple[int, int, EdgeKind], int] = defaultdict(int)
    flows: dict[tuple[int, int, EdgeKind], int] = defaultdict(int)
    for entry in entries:
        sources, targets = _ends(entry, place)
        for (low, sent), (high, read) in _products(
            _by_band(sources, cards), _by_band(targets, cards)
        ):
            flows[low, high, entry.kind] += sent * read
        if len(cards) <= WIRED_UP_TO:
            for (source, sent), (target, read) in _products(sources, targets):
                if source != target:
                    edges[source, target, entry.kind] += sent * read
    return Folded(cards, dict(edges), dict(flows))


def _places(cards: Iterable[Card]) -> dict[str, int]:
    return {member.name: index for index, card in enumerate(cards) for member in card.members}


def _ends(edge: EdgeEntry, place: Mapping[str, int]) -> tuple[dict[int, int], dict[int, int]]:
    """The cards at both ends of an edge, each with how many of its components are there."""
    sources = [edge.source] if isinstance(edge.source, str) else edge.source
    targets = [edge.target] if isinstance(edge.target, str) else edge.target
    found: tuple[dict[int, int], dict[int, int]] = ({}, {})
    for names, ends in zip((sources, targets), found, strict=True):
        for name in names:
            ends[place[name]] = ends.get(place[name], 0) + 1
    return found


def _by_band(ends: Mapping[int, int], cards: Sequence[Card]) -> dict[int, int]:
    bands: dict[int, int] = defaultdict(int)
    for card, count in ends.items():
        bands[cards[card].band] += count
    return bands


def _products(
    one: Mapping[int, int], other: Mapping[int, int]
) -> Iterable[tuple[tuple[int, int], tuple[int, int]]]:
    return ((first, second) for first in one.items() for second in other.items())
