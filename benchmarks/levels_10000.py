"""How long the front end takes for 10,000 components, from the text to the levels.

Two systems: a chain, in which each component needs the one before at the same tick (10,000 levels),
and a net of 10,000 weights under one loss (with their moments, 20,000 components in 2 levels).
"""

from __future__ import annotations

import sys
import time

import nlgraph

COUNT = 10_000

CHAIN = f"""
clock step
input x : [4] every step
component a[0] : [4] = 0 {{ a[0]' = a[0] + x }}
for i in 1 .. {COUNT - 1} {{
  component a[i] : [4] = 0 {{ a[i]' = 0.5 * a[i] + a[i - 1]' }}
}}
output y = a[{COUNT - 1}]
"""

NET = f"""
use std.optim (momentum)
dim B = 8, d = 4
clock step
input x, y : [B, d] every step
for i in 1 .. {COUNT // 2} {{ component w[i] : [d] = 0 }}
for i in 1 .. {COUNT // 2} {{ z[i] = x * w[i] }}
loss = mse(sum(stack(z), 0), y)
train w minimize loss by momentum(lr = 0.1)
output loss
"""


def main() -> None:
    """Time both."""
    for name, text in (("chain", CHAIN), ("net", NET)):
        began = time.perf_counter()
        system = nlgraph.loads(text)
        took = time.perf_counter() - began
        sys.stdout.write(
            f"{name}: {len(system.components):,} components in {len(system.levels):,} levels, "
            f"{took:.1f} s\n"
        )


if __name__ == "__main__":
    main()
