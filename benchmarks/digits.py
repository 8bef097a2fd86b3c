"""Steps a second of `adamw_mlp.nl` on the digits, against the same training written in plain torch.

One thread, in turns; the median of the ratios is what counts. `nlgraph train` also writes metrics
and checkpoints; here the module's step alone stands against torch's forward, backward, clipping
and AdamW (foreach).
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from importlib.resources import files

import torch
from torch import nn

import nlgraph

ROUNDS = 9
STEPS = 300


def theirs() -> Callable[[torch.Tensor, torch.Tensor], None]:
    """A step as one writes it by hand."""
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3, foreach=True)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()  # type: ignore[no-untyped-call]  # torch does not annotate it
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

    return step


def ours(backend: str) -> Callable[[torch.Tensor, torch.Tensor], None]:
    """The step of the compiled system."""
    text = files("nlgraph").joinpath("examples", "adamw_mlp.nl").read_text()
    module = nlgraph.compile(nlgraph.loads(text), backend=backend)

    def step(x: torch.Tensor, y: torch.Tensor) -> None:
        module.step(x=x, y=y)

    return step


def speed(step: Callable[[torch.Tensor, torch.Tensor], None]) -> float:
    """Steps a second."""
    x, y = torch.rand(64, 64), torch.randint(10, (64,))
    began = time.perf_counter()
    for _ in range(STEPS):
        step(x, y)
    return STEPS / (time.perf_counter() - began)


def main() -> None:
    """Time both, in turns."""
    torch.set_num_threads(1)
    backend = sys.argv[1] if len(sys.argv) > 1 else "eager"
    a, b = ours(backend), theirs()
    speed(a), speed(b)
    pairs = [(speed(a), speed(b)) for _ in range(ROUNDS)]
    ratio = statistics.median(mine / other for mine, other in pairs)
    mine, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    sys.stdout.write(
        f"{backend}: {mine:,.0f} steps/s; plain torch: {other:,.0f} steps/s; ratio {ratio:.2f}\n"
    )


if __name__ == "__main__":
    main()
