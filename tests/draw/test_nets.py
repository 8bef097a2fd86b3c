from nlgraph.draw.fold import fold
from nlgraph.draw.nets import gather_wires
from tests.draw.conftest import layers


def test_wires_hold_the_edges_and_no_others(documents):
    for name, document in documents.items():
        folded = fold(document)
        held = {}
        for wire in gather_wires(folded):
            for source in wire.sources:
                for target in wire.targets:
                    pair = folded.cards.index(source), folded.cards.index(target), wire.kind
                    if pair in folded.edges:
                        assert pair not in held, (name, pair)
                        held[pair] = wire
                    else:
                        assert wire.but_own, (name, pair)
        assert held.keys() == folded.edges.keys(), name


def test_one_loss_over_n_weights_is_one_wire():
    """Each gradient reads all the other weights: n² edges."""
    wires = [wire for wire in gather_wires(fold(layers(8))) if wire.kind == "state"]
    widest = max(wires, key=lambda wire: wire.pairs)
    assert len(widest.sources) == len(widest.targets) == 9
    assert widest.but_own
    assert widest.pairs == 9 * 8 * 2
    assert len(wires) <= 2
