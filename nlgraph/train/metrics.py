"""`metrics.jsonl`: one object a line, one line a tick."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from nlgraph.train.files import write_whole

HELD_OUT = "holdout_"
"""Goes before the name of a metric on the items that are held apart."""


class MetricsFile:
    """Appends lines; what is not finite is written as null, since JSON has no word for it."""

    def __init__(self, file: Path) -> None:
        """Open a file at its end."""
        self._file = file
        self._stream = file.open("a", encoding="utf-8", buffering=1)

    def write(self, tick: int, values: Mapping[str, float]) -> None:
        """Write the line of a tick."""
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._stream.write(json.dumps({"tick": tick, **finite}, ensure_ascii=False) + "\n")

    def end_before(self, tick: int) -> None:
        """Take away the lines of a tick and of those after it; no more are written."""
        self._stream.close()
        cut_metrics(self._file, tick - 1)

    def flush(self) -> None:
        """Make what was written last."""
        os.fsync(self._stream.fileno())

    def __enter__(self) -> Self:
        """Close it at the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self._stream.close()


def cut_metrics(file: Path, tick: int) -> None:
    """Take away the lines after a tick, which a resumed run writes anew.

    What the last line says of held-out items goes too: it belongs to where a run ends.
    """
    if not file.exists():
        return
    kept: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            values = json.loads(line)
            if values["tick"] > tick:
                break
        except (ValueError, TypeError, KeyError):
            break
        told = {name: value for name, value in values.items() if not _is_held_out(name, values)}
        kept.append(json.dumps(told, ensure_ascii=False) + "\n")
    write_whole(file, "".join(kept).encode())


def read_last(file: Path) -> Mapping[str, float | None]:
    """The values of the last line; empty where there is none."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return {} if not lines else {str(name): value for name, value in json.loads(lines[-1]).items()}


def _is_held_out(name: str, values: Mapping[str, object]) -> bool:
    return name.startswith(HELD_OUT) and name.removeprefix(HELD_OUT) in values
