"""From a system to a module that runs it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import nn

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.diagnostics.suggest import nearest
from nlgraph.frontend import System
from nlgraph.module.backends import find_backend
from nlgraph.module.extern import bind_modules
from nlgraph.module.module import Module
from nlgraph.module.plans import Options
from nlgraph.module.support import find_unsupported

DEFAULT = "eager"


def compile(  # noqa: A001 - its name outside is nlgraph.compile
    system: System,
    *,
    backend: str | None = None,
    device: str | torch.device = "cpu",
    dtype: torch.dtype | None = None,
    seed: int = 0,
    watch: Iterable[str] = (),
    modules: Mapping[str, nn.Module] | None = None,
) -> Module:
    """Compile a system to an nn.Module, whose `step` is one tick of the root clock.

    Args:
        system: what `load` or `loads` gave.
        backend: `eager` (the graph, run by torch) or `reference` (the meaning of the language,
            run plainly: slow, but all of it); by default `eager`.
        device: where the states are, and inputs are brought.
        dtype: stands for every f32 of the file: torch.float64 for exact comparisons.
        seed: of the initial states and of all draws.
        watch: names of signals that `step` returns beside outputs and metrics.
        modules: the module of each extern component, by the component's name. Each is copied: its
            parameters become states of the component, which the file may train, and its buffers
            states that stay as they are.

    Raises:
        SpecError: the system is right, and something in it cannot be executed yet.
        TypeError: an argument is of another kind.
        ValueError: there is no such backend, signal or extern component, a module does not fit
            what the file states, or the seed is out of range.
    """
    if not isinstance(system, System):
        message = f"compile takes a system that load or loads gave, not {type(system).__name__}"
        raise TypeError(message)
    if dtype is not None and not (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        message = f"dtype is {dtype!r}; it stands for f32 and must be a floating torch.dtype"
        raise TypeError(message)
    if isinstance(seed, bool) or not isinstance(seed, int):
        message = f"seed is {seed!r}; it must be a whole number"
        raise TypeError(message)
    if not 0 <= seed < 2**63:
        message = f"seed is {seed}; it must be from 0 to 2**63 - 1"
        raise ValueError(message)
    if not isinstance(watch, Iterable):
        message = f"watch is {watch!r}; it must be names of signals"
        raise TypeError(message)
    if modules is not None and not isinstance(modules, Mapping):
        message = f"modules is {type(modules).__name__}; it must map components to torch modules"
        raise TypeError(message)
    names = (watch,) if isinstance(watch, str) else tuple(watch)
    signals = system.shaped.clocked.equations.signals
    for name in names:
        if name not in signals:
            guess = nearest(name, signals)
            hint = f"; did you mean {guess!r}?" if guess else ""
            message = f"watch names {name!r}, which is no signal of the system{hint}"
            raise ValueError(message)
    chosen = backend or DEFAULT
    find_backend(chosen)
    system = bind_modules(system, modules or {}, dtype)
    unsupported = find_unsupported(system.shaped, chosen)
    if unsupported is not None:
        raise SpecError([unsupported])
    options = Options(backend=chosen, dtype=dtype, seed=seed, watch=names)
    return Module(system, options, torch.device(device))
