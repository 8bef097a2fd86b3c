"""The states of a module: their first values, and the mapping that users see."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping

import torch
from torch import Tensor

from nlgraph.diagnostics.suggest import nearest
from nlgraph.module.backends import INITIAL
from nlgraph.module.draws import draw_copies
from nlgraph.module.dtypes import name_of, torch_dtypes
from nlgraph.module.extern import ModuleCall
from nlgraph.module.seeds import generator
from nlgraph.ops.types import TensorType
from nlgraph.reference.facts import Fact, Facts
from nlgraph.reference.initial import initial_values
from nlgraph.reference.plan import Plan
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import StateId
from nlgraph.system.model import Draw
from nlgraph.system.walk import postorder


def first_values(
    shaped: Shaped, seed: int, sizes: Mapping[str, int], dtype: torch.dtype | None
) -> dict[str, Tensor]:
    """Every state before the first tick, and the initial values that resets go back to.

    They are made on the CPU, so that a seed gives the same values on every device.
    """
    cpu = torch.device("cpu")
    dtypes = torch_dtypes(dtype)
    equations = shaped.clocked.equations
    plan = Plan(shaped)
    drawn: dict[Fact, Tensor] = {}
    for state in equations.states.values():
        type_ = plan.type_of(("before", state.id))
        copies = tuple(sizes[dim] for dim in plan.per(("before", state.id)))
        for expr in postorder([state.init]):
            if isinstance(expr, Draw) and expr.kind == "given":
                extern = equations.components[state.component].extern
                module = None if extern is None else extern.module
                assert isinstance(module, ModuleCall), "only modules give values"
                drawn["draw", expr.name] = module.initial(state.name)
            elif isinstance(expr, Draw):
                source = generator(seed, expr.name, 0, cpu)
                drawn["draw", expr.name] = draw_copies(
                    expr, copies, sizes_of(type_, sizes), dtypes[type_.dtype], source
                )
    facts = Facts(
        now=0, sizes=sizes, dtypes=dtypes, device=cpu, learning=False, initial={}, given=drawn
    )
    initial, first = initial_values(plan, facts)
    values = {str(state): value.detach().clone() for state, value in first.items()}
    for state in equations.states.values():
        if state.reset is not None and state.reset.to is None:
            values[INITIAL + state.id] = initial[state.id].detach().clone()
    return values


def sizes_of(type_: TensorType, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The sizes of a type's dimensions."""
    found = []
    for dim in type_.dims:
        size = dim.size if dim.name is None else sizes.get(dim.name, dim.size)
        assert size is not None, f"the length of {dim} is bound before it is needed"
        found.append(size)
    return tuple(found)


class States(MutableMapping[str, Tensor]):
    """The live state tensors by full name; a component of one state also by its own.

    Reading gives the tensor that the module holds, and its values change with every step.
    Assigning copies into it. The names that iteration gives are the states' own.
    """

    def __init__(self, buffers: Mapping[str, Tensor | None], names: Mapping[str, StateId]) -> None:
        """Stand for the buffers of a module; `names` has what users may call each state."""
        self._buffers = buffers
        self._names = names

    def __getitem__(self, name: str) -> Tensor:
        """The live tensor."""
        return self._find(name)

    def __setitem__(self, name: str, value: Tensor) -> None:
        """Copy a tensor's values into the state.

        Raises:
            TypeError: it is no tensor.
            ValueError: it has another shape.
        """
        state = self._find(name)
        if not isinstance(value, Tensor):
            message = f"state {name!r} takes a tensor, not {type(value).__name__}"
            raise TypeError(message)
        if value.shape != state.shape:
            message = f"state {name!r} has shape {_shape(state)}; the tensor has {_shape(value)}"
            raise ValueError(message)
        with torch.no_grad():
            state.copy_(value)

    def __delitem__(self, name: str) -> None:
        """States cannot be taken away.

        Raises:
            TypeError: always.
        """
        message = f"state {name!r} cannot be taken away"
        raise TypeError(message)

    def __iter__(self) -> Iterator[str]:
        """The states' full names, in the order of the file."""
        return iter(name for name, state in self._names.items() if name == state)

    def __len__(self) -> int:
        """How many states there are."""
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        """Whether a name stands for a state."""
        return name in self._names

    def __repr__(self) -> str:
        """The names with their shapes."""
        lines = []
        for name in self:
            tensor = self._buffers.get(name)
            what = "not made yet" if tensor is None else f"{name_of(tensor.dtype)}{_shape(tensor)}"
            lines.append(f"  {name}: {what}")
        return "\n".join(["States(", *lines, ")"])

    def _find(self, name: str) -> Tensor:
        state = self._names.get(name)
        if state is None:
            guess = nearest(name, self._names)
            hint = f"; did you mean {guess!r}?" if guess else ""
            message = f"no state is called {name!r}{hint}"
            raise KeyError(message)
        tensor = self._buffers.get(state)
        if tensor is None:
            message = f"state {name!r} has no value before a call has bound its dimensions"
            raise KeyError(message)
        return tensor


def _shape(tensor: Tensor) -> str:
    return str(list(tensor.shape))
