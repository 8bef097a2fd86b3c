"""`metrics.jsonl`: one object a line, one line a tick; and the same for TensorBoard."""

from __future__ import annotations

import json
import math
import os
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from nlgraph.train.events import Events
from nlgraph.train.files import write_whole

EVENTS = "tensorboard"

HELD_OUT = "holdout_"
"""Goes before the name of a metric on the items that are held apart."""


class MetricsFile:
    """Appends lines, and beside the file TensorBoard's points.

    What is not finite is written as null, since JSON has no word for it.
    """

    def __init__(self, file: Path) -> None:
        """Open a file at its end."""
        self._file = file
        self._stream = file.open("a", encoding="utf-8", buffering=1)
        self._events = _events_beside(file)

    def write(self, tick: int, values: Mapping[str, float]) -> None:
        """Write the line of a tick."""
        finite = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._stream.write(json.dumps({"tick": tick, **finite}, ensure_ascii=False) + "\n")
        self._events.write(tick, finite)

    def end_before(self, tick: int) -> None:
        """Take away the lines of a tick and of those after it; no more are written."""
        self._close()
        cut_metrics(self._file, tick - 1)
        _events_beside(self._file).close()

    def flush(self) -> None:
        """Make what was written last."""
        os.fsync(self._stream.fileno())
        self._events.flush()

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
        self._close()

    def _close(self) -> None:
        try:
            self._stream.close()
        finally:
            self._events.close()


def cut_metrics(file: Path, tick: int) -> None:
    """Take away the lines after a tick, which a resumed run writes anew.

    What the last line says of held-out items goes too: it belongs to where a run ends.
    """
    if not file.exists():
        return
    kept: list[str] = []
    for values in _lines(file):
        if values["tick"] > tick:
            break
        told = {name: value for name, value in values.items() if not _is_held_out(name, values)}
        kept.append(json.dumps(told, ensure_ascii=False) + "\n")
    write_whole(file, "".join(kept).encode())


def read_last(file: Path) -> Mapping[str, float | None]:
    """The values of the last line; empty where there is none."""
    last = deque(_lines(file), maxlen=1)
    return last[0] if last else {}


def _lines(file: Path) -> Iterator[Mapping[str, Any]]:
    """The lines of a file, up to the first that was not written whole."""
    if not file.exists():
        return
    with file.open(encoding="utf-8", errors="replace") as stream:
        for line in stream:
            try:
                values = json.loads(line)
            except ValueError:
                return
            if not isinstance(values, dict) or not isinstance(values.get("tick"), int):
                return
            yield values


def _events_beside(file: Path) -> Events:
    return Events(file.with_name(EVENTS), _lines(file))


def _is_held_out(name: str, values: Mapping[str, object]) -> bool:
    return name.startswith(HELD_OUT) and name.removeprefix(HELD_OUT) in values
