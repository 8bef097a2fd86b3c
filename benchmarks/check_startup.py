"""How long `nlgraph check` of a 100-line spec takes, against the imports that it cannot do without.

The whole process is timed, in turns, and the medians compared. The claim: at most 1.5 times
`python -c "import networkx, lark, pydantic"`. Run it with bytecode written (not with
PYTHONDONTWRITEBYTECODE), or both sides mostly compile.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
BOUND = 1.5

HEAD = """
use std.optim (adamw, clip_norm)
dim B = 32, d = 64, classes = 10
clock step
input x : [B, d] every step
input y : int[B] every step
"""

LAYER = """
component layer{i} {{
  state W : [d, d] ~ kaiming()
  state b : [d] = 0
  map (u) = u + relu(u @ W + b)
}}
z{i} = layer{i}({before})
"""

TAIL = """
component head : [d, classes] ~ xavier()
logits = z{last} @ head
loss = cross_entropy(logits, y)
train rest minimize loss by clip_norm(1.0) then adamw(lr = 1e-3)
output logits
metric accuracy = mean(argmax(logits, -1) == y)
"""


def spec(lines: int) -> str:
    """A classifier with residual layers, as many as fit into so many lines."""
    layers = (lines - HEAD.count("\n") - TAIL.count("\n")) // (LAYER.count("\n") - 1)
    blocks = [
        LAYER.format(i=i, before=f"z{i - 1}" if i > 1 else "x").lstrip("\n")
        for i in range(1, layers + 1)
    ]
    return HEAD.lstrip("\n") + "".join(blocks) + TAIL.format(last=layers).lstrip("\n")


def seconds(command: list[str]) -> float:
    """How long a command takes."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def main() -> None:
    """Time both, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "spec.nl")
        file.write_text(spec(100))
        check = [sys.executable, "-m", "nlgraph", "check", str(file)]
        imports = [sys.executable, "-c", "import networkx, lark, pydantic"]
        seconds(check), seconds(imports)
        pairs = [(seconds(check), seconds(imports)) for _ in range(RUNS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = ours / theirs
    sys.stdout.write(
        f"check of {len(spec(100).splitlines())} lines: {ours * 1e3:.0f} ms; imports alone: "
        f"{theirs * 1e3:.0f} ms; ratio {ratio:.2f} (at most {BOUND})\n"
    )
    sys.exit(ratio > BOUND)


if __name__ == "__main__":
    main()
