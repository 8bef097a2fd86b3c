"""States to start from: `--init FILE.safetensors`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors import SafetensorError
from safetensors.torch import load_file

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.diagnostics.suggest import nearest
from nlgraph.frontend import System
from nlgraph.module.backends import INITIAL
from nlgraph.module.dtypes import name_of
from nlgraph.module.module import Module
from nlgraph.reference.plan import Plan
from nlgraph.system.ids import StateId
from nlgraph.train import errors
from nlgraph.train.finite import non_finite

if TYPE_CHECKING:
    from torch import Tensor


def start_from(file: Path, system: System, module: Module) -> None:
    """Start a module, at tick 0, with the states of a file.

    Each state that a component of the spec's own has must be there, by its full name. What rules
    and bodies add (moments) may be left out and then starts as ever, and so does what starts anew
    with each root tick. Not looked at are names that begin with `@`, which a checkpoint has for
    time and windows, and what another optimizer kept for a state (`ffn.m.W1` or `W.m`, where the
    system has `ffn.W1` or `W`). A reset to an initial value goes back to the one of the file.

    Raises:
        SpecError: the file cannot be read, or does not fit: one fault that lists all.
    """
    given = _read(file)
    names = tuple(module.state)
    faults = [
        *(_misfit(name, given[name], module.state[name]) for name in names if name in given),
        *(_unknown(name, names) for name in given if name not in names and not _kept(name, names)),
        *(f"`{name}` is missing" for name in _needed(system) if name not in given),
        *(f"`{name}` holds a NaN or an infinity" for name in non_finite(given)),
    ]
    found = [fault for fault in faults if fault is not None]
    if found:
        raise SpecError([errors.unfit_start(str(file), found)])
    saved = dict(module.state_dict())
    for name in given.keys() & module.state.keys():
        saved[name] = given[name].to(saved[name].dtype)
        if INITIAL + name in saved:
            saved[INITIAL + name] = saved[name]
    module.load_state_dict(saved)


def _needed(system: System) -> Iterator[StateId]:
    equations = system.shaped.clocked.equations
    within = Plan(system.shaped).living(Fraction(1))
    for name, state in equations.states.items():
        if equations.components[state.component].host is None and name not in within:
            yield name


def _misfit(name: str, given: Tensor, state: Tensor) -> str | None:
    if given.shape != state.shape:
        return f"`{name}` is {list(given.shape)} and should be {list(state.shape)}"
    floats = given.is_floating_point(), state.is_floating_point()
    if floats[0] == floats[1] and (floats[0] or given.dtype == state.dtype):
        return None
    return f"`{name}` holds {name_of(given.dtype)} and should hold {name_of(state.dtype)}"


def _kept(name: str, names: Collection[str]) -> bool:
    """Whether a name is that of a state with a component between, as rules name what they add."""
    parts = name.split(".")
    return any(
        ".".join((*parts[:start], *parts[end:])) in names
        for start in range(1, len(parts))
        for end in range(start + 1, len(parts) + 1)
    )


def _unknown(name: str, names: Collection[str]) -> str:
    guess = nearest(name, names)
    return f"`{name}` is no state" + (f" (did you mean `{guess}`?)" if guess else "")


def _read(file: Path) -> Mapping[str, Tensor]:
    try:
        found = load_file(file)
    except (OSError, SafetensorError) as fault:
        why = "there is no such file" if not file.exists() else "it is no whole .safetensors file"
        raise SpecError([errors.unreadable_start(str(file), why)]) from fault
    return {name: tensor for name, tensor in found.items() if not name.startswith("@")}
