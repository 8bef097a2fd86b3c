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
        return inputs_at(self.system, tick, self.generator, self.sizes)

    def run(self, ticks: int) -> Iterator[int]:
        """Run ticks on both, and compare all that they give and hold."""
        for tick in range(self.eager.tick + 1, self.eager.tick + ticks + 1):
            given = self.inputs(tick)
            same(self.eager(**given), self.reference(**given), f"a call at tick {tick}")
            stepped = self.eager.step(**given)
            same(stepped, self.reference.step(**given), f"tick {tick}")
            same(self.eager.state, self.reference.state, f"states after tick {tick}")
            yield tick


def inputs_at(system, tick, generator, sizes=None) -> dict[str, torch.Tensor]:
    """Inputs of a tick: slower ones come with the first tick of their own."""
    clocked = system.shaped.clocked
    found = {}
    for name, of in clocked.equations.inputs.items():
        if (tick - 1) % clocked.durations[of.clock]:
            continue
        shape = [(sizes or {}).get(dim.name, dim.size) for dim in of.type.dims]
        if of.type.dtype == "int":
            found[name] = torch.randint(0, CLASSES, shape, generator=generator)
        else:
            found[name] = torch.randn(shape, generator=generator, dtype=torch.float64)
    return found


def shortened(text: str) -> str:
    """A text whose sequences of 512 tokens are shorter, and its windows of them with it."""
    if "T = 512" not in text:
        return text
    text = text.replace("T = 512", "T = 64").replace("every 512 token", "every 64 token")
    return text.replace("64 token", "16 token")


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
