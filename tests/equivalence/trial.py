"""One system on both backends: the same up to rounding, or refused in words.

A difference counts where it is above 1e-10 of the value and above a thousand times what the last
bit of the inputs does to the reference: a system that multiplies rounding is no mismatch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from random import Random

import torch
from torch import Tensor

import nlgraph
from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.frontend import System
from nlgraph.module.module import Module

TOLERANCE = 1e-10
ROUNDING = 1000
SMALLEST = 1e-5
"""What is smaller than this is compared as if it were this large."""

_CLASSES = 2
Tensors = dict[str, Tensor]


class MismatchError(AssertionError):
    """Two runs that should give the same do not."""


def refusal(text: str) -> str | None:
    """The code with which a system is refused, by the front end or by `eager`; None if it runs."""
    try:
        nlgraph.compile(nlgraph.loads(text), backend="eager")
    except SpecError as error:
        return error.diagnostics[0].code
    return None


def compare(text: str, ticks: int, resumed: int) -> None:
    """Run both backends, both also resumed after some ticks, `eager` with the lines moved, too.

    Raises:
        MismatchError: one of them gives something else than the reference.
    """
    system = nlgraph.loads(text)
    inputs = _Inputs(system, ticks)
    expected, resumed_reference = _run(system, "reference", inputs, resumed)
    eager, resumed_eager = _run(system, "eager", inputs, resumed)
    moved, _ = _run(nlgraph.loads(reordered(text)), "eager", inputs)
    for kind, found in (
        ("eager", eager),
        ("eager, resumed", resumed_eager),
        ("the reference, resumed", resumed_reference),
        ("eager, in another order", moved),
    ):
        _same(kind, found, expected, lambda: _run(system, "reference", inputs.nudged())[0])


def reordered(text: str) -> str:
    """The same statements, each on its line, in another order."""
    lines = text.splitlines()
    Random(0).shuffle(lines)
    return "\n".join(lines) + "\n"


class _Inputs:
    """The inputs of each tick: slower ones come with the first tick of their own."""

    def __init__(self, system: System, ticks: int) -> None:
        clocked = system.shaped.clocked
        generator = torch.Generator().manual_seed(0)
        self.ticks: list[Tensors] = [{} for _ in range(ticks)]
        for name, of in sorted(clocked.equations.inputs.items()):
            shape = [dim.size for dim in of.type.dims]
            for tick in range(0, ticks, int(clocked.durations[of.clock])):
                if of.type.dtype == "int":
                    value = torch.randint(0, _CLASSES, shape, generator=generator)
                else:
                    value = torch.randn(shape, generator=generator, dtype=torch.float64)
                self.ticks[tick][name] = value

    def nudged(self) -> _Inputs:
        """The same, but for the last bit of each number."""
        twin = object.__new__(_Inputs)
        twin.ticks = [{name: _nudge(value) for name, value in tick.items()} for tick in self.ticks]
        return twin


def _nudge(value: Tensor) -> Tensor:
    if not value.is_floating_point():
        return value
    return torch.nextafter(value, torch.full_like(value, torch.inf))


def _run(
    system: System, backend: str, inputs: _Inputs, resumed: int = 0
) -> tuple[list[Tensors], list[Tensors]]:
    """What each tick gives, and all states after it; and what another run gives from there on.

    Every other tick is a call before it is a step.
    """

    def at(module: Module, tick: int) -> Tensors:
        given = inputs.ticks[tick - 1]
        called = module(**given) if tick % 2 else {}
        stepped = module.step(**given)
        states = {name: value.clone() for name, value in module.state.items()}
        every = {"call": called, "step": stepped, "state": states}
        return {f"{kind} {name}": v for kind, of in every.items() for name, v in of.items()}

    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    fresh, found, again = deepcopy(module), [], []
    twin: Module | None = None
    for tick in range(1, len(inputs.ticks) + 1):
        found.append(at(module, tick))
        again.append(found[-1] if twin is None else at(twin, tick))
        if tick == resumed:
            twin = fresh
            twin.load_state_dict(module.state_dict())
    return found, again


def _same(
    kind: str,
    found: list[Tensors],
    expected: list[Tensors],
    nudge: Callable[[], list[Tensors]],
) -> None:
    faults = list(_differences(found, expected, TOLERANCE))
    if not faults:
        return
    moved = nudge()
    for tick, name, difference in faults:
        one = expected[tick][name]
        rounding = _distance(moved[tick][name], one)
        if difference > ROUNDING * rounding:
            message = (
                f"{kind}: {name} at tick {tick + 1} is {difference:.1e} away from {one},"
                f" and the inputs' last bit moves it by {rounding:.1e}"
            )
            raise MismatchError(message)


def _differences(found: list[Tensors], expected: list[Tensors], tolerance: float):
    for tick, (one, other) in enumerate(zip(found, expected, strict=True)):
        _check_names(one, other)
        for name, value in other.items():
            scale = max(SMALLEST, float(value.abs().max())) if value.numel() else SMALLEST
            difference = _distance(one[name], value)
            if not difference <= tolerance * scale:
                yield tick, name, difference


def _check_names(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> None:
    if set(one) != set(other):
        message = f"given by one alone: {sorted(set(one) ^ set(other))}"
        raise MismatchError(message)
    for name, value in other.items():
        if one[name].shape != value.shape or one[name].dtype != value.dtype:
            message = f"{name} is {one[name].dtype}{list(one[name].shape)}, not {list(value.shape)}"
            raise MismatchError(message)


def _distance(one: Tensor, other: Tensor) -> float:
    """The largest difference; what is not finite in both is the same."""
    if not one.numel():
        return 0.0
    both = ~(one.isfinite() | other.isfinite())
    away = (one.double() - other.double()).abs().masked_fill(both, 0)
    return float(away.nan_to_num(nan=torch.inf).max())
