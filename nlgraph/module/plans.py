"""What runs a system at the sizes of a call: a plan for each set of them.

The numbers of dimensions are folded into a system's equations, its clocks and its graphs. So a call
that brings another length of one is run by a plan of its own, made of the same text with that
number; states, time and windows are the module's and go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.frontend import System
from nlgraph.module.backends import WHOLE_LANGUAGE, Backend, find_backend
from nlgraph.module.layout import Layout, lay_out
from nlgraph.module.support import find_unsupported
from nlgraph.ops.types import TensorType
from nlgraph.reference.keep import brought_dims, windows_of
from nlgraph.reference.plan import Plan as Lookup
from nlgraph.shapes.model import Shaped
from nlgraph.system.model import Gather, Tick
from nlgraph.system.walk import postorder

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Options:
    """How a system is compiled: see `backend.compile`."""

    backend: str
    dtype: torch.dtype | None
    seed: int
    watch: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A system with numbers for its dimensions, and what runs it.

    `kept` has, for the backend's name of a window, that under which the module keeps it, where
    these differ. `averages` are the averages over several root ticks of what ticks inside one:
    the length of each window, and the number of values in a root tick.
    """

    shaped: Shaped
    layout: Layout
    backend: Backend
    kept: Mapping[str, str]
    averages: tuple[tuple[int, int], ...]

    def held(self, tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """What lives between ticks, under the backend's names."""
        if not self.kept:
            return tensors
        own = {name: tensors[kept] for name, kept in self.kept.items() if kept in tensors}
        return {**tensors, **own}

    def changed(self, tensors: Mapping[str, Tensor | None]) -> Mapping[str, Tensor | None]:
        """What a backend gave, under the module's names."""
        return {self.kept.get(name, name): tensor for name, tensor in tensors.items()}

    def check_after(self, last: Plan, tick: int) -> None:
        """Whether a tick may run by this plan after another one ran by `last`.

        Raises:
            ValueError: an average that is under way would not count its values alike.
        """
        for (window, before), (_, now) in zip(last.averages, self.averages, strict=True):
            start = tick - (tick - 1) % window
            if before != now and start != tick:
                root = self.shaped.clocked.equations.root
                message = (
                    f"an average over {window} {root}s that began with tick {start} has {before} "
                    f"values in each, and this call brings {now}; it ends with tick "
                    f"{start + window - 1}"
                )
                raise ValueError(message)


_Tensors = Mapping[str, "Tensor"]

StepArgs = tuple[int, _Tensors, _Tensors, _Tensors, Mapping[str, int]]
"""What a backend's step takes: the tick, what is held, inputs, draws, and sizes."""

_Changed = tuple[tuple[str, int], ...]


class Plans:
    """The plans of a system; the last few for sizes other than the file's are kept."""

    def __init__(self, system: System, options: Options) -> None:
        """Make the plan of the file's own numbers.

        Raises:
            SpecError: the backend cannot schedule the system.
        """
        self._system = system
        self._options = options
        self._others: dict[_Changed, Plan] = {}
        self.base = self._plan(system.shaped, ())

    def at(self, brought: Mapping[str, int]) -> Plan:
        """The plan for the lengths that a call brings.

        Raises:
            ValueError: a call cannot bring these.
        """
        numbers = self.base.layout.sizes
        changed = tuple(
            (dim, size) for dim, size in brought.items() if numbers.get(dim, size) != size
        )
        if not changed:
            return self.base
        plan = self._others.pop(changed, None) or self._other(dict(changed))
        if len(self._others) >= limits.PLANS:
            del self._others[next(iter(self._others))]
        self._others[changed] = plan  # the last one that was used stands last
        return plan

    def _other(self, changed: Mapping[str, int]) -> Plan:
        try:
            shaped = self._system.with_sizes(changed).shaped
            unsupported = find_unsupported(shaped, self._options.backend)
            if unsupported is not None:
                raise SpecError([unsupported])
            _check_states(self.base.shaped, shaped)
            _check_values(self.base.shaped, shaped)
            _check_counts(self.base.shaped, shaped)
            return self._plan(shaped, self.base.backend.windows())
        except _Refused as fault:
            raise ValueError(f"{_cannot(changed, self.base)}: {fault}") from None
        except SpecError as fault:
            reason = fault.diagnostics[0].message
            raise ValueError(f"{_cannot(changed, self.base)}: {reason}") from fault

    def _plan(self, shaped: Shaped, windows: Sequence[str]) -> Plan:
        """The plan of a system; `windows` are the names under which the module keeps them."""
        options = self._options
        run = self._opened(shaped) if options.backend in WHOLE_LANGUAGE else shaped
        backend = find_backend(options.backend)(run, options.dtype, options.watch)
        kept: dict[str, str] = {}
        if windows:
            own = backend.windows()
            if [*map(_kind, own)] != [*map(_kind, windows)]:
                message = "the file then has other windows"
                raise _Refused(message)
            kept = {name: of for name, of in zip(own, windows, strict=True) if name != of}
        return Plan(shaped, lay_out(shaped), backend, kept, tuple(_averages(shaped)))

    def _opened(self, shaped: Shaped) -> Shaped:
        """The system for the oracle: where it looks back, dims that a call may bring are open.

        What it sees of a past tick then has the lengths of that tick.
        """
        lookup = Lookup(shaped)
        dims = shaped.clocked.equations.dims
        along = {clock.dim for clock in shaped.clocked.equations.clocks.values()}
        opened = [d for d in brought_dims(lookup) if dims[d] is not None and d not in along]
        if not opened or not windows_of(lookup):
            return shaped
        sizes = {dim: dims[dim] for dim in along if dim is not None}
        try:
            found = self._system.with_sizes({**sizes, **dict.fromkeys(opened)}).shaped
        except SpecError:
            return shaped  # the file needs their numbers
        return shaped if find_unsupported(found, self._options.backend) else found


class _Refused(Exception):
    """Why a call cannot bring some sizes."""


def _cannot(changed: Mapping[str, int], base: Plan) -> str:
    told = ", ".join(
        f"{dim} = {size} (the file has {base.layout.sizes[dim]})" for dim, size in changed.items()
    )
    return f"a call cannot bring {told}"


def _kind(name: str) -> str:
    """What all names of a window have in common, whatever the numbers are."""
    return name.partition("/")[0]


def _check_states(base: Shaped, other: Shaped) -> None:
    """Whether the states are the same, each with the same shape."""
    if base.states.keys() != other.states.keys():
        message = "the file then has other states"
        raise _Refused(message)
    for state, type_ in base.states.items():
        then = other.states[state]
        if type_ is not None and then is not None and type_.shape != then.shape:
            message = f"state {state!r} is {list(type_.shape)}, and would be {list(then.shape)}"
            raise _Refused(message)


def _check_values(base: Shaped, other: Shaped) -> None:
    """Whether signals and results have the same dimensions.

    Where a clock along a dimension has a single tick, `collect` gathers nothing.
    """
    before, then = _values(base), _values(other)
    for name, type_ in before.items():
        now = then[name]
        if [dim.name for dim in type_.dims] != [dim.name for dim in now.dims]:
            message = f"{name!r} is {type_}, and would be {now}"
            raise _Refused(message)


def _values(shaped: Shaped) -> dict[str, TensorType]:
    found = {str(name): type_ for name, type_ in shaped.signals.items() if type_ is not None}
    results = shaped.clocked.equations.results
    return found | {result.name: shaped.type_of(result.value) for result in results}


def _check_counts(base: Shaped, other: Shaped) -> None:
    """Whether no `tick` counts updates of which a root tick now has another number."""
    before = Lookup(base)
    for expr in postorder(before.statements()):
        if not isinstance(expr, Tick) or expr.of is None:
            continue
        was = base.clocked.duration(base.clocked.components[expr.of])
        now = other.clocked.duration(other.clocked.components[expr.of])
        reset = before.component_reset(expr.of)
        if was is not None and now is not None and was != now and (reset is None or reset > 1):
            message = (
                f"`tick` counts the updates of {expr.of!r} from the start, {1 / was} in each "
                f"{base.clocked.equations.root}, and there would be {1 / now}"
            )
            raise _Refused(message)


def _averages(shaped: Shaped) -> Iterator[tuple[int, int]]:
    lookup = Lookup(shaped)
    for expr in postorder(lookup.statements()):
        if isinstance(expr, Gather) and expr.kind == "average" and lookup.gathers(expr):
            window = shaped.clocked.durations[shaped.clocked.windows[expr]]
            period = lookup.span(expr.value)
            if window > 1 and period is not None and period < 1:
                yield int(window), int(1 / period)
