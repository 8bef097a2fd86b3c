"""How a run shows itself while it runs: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_REDRAWN = 0.1
"""Seconds between two drawings of the bar."""

_LINES = 10
"""Plain lines in a run, besides the first."""


class View(Protocol):
    """What a run tells while it runs."""

    def __enter__(self) -> Self:
        """Begin to show."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the terminal as it should be."""
        ...

    def tick(self, tick: int, values: Mapping[str, float]) -> None:
        """A root tick is done."""
        ...

    def note(self, text: str) -> None:
        """Something that the user should know."""
        ...


class Bar:
    """A bar with ticks, speed, time left, loss and metrics, redrawn in place."""

    def __init__(self, stream: TextIO, *, first: int, steps: int, colour: bool) -> None:
        """A bar that begins after `first` of `steps` ticks are done."""
        self._speed = _Speed(first)
        self._drawn = 0.0
        self._bar, self._task = _make_bar(stream, first=first, steps=steps, colour=colour)

    def __enter__(self) -> Self:
        """Draw the empty bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Draw the last state, and leave it."""
        self._bar.refresh()
        self._bar.stop()

    def tick(self, tick: int, values: Mapping[str, float]) -> None:
        """Move the bar; it is drawn some times a second."""
        now = time.monotonic()
        told = f"{rate(self._speed.at(tick))}/s  {_told(values)}"
        self._bar.update(self._task, completed=tick, told=told)
        if now - self._drawn >= _REDRAWN:
            self._drawn = now
            self._bar.refresh()

    def note(self, text: str) -> None:
        """Write a line above the bar."""
        self._bar.console.print(f"note: {text}", markup=False, highlight=False)


class Lines:
    """A line for the first tick, and one for each tenth of the run."""

    def __init__(self, stream: TextIO, *, first: int, steps: int) -> None:
        """Lines for the ticks after `first` up to `steps`."""
        self._stream = stream
        self._steps = steps
        self._first = first
        self._speed = _Speed(first)

    def __enter__(self) -> Self:
        """Nothing is shown before the first tick."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is left to be cleared."""

    def tick(self, tick: int, values: Mapping[str, float]) -> None:
        """Write a line where one is due."""
        speed = self._speed.at(tick)
        done = tick - self._first
        ahead = self._steps - self._first
        if done == 1 or done * _LINES // ahead > (done - 1) * _LINES // ahead:
            width = len(str(self._steps))
            line = f"{tick:>{width}}/{self._steps}  {_told(values)}  {rate(speed)}/s"
            self._stream.write(line + "\n")
            self._stream.flush()

    def note(self, text: str) -> None:
        """Write a line."""
        self._stream.write(f"note: {text}\n")
        self._stream.flush()


class _Speed:
    """Ticks a second, since the first one was done (it also builds graphs)."""

    def __init__(self, first: int) -> None:
        self._from = (first, time.monotonic())
        self._is_warm = False

    def at(self, tick: int) -> float:
        now = time.monotonic()
        if not self._is_warm:
            self._is_warm = True
            speed = 1 / max(now - self._from[1], 1e-9)
            self._from = (tick, now)
            return speed
        return (tick - self._from[0]) / max(now - self._from[1], 1e-9)


def rate(speed: float) -> str:
    """A speed in ticks a second: `1,060`, or `0.37` where they are slow."""
    return f"{speed:,.0f}" if speed >= 10 else f"{speed:.2g}"


def _told(values: Mapping[str, float]) -> str:
    return "  ".join(f"{name} {value:.4g}" for name, value in values.items())


def _make_bar(stream: TextIO, *, first: int, steps: int, colour: bool) -> tuple[Progress, TaskID]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(file=stream, no_color=not colour, force_terminal=True)
    bar = Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
        TimeRemainingColumn(compact=True),
        TextColumn("left "),
        TextColumn("{task.fields[told]}", markup=False),
        console=console,
        auto_refresh=False,
    )
    task = bar.add_task("", total=steps, completed=first, told="")
    return bar, task
