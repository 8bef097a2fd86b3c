"""What the user holds: states, time, and one root tick a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from nlgraph.frontend import System
from nlgraph.module.backends import INITIAL
from nlgraph.module.checkpoint import INPUT, Checkpoint, clock_tensors, read_checkpoint
from nlgraph.module.commit import commit, own, prepare, storages
from nlgraph.module.drawn import draws_at
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.module.inputs import Bound, Expected, bind_inputs, form_of
from nlgraph.module.plans import Options, Plan, Plans
from nlgraph.module.state import States, first_values, sizes_of
from nlgraph.system.ids import InputId

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from nlgraph.module.layout import Layout

_DEVICE = "@device"
_SHARED = ("_system", "_plans", "_time")
_MOST_FAULTS = 20


@dataclass(slots=True)
class _Time:
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


class Module(nn.Module):
    """A compiled system. `step` runs one root tick, `forward` one that updates nothing.

    The states are buffers under their full names; a learner is no parameter, since the system
    trains itself. Names that begin with `@` are what else lives between ticks.
    """

    def __init__(self, system: System, options: Options, device: torch.device) -> None:
        """Draw the initial states, where no call must bind a dimension first."""
        super().__init__()
        self._system = system
        self._options = options
        self._plans = Plans(system, options)
        self._seed = options.seed
        self._dtypes = torch_dtypes(options.dtype)
        self._buffers[_DEVICE] = torch.empty(0, device=device)
        self._non_persistent_buffers_set.add(_DEVICE)
        plan = self._plans.base
        sizes = plan.layout.sizes
        self._time = _Time(0, sizes, made=plan.layout.state_dims <= sizes.keys(), plan=plan)
        if self._time.made:
            self._buffers.update(self._first_buffers(sizes))

    # ------------------------------------------------------------------------- running

    def step(self, /, **inputs: object) -> dict[str, Tensor]:
        """Run one root tick.

        Args:
            inputs: a tensor or array for each input; one on a slower clock comes with the first
                tick of its own, and is held.

        Returns:
            The outputs, metrics and watched signals; slower ones at the ticks that renew them.

        Raises:
            TypeError: an input is missing or unknown, or has another dtype.
            ValueError: an input has another shape, or comes at a wrong tick. After any error
                every state is as it was.
        """
        if not torch.is_inference_mode_enabled():
            return self._step(inputs)
        with torch.inference_mode(mode=False):
            return self._step(inputs)

    def _step(self, inputs: Mapping[str, object]) -> dict[str, Tensor]:
        tick, form = self._time.tick, form_of(inputs)
        if form is not None and form.facts == self._time.form:
            plan, sizes = self._time.plan, self._time.sizes
            bound = Bound(dict(form.tensors), {}, {})
        else:
            periods = self._layout.periods
            due = frozenset(name for name, period in periods.items() if tick % period == 0)
            bound = self._bind(inputs, due, due)
            plan, sizes = self._plan_for(bound)
            if plan is not self._time.plan:
                plan.check_after(self._time.plan, tick + 1)
        buffers = self._made(sizes)
        changed, found = self._run(plan, sizes, bound, buffers, learning=True)
        live = storages(buffers.values())
        results = {name: own(tensor, live) for name, tensor in found.items()}
        renewed = {INPUT + name: tensor for name, tensor in bound.renewed.items()}
        changes = prepare(buffers, {**changed, **renewed}, live, self._layout.loose)
        # Nothing fails from here on.
        self._buffers.update(buffers)
        commit(self._buffers, changes)
        self._time.tick, self._time.sizes, self._time.made = tick + 1, sizes, True
        self._time.plan = plan
        if form is None or form.facts != self._time.form:
            exact = self._layout.steady and form == form_of(bound.inputs)
            self._time.form = form.facts if form is not None and exact else None
        return results

    def forward(self, /, **inputs: object) -> dict[str, Tensor]:
        """Compute the outputs of the next tick, and update nothing.

        What is reset within a root tick runs as in a step and is put back. Inputs that only
        metrics or updates read may be left out; slower ones may come at any tick.

        Raises:
            TypeError: as for `step`.
            ValueError: as for `step`.
        """
        if not torch.is_inference_mode_enabled():
            return self._outputs(inputs)
        with torch.inference_mode(mode=False):
            return self._outputs(inputs)

    def _outputs(self, inputs: Mapping[str, object]) -> dict[str, Tensor]:
        layout = self._layout
        due = layout.needed - self._held_inputs().keys()
        bound = self._bind(inputs, due, frozenset(layout.inputs))
        plan, sizes = self._plan_for(bound)
        buffers = self._made(sizes)
        _, found = self._run(plan, sizes, bound, buffers, learning=False)
        live = storages(buffers.values())
        results = {name: own(tensor, live) for name, tensor in found.items()}
        if not self._time.made:
            self._buffers.update(buffers)
            self._time.sizes, self._time.made, self._time.plan = sizes, True, plan
        return results

    @property
    def _layout(self) -> Layout:
        return self._plans.base.layout

    def _plan_for(self, bound: Bound) -> tuple[Plan, dict[str, int]]:
        """What runs a call, and the length of every dimension that is known in it."""
        plan = self._plans.at(bound.sizes)
        known = self._layout.sizes
        unnumbered = {dim: n for dim, n in self._time.sizes.items() if dim not in known}
        return plan, {**unnumbered, **plan.layout.sizes, **bound.sizes}

    def _made(self, sizes: Mapping[str, int]) -> Mapping[str, Tensor | None]:
        """All buffers, with new ones where the states have not been drawn."""
        if self._time.made:
            return self._buffers
        return {**self._buffers, **self._first_buffers(sizes)}

    def _run(
        self,
        plan: Plan,
        sizes: Mapping[str, int],
        bound: Bound,
        buffers: Mapping[str, Tensor | None],
        *,
        learning: bool,
    ) -> tuple[Mapping[str, Tensor | None], Mapping[str, Tensor]]:
        held = {
            name: tensor
            for name, tensor in buffers.items()
            if tensor is not None and name != _DEVICE and not name.startswith(INPUT)
        }
        tick = self._time.tick + 1
        held |= self._other_copies(plan, held, sizes)
        draws = draws_at(plan.layout.draws, self._seed, tick, sizes, self._dtypes, self.device)
        changed, results = plan.backend.step(
            tick, plan.held(held), bound.inputs, draws, sizes, learning=learning
        )
        return plan.changed(changed) if plan.kept else changed, results

    def _bind(
        self, inputs: Mapping[str, object], due: frozenset[InputId], allowed: frozenset[InputId]
    ) -> Bound:
        layout = self._layout
        expected = Expected(
            tick=self._time.tick + 1,
            inputs=layout.inputs,
            periods=layout.periods,
            due=due,
            allowed=allowed,
            held=self._held_inputs(),
            fixed=self._fixed,
            dtypes=self._dtypes,
            device=self.device,
        )
        return bind_inputs(inputs, expected)

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

    def _other_copies(
        self, plan: Plan, held: Mapping[str, Tensor], sizes: Mapping[str, int]
    ) -> dict[str, Tensor]:
        """Initial values for as many copies as a call has, where those held are for another."""
        names = {
            INITIAL + state: sizes_of(plan.layout.states[state], sizes)
            for state in plan.layout.loose
            if INITIAL + state in held
        }
        if all(held[name].shape == shape for name, shape in names.items()):
            return {}
        first = self._first_values(plan, sizes)
        return {name: first[name] for name in names}

    def _held_inputs(self) -> dict[InputId, Tensor]:
        """The slower inputs whose tick goes on."""
        found: dict[InputId, Tensor] = {}
        for name, period in self._layout.periods.items():
            tensor = self._buffers.get(INPUT + name)
            if tensor is not None and self._time.tick % period != 0:
                found[name] = tensor
        return found

    # ------------------------------------------------------------------------- looking

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
        probe = self._buffers[_DEVICE]
        assert probe is not None, "it is made with the module"
        return probe.device

    def graph(self, tick: int | None = None) -> GraphModule:
        """The graph that runs at a tick; without one, at the next.

        Raises:
            ValueError: the backend runs no graph, or the tick is not from 1.
        """
        at = self._time.tick + 1 if tick is None else tick
        if at < 1:
            message = f"tick is {at}; ticks count from 1"
            raise ValueError(message)
        return self._time.plan.backend.graph(at, self._time.sizes)

    def extra_repr(self) -> str:
        """The system's name, the backend and the time."""
        name = self._system.name
        return f"{name!r}, backend={self._options.backend!r}, tick={self._time.tick}"

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
            stale = (n for n in tuple(self._buffers) if n.startswith("@") and n != _DEVICE)
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
        self._time = _Time(tick, sizes, made=made, plan=self._plans.at(sizes))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A module of its own, with the same states; what never changes is shared."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            twin.__dict__[name] = value if name in _SHARED else deepcopy(value, memo)
        twin.__dict__["_time"] = replace(self._time)
        return twin
