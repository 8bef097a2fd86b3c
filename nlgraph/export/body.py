"""What the statements of a method share."""

from __future__ import annotations

from dataclasses import dataclass, field

from nlgraph.export.labels import Labels
from nlgraph.export.names import Names
from nlgraph.export.tables import Tables
from nlgraph.export.where import Where
from nlgraph.export.writer import Writer
from nlgraph.graph.steps import Step
from nlgraph.system.ids import StateId


@dataclass(slots=True, eq=False)
class Body:
    """The lines of a method, and what its head must bring.

    `inputs`, `states` and `draws` have the variable of each; `read` are the states whose variables
    are read, `tracked` those that have a history, and `leaves` those by which something is
    differentiated. `has_leaf_table` says that these are also read from a dictionary, `leaves`.
    `loop_names` are variables that loops share; `begun` are memories whose variables may be new,
    so that nothing reads them from `state`. `shared` are the states that several units read;
    `loose` those whose number of copies a call brings, and `initials` the variables of their
    initial values.
    """

    writer: Writer
    where: Where
    names: Names
    tables: Tables
    labels: Labels
    inputs: dict[str, str]
    states: dict[str, str]
    read: dict[str, None] = field(default_factory=dict)
    tracked: dict[str, None] = field(default_factory=dict)
    leaves: dict[str, None] = field(default_factory=dict)
    draws: dict[str, str] = field(default_factory=dict)
    loop_names: dict[str, str] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)
    shared: frozenset[str] = frozenset()
    loose: frozenset[StateId] = frozenset()
    initials: dict[str, str] = field(default_factory=dict)
    has_leaf_table: bool = False
    reads_state: bool = False
    reads_tick: bool = False
    in_forward: bool = False

    def kept_names(self) -> tuple[str, ...]:
        """The names that stay taken in all of the method."""
        return (*self.draws.values(), *self.loop_names.values(), *self.initials.values())

    def wanted(self, step: Step) -> str:
        """The name that a statement's variable is to have."""
        return self.labels.wanted(step, hidden=step.tape or self.in_forward)
