"""The equations of a system: what the file says once names, templates and rules are resolved.

Every expression here is about single tensors: bundles have been written out leaf by leaf.
Expressions are compared by identity and may be shared; walk them with `system.walk`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, ComponentId, InputId, SignalId, StateId
from nlgraph.text.source import Source
from nlgraph.text.span import Origin

# ----------------------------------------------------------------------------- expressions


@dataclass(frozen=True, slots=True, eq=False)
class Expr:
    """An expression and where it came from."""

    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Number(Expr):
    """A number, true or false, known when compiling."""

    value: int | float | bool


@dataclass(frozen=True, slots=True, eq=False)
class DimSize(Expr):
    """The size of a dimension that a call binds (`dim B` without a number)."""

    dim: str


@dataclass(frozen=True, slots=True, eq=False)
class Unknown(Expr):
    """Stands where a fault was reported; what meets it stays silent."""


@dataclass(frozen=True, slots=True, eq=False)
class InputRead(Expr):
    """An input."""

    input: InputId


@dataclass(frozen=True, slots=True, eq=False)
class SignalRead(Expr):
    """A signal."""

    signal: SignalId


@dataclass(frozen=True, slots=True, eq=False)
class StateRead(Expr):
    """A state before this instant, or after it (primed)."""

    state: StateId
    primed: bool


@dataclass(frozen=True, slots=True, eq=False)
class Learning(Expr):
    """True in a step, false in a call that updates nothing; a flag known when a graph is built."""


@dataclass(frozen=True, slots=True, eq=False)
class Tick(Expr):
    """The number of the update under way of a component, or of the tick of a clock; from 1."""

    of: ComponentId | None
    clock: ClockId | None


@dataclass(frozen=True, slots=True, eq=False)
class Draw(Expr):
    """A random draw: one for each place (`name`), tick and copy.

    `kind` is `normal uniform randint bernoulli`, for initial values also `xavier kaiming
    orthogonal`, and `given`: what the module of an extern component brings. `args` are numbers:
    (mean, std), (low, high), (low, high), (p,). The shape is `dims`, or that of `like`; an initial
    value's is its state's (both None).
    """

    kind: str
    args: tuple[int | float, ...]
    dims: tuple[Dim, ...] | None
    like: Expr | None
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Call(Expr):
    """An operator of the registry. `attrs` has every non-value parameter.

    Elementwise calls that were written once for a whole bundle share a `site` (else 0): there
    is one for each leaf, and they may be computed together.
    """

    op: str
    args: tuple[Expr, ...]
    attrs: Mapping[str, Any]
    site: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Slice(Expr):
    """`k[token]`: this tick's slice of a value along the dimension of a clock."""

    value: Expr
    clock: ClockId


GatherKind = Literal["accumulate", "average", "product", "latest", "collect"]


@dataclass(frozen=True, slots=True, eq=False)
class Gather(Expr):
    """`accumulate(e)` …, over one tick of `clock`, or of the clock of `reader` where that is None.

    Both are None for a `collect` in a signal that names no clock: its window is then a tick of
    the parent of the clock of `value`, which runs along a dimension.
    """

    kind: GatherKind
    value: Expr
    clock: ClockId | None
    reader: ComponentId | None
    axis: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prev(Expr):
    """`prev(e, init)`: e at the tick before. `name` is unique in the file and stable."""

    value: Expr
    init: Expr
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Grad(Expr):
    """The derivatives of a scalar with respect to several states, or to signals; read by `Item`.

    `at`: empty, or one point for each target. Two reads of one bundle gradient share one Grad.
    """

    value: Expr
    targets: tuple[StateRead | SignalRead, ...]
    at: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Item(Expr):
    """One derivative of a Grad, by the target's index."""

    grad: Grad
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class With(Expr):
    """`value with (state = e, …)`: states replaced wherever `value` reads them unprimed.

    Primed reads in the replacements stand for the update's expression, and so on inside that.
    """

    value: Expr
    states: tuple[StateId, ...]
    replacements: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stop(Expr):
    """A constant to every gradient."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class Hold(Expr):
    """A constant to the nearest gradient around it; flows for those outside."""

    value: Expr


@dataclass(frozen=True, slots=True, eq=False)
class PerCopy(Expr):
    """`value` for each index of `dims`: inside, a value with these dims is seen without them.

    The result has `dims` in front. Dims that are already seen without (inside a component `per`
    them) are left alone. This is a map of a `per` component called from outside.
    """

    value: Expr
    dims: tuple[str, ...]


# ----------------------------------------------------------------------------- declarations


@dataclass(frozen=True, slots=True, eq=False)
class ClockDef:
    """A clock. The root has no parent.

    kind `multiple`: a tick every `count` ticks of `parent`, a clock or a component (its updates).
    kind `along`: one tick for each position of `dim` inside a tick of `parent`; count is its size.
    kind `divided`: `count` ticks inside a tick of `parent`.
    """

    id: ClockId
    kind: Literal["root", "multiple", "along", "divided"]
    parent: ClockId | None
    parent_component: ComponentId | None
    count: int
    dim: str | None
    declared: bool
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """An input: its type and the clock on which it comes."""

    id: InputId
    type: TensorType
    clock: ClockId
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Signal:
    """A named value. `host` is the component in whose body it stands: its `per` is the signal's."""

    id: SignalId
    value: Expr
    host: ComponentId | None
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Reset:
    """A reset of a state: at the end of each tick of `clock`, to `to` (None: its initial value)."""

    clock: ClockId
    to: Expr | None
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A state. `type` is without its component's `per` dims; None where `like` gives it.

    `name` is its short name, `init` an expression of numbers, draws and other states' initial
    values (StateRead unprimed), `update` its next value: None for a frozen state.
    """

    id: StateId
    component: ComponentId
    name: str
    type: TensorType | None
    like: Expr | None
    init: Expr
    reset: Reset | None
    update: Expr | None
    origin: Origin


class ExternModule(Protocol):
    """A module of the user's, as the torch-free passes know it."""

    @property
    def parameters(self) -> Mapping[str, TensorType]:
        """The type of each parameter."""
        ...

    @property
    def buffers(self) -> Mapping[str, TensorType]:
        """The type of each buffer."""
        ...

    @property
    def fixed(self) -> frozenset[str]:
        """The parameters that nothing trains."""
        ...

    @property
    def draws(self) -> bool:
        """Whether a step of it draws random numbers."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Extern:
    """What an extern component takes and gives, and the module that is called.

    Where that is not known (None), the component has one state of its own name, without a type, in
    the place of all.
    """

    inputs: tuple[TensorType, ...]
    output: TensorType
    module: ExternModule | None


@dataclass(frozen=True, slots=True, eq=False)
class Component:
    """A component: states, and where it stands.

    `host` is the component whose rule or body added it. `clock` is the stated clock; without one
    (None) a component has the clock of its host, and one without a host is inferred.
    `coefficients` are the expressions that were given to its rule as arguments (learning rates,
    gates, decays), and `objective` what it minimizes, for the level graph's edges.
    `map_reads` are what the map reads besides its parameters; a component without states is
    non-parametric, and has there what its calls give. `extern` says that its map is a module of
    the user's.
    """

    id: ComponentId
    host: ComponentId | None
    states: tuple[StateId, ...]
    per: tuple[str, ...]
    clock: ClockId | None
    clock_origin: Origin | None
    objective: Expr | None
    rules: tuple[str, ...]
    coefficients: tuple[Expr, ...]
    map_reads: tuple[Expr, ...]
    has_map: bool
    origin: Origin
    extern: Extern | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """An output or a metric."""

    name: str
    value: Expr
    kind: Literal["output", "metric"]
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """A whole system. Mappings keep the order of the file.

    `files` are the files of the project that it uses, by their paths, as they were read.
    """

    name: str
    source: Source
    files: Mapping[str, Source]
    dims: Mapping[str, int | None]
    dim_origins: Mapping[str, Origin]
    consts: Mapping[str, int | float | bool]
    clocks: Mapping[ClockId, ClockDef]
    root: ClockId
    inputs: Mapping[InputId, Input]
    signals: Mapping[SignalId, Signal]
    components: Mapping[ComponentId, Component]
    states: Mapping[StateId, State]
    results: tuple[Result, ...]
