"""What lives between calls, and how it is saved, loaded, moved and copied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from nlgraph.frontend import System
from nlgraph.module.backends import INITIAL
from nlgraph.module.checkpoint import Checkpoint, clock_tensors, read_checkpoint
from nlgraph.module.commit import commit, prepare, storages
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.module.plans import Options, Plan, Plans
from nlgraph.module.state import States, first_values

if TYPE_CHECKING:
    from nlgraph.module.layout import Layout

DEVICE = "@device"
"""The buffer that tells where a module is."""

_SHARED = ("_system", "_plans", "_time")
_MOST_FAULTS = 20


@dataclass(slots=True)
class Time:
    """What a tick changes beside buffers.

    `sizes` are the dimensions' lengths in the last step, and `plan` what ran it; `made` says
    whether the states have been drawn; `form` is that of the last step's inputs, if one of the same
    form needs no checks. An object of its own, since a module's attributes are slow to set.
    """

    tick: int
    sizes: Mapping[str, int]
    made: bool
    plan: Plan
    form: tuple[object, ...] | None = None


class Stored(nn.Module):
    """States and time: a module that does not run yet.

    The states are buffers under their full names; names that begin with `@` are what else lives
    between ticks.
    """

    def __init__(self, system: System, options: Options, device: torch.device) -> None:
        """Draw the initial states, where no call must bind a dimension first."""
        super().__init__()
        self._system = system
        self._options = options
        self._plans = Plans(system, options)
        self._seed = options.seed
        self._dtypes = torch_dtypes(options.dtype)
        self._buffers[DEVICE] = torch.empty(0, device=device)
        self._non_persistent_buffers_set.add(DEVICE)
        plan = self._plans.base
        sizes = plan.layout.sizes
        self._time = Time(0, sizes, made=plan.layout.state_dims <= sizes.keys(), plan=plan)
        if self._time.made:
            self._buffers.update(self._first_buffers(sizes))

    @property
    def _layout(self) -> Layout:
        return self._plans.base.layout

    @property
    def tick(self) -> int:
        """How many root ticks have run."""
        return self._time.tick

    @property
    def state(self) -> States:
        """The live state tensors by name."""
        return States(self._buffers, self._layout.names)

    @property
    def device(self) -> torch.device:
        """Where the states are."""
        probe = self._buffers[DEVICE]
        assert probe is not None, "it is made with the module"
        return probe.device

    def _made(self, sizes: Mapping[str, int]) -> Mapping[str, Tensor | None]:
        """All buffers, with new ones where the states have not been drawn."""
        if self._time.made:
            return self._buffers
        return {**self._buffers, **self._first_buffers(sizes)}

    @property
    def _fixed(self) -> dict[str, int]:
        """The lengths that no call can change, since states have them."""
        sizes = self._time.sizes
        return {dim: sizes[dim] for dim in self._layout.fixed_dims if dim in sizes}

    def _first_buffers(self, sizes: Mapping[str, int]) -> dict[str, Tensor]:
        base = self._plans.base
        return {**self._first_values(base, sizes), **base.backend.memory(self.device)}

    def _first_values(self, plan: Plan, sizes: Mapping[str, int]) -> dict[str, Tensor]:
        with torch.inference_mode(mode=False):
            values = first_values(plan.shaped, self._seed, sizes, self._options.dtype)
            return {name: value.to(self.device) for name, value in values.items()}

    # ------------------------------------------------------------------------- saving, copying

    def load_state_dict(
        self,
        state_dict: Mapping[str, Any],
        strict: bool = True,  # noqa: FBT001, FBT002 - torch's signature
        assign: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:  # noqa: ANN401
        """Load what `state_dict` gave: states, time, seed and partial windows.

        Values are copied into the live tensors.

        Raises:
            RuntimeError: keys are missing or unknown, or shapes differ; nothing is loaded then.
        """
        if strict:
            read = self._read(state_dict)
            faults = [
                *read.errors,
                *(f"{name} is missing" for name in read.missing),
                *(f"{name} is unknown" for name in read.unexpected),
            ]
            if faults:
                message = "; ".join(["this state_dict does not fit", *faults[:_MOST_FAULTS]])
                raise RuntimeError(message)
        return super().load_state_dict(state_dict, strict=strict, assign=assign)

    def _save_to_state_dict(
        self,
        destination: dict[str, Any],
        prefix: str,
        keep_vars: bool,  # noqa: FBT001 - torch's signature
    ) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        numbers = self._layout.sizes
        sizes = self._time.sizes.items()
        brought = {dim: size for dim, size in sizes if numbers.get(dim, size) != size}
        for name, tensor in clock_tensors(self._time.tick, self._seed, brought).items():
            destination[prefix + name] = tensor

    def _load_from_state_dict(
        self,
        state_dict: Mapping[str, Any],
        prefix: str,
        local_metadata: Mapping[str, Any],
        strict: bool,  # noqa: FBT001 - torch's signature
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        del local_metadata, strict
        own = {k.removeprefix(prefix): v for k, v in state_dict.items() if k.startswith(prefix)}
        read = self._read(own)
        missing_keys.extend(prefix + name for name in read.missing)
        unexpected_keys.extend(prefix + name for name in read.unexpected)
        error_msgs.extend(read.errors)
        if not read.errors:
            self._apply_checkpoint(read)

    def _read(self, state_dict: Mapping[str, Any]) -> Checkpoint:
        types = {str(state): type_ for state, type_ in self._layout.states.items()}
        for state in self._layout.kept_initial:
            types[INITIAL + state] = self._layout.states[state]
        base = self._plans.base.backend
        memory = base.memory(self.device).keys()
        read = read_checkpoint(state_dict, types, self._fixed, memory, base.keeps)
        try:
            self._plans.at(read.brought)
        except ValueError as fault:
            read.errors.append(str(fault))
        return read

    def _apply_checkpoint(self, read: Checkpoint) -> None:
        self._time.form = None
        sizes = {**self._time.sizes, **self._layout.sizes, **read.brought, **read.sizes}
        self._time.sizes, self._time.plan = sizes, self._plans.at(sizes)
        self._buffers.update(self._made(self._time.sizes))
        self._time.made = True
        if read.tick is not None:
            stale = (n for n in tuple(self._buffers) if n.startswith("@") and n != DEVICE)
            for name in stale:
                del self._buffers[name]
            self._time.tick = read.tick
        self._seed = self._seed if read.seed is None else read.seed
        loaded = {name: tensor.to(self.device) for name, tensor in read.tensors.items()}
        live = storages(self._buffers.values())
        commit(self._buffers, prepare(self._buffers, loaded, live, self._layout.loose))

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:  # noqa: FBT001, FBT002
        if fn(torch.empty(0)).dtype != torch.float32:
            message = "a compiled module keeps its dtypes: nlgraph.compile(…, dtype=…) sets them"
            raise TypeError(message)
        self._time.form = None
        moved: Self = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return moved

    def __getstate__(self) -> dict[str, Any]:
        """All but what is made again of the system."""
        kept = {name: value for name, value in self.__dict__.items() if name != "_plans"}
        return {**kept, "_time": (self._time.tick, self._time.sizes, self._time.made)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make again what runs the system."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._plans = Plans(self._system, self._options)
        tick, sizes, made = state["_time"]
        self._time = Time(tick, sizes, made=made, plan=self._plans.at(sizes))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A module of its own, with the same states; what never changes is shared."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            twin.__dict__[name] = value if name in _SHARED else deepcopy(value, memo)
        twin.__dict__["_time"] = replace(self._time)
        return twin
