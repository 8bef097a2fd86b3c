import math

import pytest
import torch

from nlgraph.module.draws import draw, fans
from nlgraph.module.seeds import generator

CPU = torch.device("cpu")


def drawn(kind, args, shape, dtype=torch.float32):
    return draw(kind, args, shape, dtype, generator(0, "W", 0, CPU))


@pytest.mark.parametrize(
    ("kind", "args", "shape", "mean", "std"),
    [
        ("normal", (2, 3), (400, 100), 2, 3),
        ("uniform", (-1, 3), (400, 100), 1, 4 / math.sqrt(12)),
        ("randint", (0, 10), (400, 100), 4.5, math.sqrt(99 / 12)),
        ("bernoulli", (0.25,), (400, 100), 0.25, math.sqrt(0.25 * 0.75)),
        ("xavier", (), (400, 100), 0, math.sqrt(2 / 500)),
        ("kaiming", (), (400, 100), 0, math.sqrt(2 / 400)),
        ("kaiming", (), (64, 16, 3, 3), 0, math.sqrt(2 / (16 * 9))),
        ("xavier", (), (64, 16, 3, 3), 0, math.sqrt(2 / ((16 + 64) * 9))),
    ],
)
def test_moments(kind, args, shape, mean, std):
    value = drawn(kind, args, shape)
    assert value.shape == shape
    assert value.mean().item() == pytest.approx(mean, abs=0.05 * std)
    assert value.std().item() == pytest.approx(std, rel=0.03)


@pytest.mark.parametrize("shape", [(8, 3), (3, 8), (6, 2, 3)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    value = drawn("orthogonal", (), shape, torch.float64).reshape(shape[0], -1)
    rows, columns = value.shape
    product = value @ value.T if rows <= columns else value.T @ value
    torch.testing.assert_close(product, torch.eye(min(rows, columns), dtype=torch.float64))


def test_eye():
    assert torch.equal(drawn("eye", (), (2, 3)), torch.eye(2, 3))


@pytest.mark.parametrize(("shape", "expected"), [((), (1, 1)), ((5,), (5, 1)), ((5, 7), (5, 7))])
def test_fans(shape, expected):
    assert fans(shape) == expected


def test_a_draw_depends_on_seed_name_and_tick_alone():
    def number(seed, name, tick):
        return torch.randint(2**60, (), generator=generator(seed, name, tick, CPU)).item()

    # Recorded: the same in every process and on every platform.
    assert number(0, "W", 0) == number(0, "W", 0)
    assert len({number(s, n, t) for s in (0, 1) for n in ("W", "V") for t in (0, 1)}) == 8
