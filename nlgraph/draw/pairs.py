"""The edges of a level graph one by one, for formats that know nothing else."""

from __future__ import annotations

from nlgraph.levels.model import EdgeKind
from nlgraph.schema.levels import PAIRS, LevelsDocument


class TooManyEdges(Exception):
    """A level graph has more edges than a format can list."""


def pairs_of(document: LevelsDocument) -> list[tuple[str, str, EdgeKind]]:
    """Source, target and kind of every edge.

    Raises:
        TooManyEdges: there are more than the document itself would list.
    """
    pairs: list[tuple[str, str, EdgeKind]] = []
    for edge in document.edges:
        if not isinstance(edge.source, str) or not isinstance(edge.target, str):
            raise TooManyEdges(
                f"this level graph has more than {PAIRS:,} edges, which .dot and .mmd list one by "
                "one: draw it as .svg, .html or .png"
            )
        pairs.append((edge.source, edge.target, edge.kind))
    return pairs
