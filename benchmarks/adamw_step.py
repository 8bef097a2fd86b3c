"""One training step of a small classifier: nlgraph's eager backend against torch.optim by hand.

An MLP 64-128-128-10, batches of 128, the gradient clipped to a norm of 1, AdamW. By hand it is
`zero_grad`, forward, `backward`, `clip_grad_norm_(foreach=True)` and `AdamW(foreach=True)`. All run
in turn, step by step, so that what disturbs the machine disturbs them alike; medians.

    python benchmarks/adamw_step.py [STEPS]
"""

from __future__ import annotations

import platform
import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import cross_entropy

import nlgraph

SPEC = """
use std.optim (adamw, clip_norm)
dim B = 128, d = 64, h = 128, classes = 10
clock step
input x : [B, d] every step
input y : int[B] every step
component net {
  state W1 : [d, h] ~ kaiming(); state b1 : [h] = 0
  state W2 : [h, h] ~ kaiming(); state b2 : [h] = 0
  state W3 : [h, classes] ~ kaiming(); state b3 : [classes] = 0
  map (u) = relu(relu(u @ W1 + b1) @ W2 + b2) @ W3 + b3
}
loss = cross_entropy(net(x), y)
train net minimize loss by clip_norm(1.0) then adamw(lr = 1e-3)
metric loss
"""

Step = Callable[[], object]


def nlgraph_step(x: torch.Tensor, y: torch.Tensor) -> Step:
    """A step of the compiled system."""
    module = nlgraph.compile(nlgraph.loads(SPEC), backend="eager")
    return lambda: module.step(x=x, y=y)


def torch_step(x: torch.Tensor, y: torch.Tensor) -> Step:
    """A step as one writes it."""
    net = nn.Sequential(
        nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10)
    )
    parameters = list(net.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01, foreach=True)

    def step() -> torch.Tensor:
        optimizer.zero_grad()
        loss = cross_entropy(net(x), y)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(parameters, 1.0, foreach=True)
        optimizer.step()
        return loss.detach()

    return step


def main(steps: int) -> None:
    """Time both and print a table."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    x, y = torch.rand(128, 64), torch.randint(0, 10, (128,))
    candidates = {"torch.optim, eager": torch_step(x, y), "nlgraph, eager": nlgraph_step(x, y)}
    times: dict[str, list[float]] = {name: [] for name in candidates}
    for turn in range(steps + 50):
        for name, step in candidates.items():
            start = time.perf_counter()
            step()
            if turn >= 50:  # the first ones warm up
                times[name].append(time.perf_counter() - start)
    base = statistics.median(next(iter(times.values())))
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, 1 thread")  # noqa: T201
    for name, found in times.items():
        median = statistics.median(found)
        print(f"{name:22} {median * 1e6:8.0f} µs   {base / median:5.2f} times as fast")  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
