"""What units have made that others read: updated states, started ones, values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nlgraph.export.body import Body
from nlgraph.export.code import Code, infix
from nlgraph.export.names import quoted
from nlgraph.schedule.model import Count, Source


@dataclass(frozen=True, slots=True)
class Made:
    """A value: its code, and the period at which it is there.

    `aliases` says whether it may be a live state, `tracked` whether it has a history.
    """

    code: Code
    period: int
    aliases: bool
    tracked: bool


@dataclass(slots=True, eq=False)
class Stores:
    """What the units that have been written made."""

    updated: dict[str, Made] = field(default_factory=dict)
    started: dict[str, Made] = field(default_factory=dict)
    values: dict[tuple[int, str], Made] = field(default_factory=dict)

    def all(self) -> Iterator[Made]:
        """Everything."""
        yield from (*self.updated.values(), *self.started.values(), *self.values.values())

    def made(self, source: Source, period: int) -> Made | None:
        """What a source is, where it is there at every tick of a period."""
        key = str(source.key)
        match source.kind:
            case "value":
                found = self.values.get((source.unit, key))
            case "updated":
                found = self.updated.get(key)
            case "started":
                found = self.started.get(key) or self.updated.get(key)
            case _:
                found = None
        return found if found is not None and period % found.period == 0 else None


class Incoming:
    """The code of what comes into a unit."""

    def __init__(self, body: Body, stores: Stores, period: int) -> None:
        """Nothing has come yet."""
        self.body = body
        self.stores = stores
        self.period = period
        self._counts: dict[Count, str] = {}

    def code(self, source: Source) -> Code:
        """The code of a source."""
        key = source.key
        if isinstance(key, Count):
            return self._count(key)
        match source.kind:
            case "input":
                return Code(self.body.inputs[key])
            case "draw":
                if key not in self.body.draws:
                    self.body.draws[key] = self.body.names.new(key)
                return Code(self.body.draws[key])
            case "initial" if key in self.body.loose:
                if key not in self.body.initials:
                    self.body.initials[key] = self.body.names.new(f"{key}_initial")
                return Code(self.body.initials[key])
            case "initial":
                self.body.reads_state = True
                return Code(f"state[{quoted(f'@initial/{key}')}]")
            case "value":
                return self.stores.values[source.unit, key].code
            case "held":
                return self.held(key)
            case "updated":
                return self._updated(key)
            case _:
                return self._latest(self.stores.started.get(key), "start", key, self._updated(key))

    def held(self, key: str) -> Code:
        """The variable of a state."""
        self.body.read[key] = None
        return Code(self.body.states[key])

    def is_sure(self, source: Source) -> bool:
        """Whether an updated value is there whenever this unit runs."""
        made = self.stores.updated.get(str(source.key))
        return made is not None and self.period % made.period == 0

    def may_be_live(self, source: Source) -> bool:
        """Whether a source may share its storage with a live state."""
        made = self.stores.made(source, self.period)
        return source.kind not in ("input", "draw") if made is None else made.aliases

    def is_tracked(self, source: Source) -> bool:
        """Whether a source has a history, which is not to reach into this unit's gradients."""
        made = self.stores.made(source, self.period)
        if made is not None:
            return made.tracked
        return source.kind not in ("input", "draw", "count") and source.key in self.body.tracked

    def _updated(self, key: str) -> Code:
        return self._latest(self.stores.updated.get(key), "new", key, None)

    def _latest(self, made: Made | None, store: str, key: str, before: Code | None) -> Code:
        """A new value where one is made when this unit runs, else what was before."""
        if made is not None and self.period % made.period == 0:
            return made.code
        before = before or self.held(key)
        return before if made is None else Code(f"{store}.get({quoted(key)}, {before})")

    def _count(self, count: Count) -> Code:
        self.body.reads_tick = True
        tick, one, period = Code("tick"), Code("1"), Code(str(count.period))
        if count.restart is not None:
            since = infix(infix(tick, "-", one), "%", Code(str(count.restart)))
            tick = infix(since, "+", one)
        if count.period == 1:
            return tick
        if self.period % count.period:
            return infix(infix(tick, "+", Code(str(count.period - 1))), "//", period)
        if count not in self._counts:
            self._counts[count] = self.body.names.new("updates")
            line = f"{self._counts[count]} = {infix(tick, '//', period)}"
            self.body.writer.line(line, "this one included")
        return Code(self._counts[count])
