"""Lines of Python, as formatters would lay them out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

WIDTH = 100
_STEP = "    "


class Writer:
    """Lines, each as deep as it stands."""

    def __init__(self, depth: int = 0) -> None:
        """Start with no line."""
        self.lines: list[str] = []
        self.depth = depth

    @property
    def room(self) -> int:
        """How many columns a line has here."""
        return WIDTH - len(_STEP) * self.depth

    def line(self, text: str = "", comment: str = "") -> None:
        """A line, with a comment where there is room for it, or else for what it says last."""
        for said in dict.fromkeys((comment, comment.rpartition("], ")[2])):
            if said and len(text) + len(said) + 4 <= self.room:
                text = f"{text}  # {said}"
                break
        if text or not (self.lines and not self.lines[-1]):
            self.lines.append(_STEP * self.depth + text if text else "")

    @contextmanager
    def block(self, head: str, comment: str = "") -> Iterator[None]:
        """What stands below a head; where nothing does, there is no head, either."""
        self.line(head, comment)
        begun = len(self.lines)
        self.depth += 1
        yield
        self.depth -= 1
        if len(self.lines) == begun:
            self.lines.pop()

    def bracketed(
        self, head: str, items: Sequence[str], tail: str, comment: str = "", *, tuple_: bool = False
    ) -> None:
        """`head item, item tail` on one line, or where this is too long one item a line.

        `tuple_` says that one item alone needs its comma.
        """
        comma = "," if tuple_ and len(items) == 1 else ""
        whole = f"{head}{', '.join(items)}{comma}{tail}"
        if len(whole) <= self.room:
            self.line(whole, comment)
            return
        self.line(head, comment)
        self.depth += 1
        for item in items:
            self.line(f"{item},")
        self.depth -= 1
        self.line(tail)

    def comment(self, text: str) -> None:
        """A comment on lines of its own, broken at spaces."""
        line = "#"
        for word in text.split(" "):
            if len(line) + 1 + len(word) > self.room and line != "#":
                self.line(line)
                line = "#"
            line += f" {word}"
        self.line(line)
