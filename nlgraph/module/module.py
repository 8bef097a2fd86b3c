"""What the user holds: states, time, and one root tick a call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from nlgraph.module.backends import INITIAL
from nlgraph.module.checkpoint import INPUT
from nlgraph.module.commit import commit, own, prepare, storages
from nlgraph.module.drawn import draws_at
from nlgraph.module.inputs import Bound, Expected, bind_inputs, form_of, told_range
from nlgraph.module.nan import NonFinite, find
from nlgraph.module.plans import Plan, StepArgs
from nlgraph.module.state import sizes_of
from nlgraph.module.stored import DEVICE, Stored
from nlgraph.system.ids import InputId

if TYPE_CHECKING:
    from torch.fx import GraphModule


class Module(Stored):
    """A compiled system. `step` runs one root tick, `forward` one that updates nothing.

    The states are buffers under their full names; a learner is no parameter, since the system
    trains itself. Names that begin with `@` are what else lives between ticks.
    """

    def step(self, /, **inputs: object) -> dict[str, Tensor]:
        """Run one root tick.

        Args:
            inputs: a tensor or array for each input; one on a slower clock comes with the first
                tick of its own, and is held.

        Returns:
            The outputs, metrics and watched signals; slower ones at the ticks that renew them.

        Raises:
            TypeError: an input is missing or unknown, or has another dtype.
            ValueError: an input has another shape, or comes at a wrong tick.
            IndexError: a token or a class is out of range. After any error every state is as it
                was.
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

    def _plan_for(self, bound: Bound) -> tuple[Plan, dict[str, int]]:
        """What runs a call, and the length of every dimension that is known in it."""
        plan = self._plans.at(bound.sizes)
        known = self._layout.sizes
        unnumbered = {dim: n for dim, n in self._time.sizes.items() if dim not in known}
        return plan, {**unnumbered, **plan.layout.sizes, **bound.sizes}

    def find_nan(
        self, among: Collection[str] | None = None, /, **inputs: object
    ) -> NonFinite | None:
        """Run the next tick and say what makes a state or a result of it NaN or infinite.

        Nothing is updated: from the same states, `step` with the same inputs does the same.

        Args:
            among: the states and results to look at, by name; without it, all.
            inputs: as for `step`.

        Returns:
            The value of the fastest component that is no longer finite, and the first operation
            that made such a number of finite ones; None where everything stays finite.

        Raises:
            TypeError: as for `step`.
            ValueError: as for `step`.
        """
        with torch.inference_mode(mode=False):
            tick, periods = self._time.tick, self._layout.periods
            due = frozenset(name for name, period in periods.items() if tick % period == 0)
            bound = self._bind(inputs, due, due)
            plan, sizes = self._plan_for(bound)
            args = self._args(plan, sizes, bound, self._made(sizes))
            return find(self._system, plan, args, among)

    def _run(
        self,
        plan: Plan,
        sizes: Mapping[str, int],
        bound: Bound,
        buffers: Mapping[str, Tensor | None],
        *,
        learning: bool,
    ) -> tuple[Mapping[str, Tensor | None], Mapping[str, Tensor]]:
        args = self._args(plan, sizes, bound, buffers)
        try:
            changed, results = plan.backend.step(*args, learning=learning)
        except IndexError as fault:
            raise IndexError(f"{fault}{told_range(bound.inputs)}") from fault
        return plan.changed(changed) if plan.kept else changed, results

    def _args(
        self,
        plan: Plan,
        sizes: Mapping[str, int],
        bound: Bound,
        buffers: Mapping[str, Tensor | None],
    ) -> StepArgs:
        """What a backend takes."""
        held = {
            name: tensor
            for name, tensor in buffers.items()
            if tensor is not None and name != DEVICE and not name.startswith(INPUT)
        }
        tick = self._time.tick + 1
        held |= self._other_copies(plan, held, sizes)
        draws = draws_at(plan.layout.draws, self._seed, tick, sizes, self._dtypes, self.device)
        return tick, plan.held(held), bound.inputs, draws, sizes

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
