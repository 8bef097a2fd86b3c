"""A deep memory updated every 64 tokens, and an outer loss learned through it: three ways.

`reference` runs the system token by token. By hand means: a loop over chunks in plain torch, one
gradient for each chunk and its tokens read at once, as one writes it for such a memory. All three
start from the same states and are given the same inputs; losses and gradients are compared first.
One thread, in turns; the median of the ratios is what counts.

    python benchmarks/lifting.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import Tensor

import nlgraph

BATCH, TICKS, WIDTH, CHUNK = 8, 1024, 64, 64
ROUNDS = 25
ASKED = {"reference": 8.0, "by hand": 1.0}
"""How many times as fast as each the compiled system is asked to be."""

SYSTEM = f"""
use std.optim (gd)
dim B = {BATCH}, T = {TICKS}, d = {WIDTH}, h = {WIDTH}
clock sequence
clock token = sequence along T
clock chunk = {CHUNK} token
input x, y : [B, T, d] every sequence

component proj {{ state K, V, Q : [d, d] ~ xavier(); state R : [d, 1] ~ xavier() }}
key   = x @ proj.K
value = x @ proj.V
query = x @ proj.Q
rate  = 0.1 * sigmoid(x @ proj.R)

component start {{ state W1 : [d, h] ~ xavier(); state W2 : [h, d] ~ xavier() }}
component M : like start = start per B every chunk reset every sequence to start {{
  map (q) = q + silu(q @ W1) @ W2
  minimize mean((M(key[token]) - value[token])^2) by gd(lr = rate[token], retain = 0.99)
}}
loss = mse(collect(M(query[token])), y)
train proj, start minimize loss by gd(lr = 1.0)
metric loss
"""

Step = Callable[[Tensor, Tensor], tuple[Tensor, dict[str, Tensor]]]
"""A step on x and y: the loss, and the states after it."""


LEARNED = ("proj.K", "proj.V", "proj.Q", "proj.R", "start.W1", "start.W2")


def ours(backend: str) -> Step:
    """The step of the compiled system."""
    module = nlgraph.compile(nlgraph.loads(SYSTEM), backend=backend)

    def step(x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        loss = module.step(x=x, y=y)["loss"]
        return loss, {name: module.state[name] for name in LEARNED}

    return step


def by_hand() -> Step:
    """The same step in plain torch."""
    states = nlgraph.compile(nlgraph.loads(SYSTEM), backend="eager").state
    leaves = {name: states[name].clone().requires_grad_() for name in LEARNED}

    def step(x: Tensor, y: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        K, V, Q, R, start1, start2 = leaves.values()  # noqa: N806 - the papers' names
        key, value, query = x @ K, x @ V, x @ Q
        rate = 0.1 * torch.sigmoid(x @ R)
        W1, W2 = (s.expand(BATCH, -1, -1) for s in (start1, start2))  # noqa: N806 - the papers' names
        read = []
        for i in range(0, TICKS, CHUNK):
            k, v, q, lr = (z[:, i : i + CHUNK] for z in (key, value, query, rate))
            read.append(q + torch.nn.functional.silu(q @ W1) @ W2)
            fast1, fast2 = W1.view_as(W1), W2.view_as(W2)
            error = k + torch.nn.functional.silu(k @ fast1) @ fast2 - v
            objective = (lr * error.square().mean(-1, keepdim=True)).sum()
            g1, g2 = torch.autograd.grad(objective, (fast1, fast2), create_graph=True)
            W1, W2 = 0.99 * W1 - g1, 0.99 * W2 - g2  # noqa: N806 - the papers' names
        loss = torch.nn.functional.mse_loss(torch.cat(read, 1), y)
        gradients = torch.autograd.grad(loss, list(leaves.values()))
        with torch.no_grad():
            for leaf, g in zip(leaves.values(), gradients, strict=True):
                leaf -= g
        return loss, {name: leaf.detach() for name, leaf in leaves.items()}

    return step


def main(rounds: int) -> int:
    """Compare values, then time; the exit status is 1 where it is slower than asked."""
    torch.set_num_threads(1)
    steps = {"reference": ours("reference"), "by hand": by_hand(), "nlgraph": ours("eager")}
    generator = torch.Generator().manual_seed(0)
    x, y = (torch.randn(BATCH, TICKS, WIDTH, generator=generator) for _ in range(2))
    results = {name: step(x, y) for name, step in steps.items()}
    for name in ASKED:
        torch.testing.assert_close(results["nlgraph"], results[name], rtol=1e-4, atol=1e-5)
    times: dict[str, list[float]] = {name: [] for name in steps}
    for turn in range(rounds):
        for name, step in steps.items():
            if name == "reference" and turn:
                continue  # it takes most of a minute
            began = time.perf_counter()
            step(x, y)
            times[name].append(time.perf_counter() - began)
    sizes = f"{BATCH} sequences of {TICKS} tokens"
    sys.stdout.write(f"one step of {sizes}, torch {torch.__version__}, one thread\n")
    for name, found in times.items():
        sys.stdout.write(f"{name:10} {1000 * statistics.median(found):8.1f} ms\n")
    slow = False
    for name, asked in ASKED.items():
        pairs = zip(times[name], times["nlgraph"], strict=False)
        ratio = statistics.median(theirs / mine for theirs, mine in pairs)
        sys.stdout.write(f"{ratio:6.2f} times as fast as {name} (asked: {asked})\n")
        slow |= ratio < asked
    return int(slow)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS))
