"""Edges as nets, without forming pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from nlgraph.levels.model import EdgeKind, Net
from nlgraph.system.ids import ComponentId

Names = tuple[ComponentId, ...]


def nets_but_own(
    sources: Names,
    targets: Mapping[ComponentId | None, Sequence[ComponentId]],
    kind: EdgeKind,
    via: str | None,
) -> Iterator[Net]:
    """Nets from all sources to all targets, but from none to the targets that are its own.

    `targets` are by the source that is left out (None: none is). All pairs but one each take some
    `n log n` names: sources are halved, each half goes to what the other half owns, and so on.
    """
    everywhere = targets.get(None, ())
    if everywhere:
        yield Net(sources, tuple(everywhere), kind, via)
    owners = tuple(name for name in sources if name in targets)
    strangers = tuple(name for name in sources if name not in targets)
    foreign = [t for owner, own in targets.items() if owner and owner not in owners for t in own]
    if foreign:
        yield Net(sources, tuple(foreign), kind, via)
    owned = tuple(target for owner in owners for target in targets[owner])
    if strangers and owned:
        yield Net(strangers, owned, kind, via)
    stack = [owners]
    while stack:
        part = stack.pop()
        if len(part) < _TWO:
            continue
        first, second = part[: len(part) // 2], part[len(part) // 2 :]
        for one, other in ((first, second), (second, first)):
            yield Net(one, tuple(t for owner in other for t in targets[owner]), kind, via)
        stack += [second, first]


_TWO = 2
