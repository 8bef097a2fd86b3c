"""What the tests of levels share."""

import pytest

import nlgraph

HEAD = "dim B = 4, T = 8, d = 3\nclock step\ninput x : [B, d] every step\n"


def _edges(text: str) -> dict[tuple[str, str, str], str | None]:
    """Every edge with its `via`."""
    graph = nlgraph.loads(text).graph
    return {
        (source, target, data["kind"]): data.get("via")
        for source, target, data in graph.edges(data=True)
    }


@pytest.fixture
def edges():
    return _edges


@pytest.fixture
def levels():
    """The names at each level of a text, and the ranges of those that fit several."""

    def found(text: str) -> list[tuple[set[str], str]]:
        return [
            (set(level.components), "inf" if level.frequency is None else str(level.frequency))
            for level in nlgraph.loads(text).levels
        ]

    return found
