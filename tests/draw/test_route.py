from itertools import combinations, pairwise

import pytest

from nlgraph.draw.fold import fold
from nlgraph.draw.nets import gather_wires
from nlgraph.draw.route import route


@pytest.fixture(scope="module")
def layouts(documents):
    folded = {name: fold(document) for name, document in documents.items()}
    return {name: route(cards, gather_wires(cards)) for name, cards in folded.items()}


def test_cards_stand_in_their_bands_and_apart(layouts):
    for name, layout in layouts.items():
        for card, box in layout.boxes.items():
            band = layout.bands[card.band]
            assert band.top < box.y, name
            assert box.bottom < band.bottom, name
            assert box.x >= 150, name
            assert box.right <= layout.right, name
        for one, other in combinations(layout.boxes.values(), 2):
            beside = one.right < other.x or other.right < one.x
            assert beside or one.bottom < other.y or other.bottom < one.y, name


def test_bands_meet(layouts):
    for name, layout in layouts.items():
        for above, below in zip(layout.bands, layout.bands[1:], strict=False):
            assert above.bottom == below.top, name


def _touches(box, point):
    return box.x < point[0] < box.right and point[1] in (box.y, box.bottom)


def test_wires_end_at_all_their_cards_and_at_no_others(layouts):
    for name, layout in layouts.items():
        for found in layout.routes:
            wire = found.wire
            points = [line[end] for line in found.lines for end in (0, -1)]
            touched = {
                card
                for card, box in layout.boxes.items()
                if any(_touches(box, point) for point in points)
            }
            assert touched == set(wire.cards), (name, wire.kind)
            assert len(found.heads) == len(wire.targets)
            for head in found.heads:
                assert any(_touches(layout.boxes[card], head.at) for card in wire.targets)


def test_wires_run_level_and_upright_and_cross_no_card(layouts):
    for name, layout in layouts.items():
        for found in layout.routes:
            for line in found.lines:
                for (x, y), (u, v) in pairwise(line):
                    assert x == u or y == v, (name, line)
                    low, high = sorted((y, v))
                    left, right = sorted((x, u))
                    for box in layout.boxes.values():
                        crossed = (
                            left < box.right
                            and right > box.x
                            and low < box.bottom - 0.5
                            and high > box.y + 0.5
                        )
                        assert not crossed, (name, found.wire.kind)


def test_no_two_wires_share_a_piece(layouts):
    """Verticals and lanes of different wires never lie upon each other."""
    for name, layout in layouts.items():
        pieces = []
        for number, found in enumerate(layout.routes):
            for line in found.lines:
                pieces += [(number, a, b) for a, b in pairwise(line)]
        for (one, a, b), (other, c, d) in combinations(pieces, 2):
            if one == other:
                continue
            for axis in (0, 1):
                if a[axis] == b[axis] == c[axis] == d[axis]:
                    along = 1 - axis
                    low = max(min(a[along], b[along]), min(c[along], d[along]))
                    high = min(max(a[along], b[along]), max(c[along], d[along]))
                    assert high - low < 1, (name, layout.routes[one].wire.kind, a, b, c, d)
