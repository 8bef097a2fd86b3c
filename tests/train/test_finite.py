import math

import pytest
import torch

from nlgraph.train.finite import non_finite


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_names_the_tensors_that_hold_a_number_that_is_not_finite(bad):
    tensors = {
        "W": torch.ones(3, 4),
        "b": torch.tensor([1.0, bad]),
        "v": torch.tensor([bad, -bad], dtype=torch.float64),
        "tick": torch.tensor(3),
    }
    assert non_finite(tensors) == ("b", "v")


def test_a_sum_that_overflows_is_no_fault_of_the_numbers():
    assert non_finite({"W": torch.full((4,), 3e38), "h": torch.full((9,), 6e4).half()}) == ()


def test_integers_are_always_finite():
    assert non_finite({"n": torch.ones(3, dtype=torch.int64)}) == ()
