"""Where a value is read: as the system runs, inside a gradient, with states replaced, in a loop.

A scope stands inside another one and says only what it changes; a value that reads nothing of this
is the one of the scope around.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nlgraph.schedule.draft import LoopDraft, RegionDraft
from nlgraph.schedule.model import Arg
from nlgraph.schedule.moving import Motion, Moving
from nlgraph.schedule.value import Period, Value, parts_first

Found = Arg | Mapping[Value, Arg]
"""What a value became: an arg, or for a gradient one for each target."""

Kind = Literal["root", "inside", "replaced", "unfolded", "turn"]


class Scope:
    """A scope, with every value that was found in it.

    `inside` a gradient its targets are the inputs of a region, and `results` its derivatives; in
    a `replaced` one states are other values; in an `unfolded` one primed states stand for their
    updates; a `turn` is that of a loop, of those that move in `knot`. All ticks of a scope's
    `frame`, a length in root ticks, are seen at once. What is reset at `span` or faster lives in
    the tick of a gradient or of a replacement.
    """

    def __init__(
        self,
        kind: Kind,
        region: RegionDraft,
        motion: Motion,
        around: Scope | None = None,
        fixed: Mapping[Value, Arg] | None = None,
        made_by: Value | None = None,
        *,
        frame: Period = 1,
        span: Period | None = None,
        knot: tuple[Moving, ...] = (),
    ) -> None:
        """Stand inside another scope, or be the root."""
        self.kind = kind
        self.region = region
        self.motion = motion
        self.around = around
        self.fixed = dict(fixed or {})
        self.made_by = made_by
        self.frame = frame
        self.span = span
        self.knot = frozenset(moving.of for moving in knot)
        self.begun: dict[Value, Arg] = {}
        self.loop: LoopDraft | None = None
        self.found: dict[Value, Found] = {}
        self.scopes: dict[tuple[Kind, Value | None], Scope] = {}
        self.turns: dict[Value, Scope] = {}
        self.results: tuple[Arg, ...] = ()
        self.tracked: bool = kind == "inside" or (around is not None and around.tracked)
        self.replaces: bool = kind == "replaced" or (around is not None and around.replaces)
        self._reads: dict[Value, bool] = {}
        self._started: set[Value] = set()

    def changes(self, root: Value) -> bool:
        """Whether a value may be another one here than in the scope around."""
        if self.kind == "root":
            return True
        if root not in self._reads:
            self._look(root)
        return self._reads[root]

    def active(self, moving: Moving) -> bool:
        """Whether something moves here, and is not only seen from outside."""
        if self.kind == "root":
            return True
        if self.kind in ("inside", "replaced"):
            return self.span is not None and moving.lives_within(self.span)
        assert self.around is not None, "only the root stands in nothing"
        return self.around.active(moving)

    @property
    def activity(self) -> object:
        """What stands for all that is active here."""
        if self.kind in ("root", "inside", "replaced"):
            return self.span
        assert self.around is not None, "only the root stands in nothing"
        return self.around.activity

    def targets(self) -> set[Value]:
        """All that the gradients around are taken by."""
        found: set[Value] = set()
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == "inside":
                found.update(scope.fixed)
            scope = scope.around
        return found

    def _look(self, root: Value) -> None:
        """Decide for all that a value needs; over what moves, these may need each other.

        What something starts with is another value in each turn of a loop. That alone makes what
        starts with it no other one: its own turns are seen from outside.
        """
        readers: dict[Value, list[Value]] = {}
        queue: list[Value] = []
        starts: list[Value] = []
        order = list(parts_first([root], lambda v: () if v in self._reads else self._needs(v)))
        for value in order:
            if value in self._started or self._starts(value):
                starts.append(value)
            elif self._reads.get(value) or self._is_here(value):
                queue.append(value)
            for need in () if value in self._reads else self._needs(value):
                readers.setdefault(need, []).append(value)
        for value in order:
            self._reads.setdefault(value, False)
        while queue:
            value = queue.pop()
            self._reads[value] = True
            queue.extend(r for r in readers.get(value, ()) if not self._reads[r])
        while starts:
            value = starts.pop()
            self._reads[value] = True
            self._started.add(value)
            more = (r for r in readers.get(value, ()) if not self._reads[r])
            starts.extend(r for r in more if r.form not in ("state", "prev"))

    def _needs(self, value: Value) -> tuple[Value, ...]:
        if value in self.fixed or (value.form in ("state", "prev") and self._rests(value)):
            return ()
        if self.kind == "inside" and value.form in ("stop", "hold"):
            return ()  # what is in it is read outside
        return self.motion.needs(value, active=self.active)

    def _rests(self, value: Value) -> bool:
        """Whether something does not move in the frame around a turn."""
        if self.kind != "turn" or self.around is None:
            return False
        moving = self.motion.of(value)
        return moving is None or moving.period >= self.around.frame

    def _starts(self, value: Value) -> bool:
        """Whether a value is what something starts with in each turn."""
        return self.kind == "turn" and value.form == "begun" and not self._rests(value)

    def _is_here(self, value: Value) -> bool:
        if value in self.fixed or value in self.knot:
            return True
        if self.kind == "inside" and value.form == "hold":
            return True  # it is held for this gradient, and for no other one
        if self.kind == "unfolded":
            return value.form in ("primed", "seen")
        return self.tracked and self.kind != "turn" and _unfolds(value)


def _unfolds(value: Value) -> bool:
    """Whether a `with` replaces states by updates: what these read does not stand in the value."""
    return value.form == "with" and any(
        part.form == "primed"
        for _, replacement in value.replaced
        for part in parts_first([replacement])
    )
