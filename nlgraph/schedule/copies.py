"""States and signals as they are seen: inside the copies of a component, and from outside."""

from __future__ import annotations

from nlgraph.ops.types import Dim, TensorType
from nlgraph.schedule.table import Table
from nlgraph.schedule.times import Times
from nlgraph.schedule.value import Form, Value
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.shapes.view import seen
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.text.span import Origin


class Copies(Table, Times):
    """Makes the values of a system's states, and what is seen of values of copies."""

    def __init__(self, shaped: Shaped) -> None:
        """Start with no value."""
        Table.__init__(self)
        Times.__init__(self, shaped)

    def across(self, value: Value, host: ComponentId | None) -> Value:
        """A value of a component as it is seen from outside of its copies."""
        return self._seen(value, self.per(host), ())

    def _seen(self, base: Value, per: Hidden, hidden: Hidden) -> Value:
        """A value of a component with copies, or of none, as it is seen in a context."""
        if base.type.is_number:
            return base
        front = tuple(dim for dim in per if dim not in hidden)
        found = self._in_front(base, front)
        gone = [dim for dim in hidden if dim not in per]
        picked = tuple(d.name for d in base.type.dims if d.name in gone)
        if not picked:
            return found
        type_ = seen(base.type, per, hidden, self.equations.dims)
        return self.make(
            "pick", (found,), (picked, len(front)), type_, base.origin, component=base.component
        )

    def _in_front(self, value: Value, dims: Hidden) -> Value:
        """A value of copies, with their dims in front."""
        if not dims or value.type.is_number:
            return value
        outer = tuple(Dim(name, self.equations.dims[name]) for name in dims)
        type_ = TensorType(value.type.dtype, (*outer, *value.type.dims))
        return self.make("per_copy", (value,), dims, type_, value.origin, component=value.component)

    def state(self, state: StateId, form: Form, origin: Origin) -> Value:
        """A state's value, read in one of its three forms."""
        type_ = self.shaped.states[state]
        assert type_ is not None, "a system with faults is never compiled"
        component = self.equations.states[state].component
        return self.make(form, (), str(state), type_, origin, component=component)
