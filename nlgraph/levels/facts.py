"""What users are told of a component beside its level."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from nlgraph.clocks.model import Clocked
from nlgraph.ops.types import Dim, TensorType
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ComponentId, StateId

Kind = Literal["parametric", "non-parametric", "frozen"]


def kind_of(clocked: Clocked, name: ComponentId) -> Kind:
    """What a component's frequency makes it."""
    frequency = clocked.frequency(name)
    if frequency is None:
        return "non-parametric"
    return "parametric" if frequency else "frozen"


def states_of(shaped: Shaped, name: ComponentId) -> Mapping[StateId, TensorType]:
    """The types of a component's states as they are seen from outside: `per` in front."""
    equations = shaped.clocked.equations
    component = equations.components[name]
    per = tuple(Dim(dim, equations.dims.get(dim)) for dim in component.per)
    found: dict[StateId, TensorType] = {}
    for state in component.states:
        inner = shaped.states[state]
        if inner is not None:
            found[state] = TensorType(inner.dtype, (*per, *inner.dims))
    return found
