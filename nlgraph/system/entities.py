"""What a name can stand for while names are resolved, and the scopes that hold names.

Records here are built up step by step inside the stage and never leave it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from nlgraph.ops.types import Dim, TensorType
from nlgraph.syntax import nodes
from nlgraph.system.ids import ClockId, ComponentId, InputId, SignalId, StateId
from nlgraph.system.model import Expr, Extern, Reset
from nlgraph.system.values import Key, Value
from nlgraph.text.span import Origin


@dataclass(slots=True, eq=False)
class Scope:
    """Names, and the scope around them."""

    parent: Scope | None = None
    names: dict[str, Entity] = field(default_factory=dict)

    def lookup(self, name: str) -> Entity | None:
        """What a name stands for here."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.names:
                return scope.names[name]
            scope = scope.parent
        return None

    def visible(self) -> Iterator[str]:
        """Every name that is seen from here."""
        scope: Scope | None = self
        while scope is not None:
            yield from scope.names
            scope = scope.parent


@dataclass(slots=True, eq=False)
class StateRecord:
    """A state under construction; `short` is its name inside its component.

    `claimed` says that its body gives it an update of its own, `fixed` that no `train` or
    `minimize` of its whole component is about it.
    """

    id: StateId
    short: str
    component: Comp
    origin: Origin
    type: TensorType | None = None
    like: Callable[[], Expr] | None = None
    init: Callable[[], Expr] | None = None
    reset: Callable[[], Reset] | None = None
    update: Expr | None = None
    update_origin: Origin | None = None
    claimed: bool = False
    fixed: bool = False

    @property
    def own(self) -> bool:
        """Whether it bears the name of its component."""
        return str(self.id) == str(self.component.id)


@dataclass(slots=True, eq=False)
class Comp:
    """A component under construction; `answers` are what calls of a map without state give.

    `lost` says that a fault in its declaration hides what it has: that it lacks something is then
    no fault of its own.
    """

    id: ComponentId
    host: Comp | None
    origin: Origin
    scope: Scope
    per: tuple[str, ...] = ()
    clock: ClockId | None = None
    clock_origin: Origin | None = None
    states: dict[str, StateRecord] = field(default_factory=dict)
    reset: ResetPlan | None = None
    map: MapRecord | None = None
    extern: Extern | None = None
    answers: list[Expr] = field(default_factory=list)
    lost: bool = False
    objective: Expr | None = None
    rules: list[str] = field(default_factory=list)
    coefficients: list[Expr] = field(default_factory=list)
    added: dict[str, Holder] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class ResetPlan:
    """A reset of a whole component, which what its rule and body add inherits."""

    clock: ClockId
    keeps: bool
    origin: Origin


@dataclass(frozen=True, slots=True, eq=False)
class MapRecord:
    """A component's map, and the scope in which its body is read."""

    node: nodes.Map
    scope: Scope
    owner: Comp


@dataclass(frozen=True, slots=True, eq=False)
class NumberEntity:
    """A constant, or a `for`'s index."""

    value: int | float | bool | str


@dataclass(frozen=True, slots=True, eq=False)
class DimEntity:
    """A dimension."""

    dim: Dim


@dataclass(frozen=True, slots=True, eq=False)
class ClockEntity:
    """A declared clock."""

    id: ClockId


@dataclass(frozen=True, slots=True, eq=False)
class InputEntity:
    """An input."""

    id: InputId


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """A component, or the same component of several hosts in a rule: states by leaf."""

    leaves: Mapping[Key, StateRecord]
    comps: Mapping[str, Comp]

    @property
    def is_lost(self) -> bool:
        """Whether a fault in its declaration hides what it has."""
        return any(comp.lost for comp in self.comps.values())


@dataclass(slots=True, eq=False)
class LazyComponent:
    """A declared component that is built when first asked for; `id` is that of its first host."""

    id: ComponentId
    build: Callable[[], Holder]
    origin: Origin
    holder: Holder | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """`layer`, `z`: members by index."""

    name: str
    members: dict[int, Entity]
    origin: Origin


@dataclass(slots=True, eq=False)
class SignalEntity:
    """A signal; `node` is its right side. `bundle` is its value where it is a bundle."""

    id: SignalId
    node: nodes.Expr
    scope: Scope
    host: Comp | None
    origin: Origin
    via: Origin | None = None
    value: Value | None = None
    state: Literal["new", "busy", "done"] = "new"


@dataclass(slots=True, eq=False)
class LazyValue:
    """A rule's local equation, or its g: resolved when first read, then shared.

    `like` is the bundle whose states a `like g` copies.
    """

    resolve: Callable[[], Value]
    origin: Origin
    like: Holder | None = None
    value: Value | None = None
    busy: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ValueEntity:
    """A parameter bound to a value."""

    value: Value


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A rule, transform, block or fn, and the scope of the file that defines it."""

    node: nodes.Rule | nodes.Transform | nodes.Block | nodes.Fn
    scope: Scope


Entity = (
    NumberEntity
    | DimEntity
    | ClockEntity
    | InputEntity
    | Holder
    | LazyComponent
    | Family
    | SignalEntity
    | LazyValue
    | ValueEntity
    | StateRecord
    | Template
)
