from nlgraph.draw.fold import fold
from tests.draw.conftest import document_of, layers


def _labels(document):
    return [card.labels for card in fold(document).cards]


def test_twins_are_one_card_and_hosts_are_alone():
    assert _labels(layers(2)) == [
        ("layer[1].m", "layer[1].v"),
        ("layer[2].m", "layer[2].v"),
        ("head.m", "head.v"),
        ("layer[1]",),
        ("layer[2]",),
        ("head",),
    ]


def test_moments_with_other_neighbours_are_two_cards():
    """AMSGrad's ceiling needs v at the same tick, m does not."""
    document = document_of("""
dim d = 3
clock step
input x : [d] every step
loss = mse(x * W, x)
component W : [d] = 1 { W' = W - m' / (sqrt(c') + 1) }
component W_ : [d] = 1
component m : [d] = 0 { m' = 0.9 * m + grad(loss, W) }
component v : [d] = 0 { v' = 0.9 * v + grad(loss, W)^2 }
component c : [d] = 0 { c' = max(c, v') }
output y = x * W + W_
""")
    assert ("m",) in _labels(document)
    assert ("v",) in _labels(document)


def test_above_40_components_a_family_is_a_stack():
    cards = {card.labels: card.copies for card in fold(layers(20)).cards}
    assert cards == {
        ("layer[1…20].m", "layer[1…20].v"): 20,
        ("head.m", "head.v"): 1,
        ("layer[1…20]",): 20,
        ("head",): 1,
    }


def test_members_of_a_family_with_other_frequencies_stay_apart():
    document = document_of("""
use std.optim (adam)
use std.blocks (mlp)
dim B = 4, d = 3
clock step
input x, y : [B, d] every step
for i in 1 .. 15 { component layer[i] = mlp(d, d) every (if i < 3 then 1 else 2) step }
loss = mse(chain(layer, x), y)
train layer minimize average(loss) by adam()
""")
    labels = _labels(document)
    assert ("layer[1…2]",) in labels
    assert ("layer[3…15]",) in labels


def test_every_edge_is_counted(documents):
    for name, document in documents.items():
        folded = fold(document)
        inside = {frozenset(member.name for member in card.members) for card in folded.cards}
        between = sum(
            not any({edge.source, edge.target} <= members for members in inside)
            for edge in document.edges
        )
        assert sum(folded.edges.values()) == between, name
        assert sum(folded.flows.values()) == len(document.edges), name
