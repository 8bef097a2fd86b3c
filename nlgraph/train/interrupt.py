"""Ctrl-C and SIGTERM: the tick under way is ended first, unless they come twice."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether the user asked to stop.

    While `patient`, the first signal is only noted, in `asked`. Any other raises KeyboardInterrupt
    where the program stands.
    """

    def __init__(self) -> None:
        """Nobody has asked."""
        self.patient = False
        self.asked = False

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del number, frame
        if self.patient and not self.asked:
            self.asked = True
            return
        raise KeyboardInterrupt


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take SIGINT and SIGTERM inside the block. Only a process's main thread can."""
    taken = Interrupts()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in before:
        signal.signal(number, taken.handle)
    try:
        yield taken
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
