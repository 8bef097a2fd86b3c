"""What shape inference finds: a table beside the equations, never inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import TensorType
from nlgraph.system.flat import Row, flatten, unflatten
from nlgraph.system.ids import SignalId, StateId
from nlgraph.system.model import Expr

Hidden = tuple[str, ...]
"""The dims that an expression is seen without, since it is evaluated copy by copy: the `per` of the
component in which it stands, then those that each PerCopy around it adds."""

Typed = tuple[Expr, Hidden]
"""An expression in the context in which it is read."""


@dataclass(frozen=True, slots=True, eq=False)
class Shaped:
    """The clocked equations with a type for every value.

    `states` and `signals` are as seen from inside their component, without its `per` dims (from
    outside these stand in front). `types` has every expression in each context that it is read
    in; a fault leaves None. `constants` has the values of those that are known when compiling. A
    `where` with a condition among them is its chosen branch, and the other one has no types.
    """

    clocked: Clocked
    states: Mapping[StateId, TensorType | None]
    signals: Mapping[SignalId, TensorType | None]
    types: Mapping[Typed, TensorType | None]
    constants: Mapping[Typed, int | float | bool]

    def type_of(self, expr: Expr, hidden: Hidden = ()) -> TensorType:
        """The type of an expression of a system without faults."""
        found = self.types[expr, hidden]
        assert found is not None, "a system with faults is never compiled"
        return found

    def __reduce__(self) -> tuple[Callable[[tuple[Row, ...]], Shaped], tuple[tuple[Row, ...]]]:
        """Pickle flat, since the expressions may be thousands deep."""
        return _unpickle, (flatten(tuple(getattr(self, field.name) for field in fields(self))),)


def _unpickle(rows: tuple[Row, ...]) -> Shaped:
    return Shaped(*unflatten(rows))
