"""TensorBoard's event files: the same series as `metrics.jsonl`."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tensorboardX.event_file_writer import EventsWriter

_FLUSHED = 2.0
"""Seconds between two times that what was written can be seen."""


class Events:
    """One event file, written anew from what the metrics' lines say; then a point at a time.

    So a run that is resumed has no point twice, and none that was taken back. It is written where
    the program stands, not by a thread: a full disk is an error like any other.
    """

    def __init__(self, folder: Path, lines: Iterable[Mapping[str, Any]]) -> None:
        """Write the points of the lines that are there, in place of older event files.

        Raises:
            OSError: the folder cannot be written to.
        """
        folder.mkdir(exist_ok=True)
        for old in folder.glob("events.out.tfevents.*"):
            old.unlink()
        self._writer = _open(folder)
        self._flushed = time.monotonic()
        self._closed = False
        for line in lines:
            self._add(line["tick"], {name: v for name, v in line.items() if name != "tick"})

    def write(self, tick: int, values: Mapping[str, float | None]) -> None:
        """Write the points of a tick; there is none for what is not finite (None)."""
        self._add(tick, values)
        if time.monotonic() - self._flushed >= _FLUSHED:
            self.flush()

    def flush(self) -> None:
        """Let what was written be seen."""
        self._writer.flush()
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Close the file; once is enough."""
        if not self._closed:
            self._closed = True
            self._writer.close()

    def _add(self, tick: int, values: Mapping[str, float | None]) -> None:
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary

        points = [
            Summary.Value(tag=name, simple_value=value)
            for name, value in values.items()
            if value is not None
        ]
        if points:
            summary = Summary(value=points)
            self._writer.write_event(Event(wall_time=time.time(), step=tick, summary=summary))


def _open(folder: Path) -> EventsWriter:
    from tensorboardX.event_file_writer import EventsWriter

    return EventsWriter(str(folder / "events"))
