"""The tables that grow while shapes are inferred, and what faults are found."""

from __future__ import annotations

from dataclasses import dataclass, field

from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Diagnostic
from nlgraph.ops.types import TensorType
from nlgraph.shapes.model import Hidden, Typed
from nlgraph.system.ids import ComponentId, SignalId, StateId
from nlgraph.system.model import Expr, Prev, State
from nlgraph.text.span import Span


@dataclass(slots=True, eq=False)
class Table:
    """Types by expression and context, and what is known of those that depend on themselves.

    `open` are the `prev`s through which a signal reads itself; `assumed` what their value was
    found to be in the round before. `results` are those of calls without attributes: a system has
    few types and many calls.
    """

    clocked: Clocked
    types: dict[Typed, TensorType | None] = field(default_factory=dict)
    constants: dict[Typed, int | float | bool] = field(default_factory=dict)
    open: dict[Typed, Prev] = field(default_factory=dict)
    assumed: dict[Typed, TensorType | None] = field(default_factory=dict)
    results: dict[tuple[str, tuple[TensorType, ...]], TensorType] = field(default_factory=dict)
    faults: dict[tuple[str, tuple[Span, ...]], Diagnostic] = field(default_factory=dict)

    def per(self, component: ComponentId | None) -> tuple[str, ...]:
        """The dims for each index of which a component has a copy."""
        if component is None:
            return ()
        return self.clocked.equations.components[component].per

    def signal_key(self, signal: SignalId) -> Typed:
        """A signal's expression, in the context in which it stands."""
        found = self.clocked.equations.signals[signal]
        return found.value, self.per(found.host)

    def like_key(self, state: State) -> Typed | None:
        """The expression that a state is like, in its component's context."""
        return None if state.like is None else (state.like, self.per(state.component))

    def state_type(self, state: StateId) -> TensorType | None:
        """A state's type, without its component's `per` dims."""
        found = self.clocked.equations.states[state]
        key = self.like_key(found)
        if key is None:
            return found.type
        like = self.types.get(key)
        return None if like is None or like.is_number else like

    def type_of(self, expr: Expr, hidden: Hidden) -> TensorType | None:
        """The type that was found for an expression."""
        return self.types.get((expr, hidden))

    def fault(self, diagnostic: Diagnostic) -> None:
        """Keep a fault, unless there is one of this kind at this place."""
        places = tuple(label.span for label in diagnostic.labels)
        self.faults.setdefault((diagnostic.code, places), diagnostic)
