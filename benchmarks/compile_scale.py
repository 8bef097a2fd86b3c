"""How long it takes to compile systems of n layers, and the memory that it takes.

`loss`: a chain of layers under one loss, learned by Adam; `clipped`: with the norm of all gradients
clipped; `alone`: each layer with a loss of its own; `local`: a chain in which each layer has its
own loss; `chain`: components without weights, each of which needs the one before at the same tick.
Each is compiled in a process of its own. All times should double with n.

    python benchmarks/compile_scale.py [N ...]
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

COUNTS = (200, 400, 800, 1600, 3000)

LAYERS = """
use std.optim (adam, clip_norm)
use std.blocks (mlp)
dim B = 4, d = 8
clock step
input x, y : [B, d] every step
for i in 1 .. {n} {{ component layer[i] = mlp(8, 8) }}
z[0] = x
"""
LOSS = """
for i in 1 .. {n} {{ z[i] = layer[i](z[i - 1]) }}
loss = mse(z[{n}], y)
train layer minimize loss by adam()
output loss
"""
SYSTEMS = {
    "loss": LAYERS + LOSS,
    "clipped": LAYERS + LOSS.replace("by adam", "by clip_norm(1) then adam"),
    "alone": LAYERS
    + """
for i in 1 .. {n} {{ loss[i] = mse(layer[i](x), y) }}
for i in 1 .. {n} {{ train layer[i] minimize loss[i] by adam() }}
output total = sum(stack(loss), 0)
""",
    "local": LAYERS
    + """
for i in 1 .. {n} {{ z[i] = layer[i](stop(z[i - 1])) }}
for i in 1 .. {n} {{ train layer[i] minimize mse(z[i], y) by adam() }}
output last = z[{n}]
""",
    "chain": """
clock step
input x : [4] every step
component a[0] : [4] = 0 {{ a[0]' = a[0] + x }}
for i in 1 .. {n} {{ component a[i] : [4] = 0 {{ a[i]' = 0.5 * a[i] + a[i - 1]' }} }}
output last = a[{n}]
""",
}


def measure(name: str, count: int) -> str:
    """A line of the table: seconds to load and to compile, and megabytes at most."""
    import nlgraph

    began = time.process_time()
    system = nlgraph.loads(SYSTEMS[name].format(n=count))
    loaded = time.process_time()
    nlgraph.compile(system)
    compiled = time.process_time()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return f"{name:8} {count:5} {loaded - began:8.1f} s {compiled - loaded:8.1f} s {memory:6.0f} MB"


def main(args: list[str]) -> None:
    """Print the table, or one line of it where a system is named."""
    if args and args[0] in SYSTEMS:
        sys.stdout.write(measure(args[0], int(args[1])) + "\n")
        return
    sys.stdout.write(f"{'system':8} {'n':>5} {'load':>10} {'compile':>10} {'memory':>9}\n")
    sys.stdout.flush()
    for name in SYSTEMS:
        for count in map(int, args) if args else COUNTS:
            subprocess.run([sys.executable, __file__, name, str(count)], check=True)


if __name__ == "__main__":
    main(sys.argv[1:])
