"""Where a value is read: as the system runs, inside a gradient, with states replaced.

A scope stands inside another one and says only what it changes; a value that reads nothing of this
is the one of the scope around.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nlgraph.schedule.draft import RegionDraft
from nlgraph.schedule.model import Arg
from nlgraph.schedule.value import Value, parts_first

Found = Arg | Mapping[Value, Arg]
"""What a value became: an arg, or for a gradient one for each target."""

Kind = Literal["root", "inside", "replaced", "unfolded"]


class Scope:
    """A scope, with every value that was found in it.

    `inside` a gradient its targets are the inputs of a region, and `results` its derivatives; in a
    `replaced` one states are other values; in an `unfolded` one primed states stand for their
    updates.
    """

    def __init__(
        self,
        kind: Kind,
        region: RegionDraft,
        around: Scope | None = None,
        fixed: Mapping[Value, Arg] | None = None,
        made_by: Value | None = None,
    ) -> None:
        """Stand inside another scope, or be the root."""
        self.kind = kind
        self.region = region
        self.around = around
        self.fixed = dict(fixed or {})
        self.made_by = made_by
        self.found: dict[Value, Found] = {}
        self.scopes: dict[tuple[Kind, Value | None], Scope] = {}
        self.results: tuple[Arg, ...] = ()
        self.tracked: bool = kind == "inside" or (around is not None and around.tracked)
        self.replaces: bool = kind == "replaced" or (around is not None and around.replaces)
        self._reads: dict[Value, bool] = {}

    def changes(self, root: Value) -> bool:
        """Whether a value may be another one here than in the scope around."""
        if self.kind == "root":
            return True
        for value in parts_first([root], lambda v: () if v in self._reads else v.parts):
            if value not in self._reads:
                if self.kind == "unfolded":
                    here = value.form == "primed"
                else:
                    here = value in self.fixed or (self.tracked and _unfolds(value))
                self._reads[value] = here or any(self._reads[part] for part in value.parts)
        return self._reads[root]

    def targets(self) -> set[Value]:
        """All that the gradients around are taken by."""
        found: set[Value] = set()
        scope: Scope | None = self
        while scope is not None:
            if scope.kind == "inside":
                found.update(scope.fixed)
            scope = scope.around
        return found


def _unfolds(value: Value) -> bool:
    """Whether a `with` replaces states by updates: what these read does not stand in the value."""
    return value.form == "with" and any(
        part.form == "primed"
        for _, replacement in value.replaced
        for part in parts_first([replacement])
    )
