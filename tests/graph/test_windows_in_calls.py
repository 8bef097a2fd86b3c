"""A call that updates nothing finds the windows that steps have begun."""

from __future__ import annotations

import pytest
import torch

import nlgraph

TEXT = """
dim B = 8, d = 3
clock step
clock slow = 4 step
input x : [B, d] every step
component W : [d] = 0.5 { W' = W + 0.1 }
scale = if learning then 2 else 1
output window = average(mean(x * W) * scale + mean(dropout(x, 0.5)), slow), now = mean(x * W)
"""


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_an_output_over_a_window_is_given_where_the_window_ends(backend: str) -> None:
    module = nlgraph.compile(
        nlgraph.loads(TEXT), backend=backend, dtype=torch.float64, seed=3, watch=("now",)
    )
    x = torch.rand(8, 3, dtype=torch.float64)
    past = torch.zeros((), dtype=torch.float64)
    for tick in range(3):
        assert set(module(x=x)) == {"now"}
        past += 2 * (x * (0.5 + 0.1 * tick)).mean()
        assert set(module.step(x=x)) == {"now"}
    now = (x * 0.8).mean()
    called = module(x=x)["window"]
    torch.testing.assert_close(module(x=x)["now"], now, rtol=1e-12, atol=0)
    stepped = module.step(x=x)["window"]
    # Both have the draws of the three steps; of the fourth tick the call has none.
    dropped = 4 * stepped - past - 2 * now
    undropped = 4 * called - past - now
    assert not torch.allclose(dropped, undropped)
    assert 0 < undropped - x.mean() < 3 * 2 * x.max()


def test_both_backends_find_the_same_windows() -> None:
    x = torch.rand(8, 3, dtype=torch.float64)
    found = []
    for backend in ("reference", "eager"):
        module = nlgraph.compile(nlgraph.loads(TEXT), backend=backend, dtype=torch.float64, seed=3)
        for _ in range(3):
            module.step(x=x)
        found.append((module(x=x)["window"], module.step(x=x)["window"]))
    torch.testing.assert_close(found[0], found[1], rtol=1e-12, atol=0)
