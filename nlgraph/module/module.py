"""What the user holds: states, time, and one root tick a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any, Self

import torch
from torch import Tensor, nn

from nlgraph.module.backends import INITIAL, Backend, find_backend
from nlgraph.module.checkpoint import INPUT, Checkpoint, clock_tensors, read_checkpoint
from nlgraph.module.commit import commit, own, prepare, storages
from nlgraph.module.draws import draw
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.module.inputs import Bound, Expected, bind_inputs, form_of
from nlgraph.module.layout import lay_out
from nlgraph.module.seeds import generator
from nlgraph.module.state import States, first_values, sizes_of
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import InputId

if TYPE_CHECKING:
    from torch.fx import GraphModule

_DEVICE = "@device"
_SHARED = ("_shaped", "_layout", "_backend")
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Options:
    """How a system is compiled: see `backend.compile`."""

    backend: str
    dtype: torch.dtype | None
    seed: int
    watch: tuple[str, ...]


@dataclass(slots=True)
class _Time:
    """What a tick changes beside buffers.

    `sizes` are the dimensions' lengths in the last call; `made` says whether the states have been
    drawn; `form` is that of the last step's inputs, if one of the same form needs no checks. An
    object of its own, since a module's attributes are slow to set.
    """

    tick: int
    sizes: Mapping[str, int]
    made: bool
    form: tuple[object, ...] | None = None


class Module(nn.Module):
    """A compiled system. `step` runs one root tick, `forward` one that updates nothing.

    The states are buffers under their full names; a learner is no parameter, since the system
    trains itself. Names that begin with `@` are what else lives between ticks.
    """

    def __init__(self, shaped: Shaped, options: Options, device: torch.device) -> None:
        """Draw the initial states, where no call must bind a dimension first."""
        super().__init__()
        self._shaped = shaped
        self._options = options
        self._layout = lay_out(shaped)
        self._backend = self._make_backend()
        self._seed = options.seed
        self._dtypes = torch_dtypes(options.dtype)
        self._buffers[_DEVICE] = torch.empty(0, device=device)
        self._non_persistent_buffers_set.add(_DEVICE)
        sizes = self._layout.sizes
        self._time = _Time(0, sizes, made=self._layout.state_dims <= sizes.keys())
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
            bound = Bound(dict(form.tensors), dict(self._time.sizes), {})
        else:
            periods = self._layout.periods
            due = frozenset(name for name, period in periods.items() if tick % period == 0)
            bound = self._bind(inputs, due, due)
        buffers = self._made(bound.sizes)
        changed, found = self._run(bound, buffers, learning=True)
        live = storages(buffers.values())
        results = {name: own(tensor, live) for name, tensor in found.items()}
        renewed = {INPUT + name: tensor for name, tensor in bound.renewed.items()}
        changes = prepare(buffers, {**changed, **renewed}, live, self._layout.loose)
        # Nothing fails from here on.
        self._buffers.update(buffers)
        commit(self._buffers, changes)
        self._time.tick, self._time.sizes, self._time.made = tick + 1, bound.sizes, True
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
        buffers = self._made(bound.sizes)
        _, found = self._run(bound, buffers, learning=False)
        live = storages(buffers.values())
        results = {name: own(tensor, live) for name, tensor in found.items()}
        if not self._time.made:
            self._buffers.update(buffers)
            self._time.sizes, self._time.made = bound.sizes, True
        return results

    def _made(self, sizes: Mapping[str, int]) -> Mapping[str, Tensor | None]:
        """All buffers, with new ones where the states have not been drawn."""
        if self._time.made:
            return self._buffers
        return {**self._buffers, **self._first_buffers(sizes)}

    def _run(
        self, bound: Bound, buffers: Mapping[str, Tensor | None], *, learning: bool
    ) -> tuple[Mapping[str, Tensor | None], Mapping[str, Tensor]]:
        held = {
            name: tensor
            for name, tensor in buffers.items()
            if tensor is not None and name != _DEVICE and not name.startswith(INPUT)
        }
        tick = self._time.tick + 1
        held |= self._other_copies(held, bound.sizes)
        draws = self._draws(tick, bound.sizes)
        return self._backend.step(tick, held, bound.inputs, draws, bound.sizes, learning=learning)

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
            known=self._time.sizes,
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
        with torch.inference_mode(mode=False):
            values = first_values(self._shaped, self._seed, sizes, self._options.dtype)
            moved = {name: value.to(self.device) for name, value in values.items()}
            return {**moved, **self._backend.memory(self.device)}

    def _other_copies(
        self, held: Mapping[str, Tensor], sizes: Mapping[str, int]
    ) -> dict[str, Tensor]:
        """Initial values for as many copies as a call has, where those held are for another."""
        names = {
            INITIAL + state: sizes_of(self._layout.states[state], sizes)
            for state in self._layout.loose
            if INITIAL + state in held
        }
        if all(held[name].shape == shape for name, shape in names.items()):
            return {}
        first = self._first_buffers(sizes)
        return {name: first[name] for name in names}

    def _held_inputs(self) -> dict[InputId, Tensor]:
        """The slower inputs whose tick goes on."""
        found: dict[InputId, Tensor] = {}
        for name, period in self._layout.periods.items():
            tensor = self._buffers.get(INPUT + name)
            if tensor is not None and self._time.tick % period != 0:
                found[name] = tensor
        return found

    def _draws(self, tick: int, sizes: Mapping[str, int]) -> dict[str, Tensor]:
        return {
            drawn.draw.name: draw(
                drawn.draw.kind,
                drawn.draw.args,
                sizes_of(drawn.type, sizes),
                self._dtypes[drawn.type.dtype],
                generator(self._seed, drawn.draw.name, ceil(tick / drawn.period), self.device),
            )
            for drawn in self._layout.draws
        }

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
        return self._backend.graph(at, self._time.sizes)

    def extra_repr(self) -> str:
        """The system's name, the backend and the time."""
        name = self._shaped.clocked.equations.name
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
        for name, tensor in clock_tensors(self._time.tick, self._seed).items():
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
        return read_checkpoint(
            state_dict,
            types,
            self._fixed,
            self._backend.memory(self.device).keys(),
            self._backend.keeps,
        )

    def _apply_checkpoint(self, read: Checkpoint) -> None:
        self._time.form = None
        self._time.sizes = {**self._time.sizes, **read.sizes}
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
        """All but the backend, which is made again."""
        return {name: value for name, value in self.__dict__.items() if name != "_backend"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Make the backend again."""
        super().__setstate__(state)  # type: ignore[no-untyped-call]
        self._backend = self._make_backend()

    def _make_backend(self) -> Backend:
        options = self._options
        return find_backend(options.backend)(self._shaped, options.dtype, options.watch)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """A module of its own, with the same states; what never changes is shared."""
        twin = self.__class__.__new__(self.__class__)
        memo[id(self)] = twin
        for name, value in self.__dict__.items():
            twin.__dict__[name] = value if name in _SHARED else deepcopy(value, memo)
        return twin
