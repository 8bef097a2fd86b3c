from collections.abc import Iterator

import pytest
import torch

import nlgraph

CLASSES = 2


class Pair:
    """The same system on two backends, in float64, given the same inputs tick by tick."""

    def __init__(self, text: str, sizes: dict[str, int] | None = None, watch: tuple[str, ...] = ()):
        self.system = nlgraph.loads(text)
        self.sizes = sizes or {}
        self.watch = watch
        self.eager = self.compile("eager")
        self.reference = self.compile("reference")
        self.generator = torch.Generator().manual_seed(0)

    def compile(self, backend: str, seed: int = 0):
        return nlgraph.compile(
            self.system, backend=backend, dtype=torch.float64, seed=seed, watch=self.watch
        )

    def inputs(self, tick: int) -> dict[str, torch.Tensor]:
        """Inputs of a tick: slower ones come with the first tick of their own."""
        clocked = self.system.shaped.clocked
        found = {}
        for name, of in clocked.equations.inputs.items():
            if (tick - 1) % clocked.durations[of.clock]:
                continue
            shape = [self.sizes.get(dim.name, dim.size) for dim in of.type.dims]
            if of.type.dtype == "int":
                found[name] = torch.randint(0, CLASSES, shape, generator=self.generator)
            else:
                drawn = torch.randn(shape, generator=self.generator, dtype=torch.float64)
                found[name] = drawn
        return found

    def run(self, ticks: int) -> Iterator[int]:
        """Run ticks on both, and compare all that they give and hold."""
        for tick in range(self.eager.tick + 1, self.eager.tick + ticks + 1):
            given = self.inputs(tick)
            same(self.eager(**given), self.reference(**given), f"a call at tick {tick}")
            stepped = self.eager.step(**given)
            same(stepped, self.reference.step(**given), f"tick {tick}")
            same(self.eager.state, self.reference.state, f"states after tick {tick}")
            yield tick


def same(found, expected, where: str) -> None:
    """Tensors by name agree to 1e-10, in dtype and in shape."""
    assert set(found) == set(expected), where
    for name in expected:
        torch.testing.assert_close(
            found[name], expected[name], rtol=1e-10, atol=1e-10,
            msg=lambda text, name=name: f"{where}: {name}: {text}",
        )  # fmt: skip


@pytest.fixture
def pair():
    return Pair
