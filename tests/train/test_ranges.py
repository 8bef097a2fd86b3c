import numpy as np
import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.train.ranges import check_ranges

HEAD = """
dim B = 4, T = 3, vocab = 7, classes = 5, d = 2
clock step
clock token = step along T
input text : int[B, T] every step
input y : int[B] every step
input x : [B, classes] every step
component E : [vocab, d] ~ normal(0, 1)
component W : [d, classes] ~ normal(0, 1)
"""
LOSS = "output o = cross_entropy(x, y)\n"


def _faults(spec, **arrays):
    report = Report()
    given = {name: np.array(array) for name, array in arrays.items()}
    check_ranges(given, nlgraph.loads(HEAD + spec).shaped, report)
    return report.errors


@pytest.mark.parametrize(
    ("spec", "size"),
    [
        ("output e = embedding(text, E)", 7),
        ("s = text\noutput e = embedding(transpose(s), E)", 7),
        ("output e = embedding(reshape(stop(text), [B * T]), E)", 7),
        ("output e = collect(embedding(text[token], E))", 7),
        ("output e = one_hot(text, 9)", 9),
        ("output e = cross_entropy(embedding(text, E) @ W, text)", 5),
    ],
)
def test_an_input_that_is_looked_up_has_the_range_of_that_dimension(spec, size):
    assert not _faults(spec, text=[[0, 1, 2], [0, 4, 4]])
    faults = _faults(spec, text=[[0, 1, 2], [0, size, 0], [size + 3, 0, 0]])
    fault = faults[-1]
    assert fault.code == "NL0812"
    assert fault.message == (
        f"`text` needs numbers from 0 to {size - 1}, and item 1 of the data holds {size}, "
        "as one more does"
    )


def test_the_help_takes_the_highest_number_of_the_data():
    (fault,) = _faults(LOSS, y=[5, 11, 4])
    assert fault.help == "--set classes=12 takes all of the data's numbers"
    (fault,) = _faults(LOSS, y=[3, -1])
    assert "item 1 of the data holds -1" in fault.message
    assert fault.help is None


def test_the_class_that_torch_ignores_is_in_the_range_of_a_loss_and_of_nothing_else():
    assert not _faults(LOSS, y=[-100, 4, 0])
    assert _faults("output e = one_hot(y, classes)", y=[-100, 4, 0])


@pytest.mark.parametrize(
    "spec",
    [
        "output e = embedding(text + 1, E)",
        "output e = embedding(text[:, 0], E)",
        "output e = embedding(where(text < 7, text, 0), E)",
    ],
)
def test_what_is_computed_from_an_input_is_left_to_the_run(spec):
    assert not _faults(spec, text=[[0, 1, 9]])
