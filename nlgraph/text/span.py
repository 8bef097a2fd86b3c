"""Places in a source, and how a value came from them."""

from __future__ import annotations

from dataclasses import dataclass

from nlgraph.text.source import Source


@dataclass(frozen=True, slots=True)
class Span:
    """The characters `start` to `end` (exclusive) of a source."""

    source: Source
    start: int
    end: int

    @property
    def line(self) -> int:
        """The line on which the span starts, from 1."""
        return self.source.position(self.start)[0]

    @property
    def column(self) -> int:
        """The column at which the span starts, from 1."""
        return self.source.position(self.start)[1]

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was written, and for an expanded one the place that asked for the expansion.

    The value of `W' = W - lr * m'` inside `std/optim.nl` has its span there and, as `via`, the
    origin of the `by adamw(…)` in the user's file.
    """

    span: Span
    via: Origin | None = None

    @property
    def depth(self) -> int:
        """How many expansions lie between the user's file and this value."""
        count, origin = 0, self
        while origin.via is not None:
            count, origin = count + 1, origin.via
        return count

    @property
    def is_looping(self) -> bool:
        """Whether the place itself asked for the expansion that it stands in."""
        origin = self.via
        while origin is not None:
            if origin.span == self.span:
                return True
            origin = origin.via
        return False

    @property
    def user(self) -> Span:
        """The outermost place: the line in the file that the user gave."""
        origin = self
        while origin.via is not None:
            origin = origin.via
        return origin.span
