"""How the update of a component is put together: what it remembers, and by which coefficients.

An update is a sum of products. In each product one factor is what is remembered, its *content*: a
gradient, else the component's own state, else what is read of a memory of gradients, else the last
factor. Every other factor is a *coefficient*: a learning rate, a gate, a decay; so is every
denominator, and the condition of an `if`. Among several gradients a scalar one is a coefficient
(the norm by which a gradient is clipped). Functions are looked through where their argument holds
a gradient or the component's own state.

So `M' = a*M - rate*grad(E, M)` has the coefficients a and rate, whether it is written so or comes
from `minimize E by gd(lr = rate, retain = a)`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nlgraph.clocks.model import Clocked
from nlgraph.clocks.reads import Reads
from nlgraph.levels.terms import Terms
from nlgraph.system.ids import ComponentId
from nlgraph.system.model import (
    Call,
    DimSize,
    Expr,
    Gather,
    Hold,
    Item,
    Number,
    PerCopy,
    Prev,
    SignalRead,
    Slice,
    StateRead,
    Stop,
    Tick,
    With,
)
from nlgraph.system.walk import children, postorder


@dataclass(frozen=True, slots=True)
class Product:
    """What an update remembers, and its coefficients.

    `items` are the gradients that it remembers, and `clips` the scalars, made of gradients, by
    which these are multiplied. `objectives` are those that a gradient differentiates as a whole:
    the gradients inside them are remembered too, and are the same for all that are so taken.
    """

    items: tuple[Item, ...]
    objectives: tuple[Objective, ...]
    clips: tuple[Expr, ...]
    coefficients: tuple[Expr, ...]


Objective = tuple[Expr, ...]
"""What a gradient differentiates, and the points at which it does."""


@dataclass(frozen=True, slots=True)
class _Found:
    items: dict[Item, None] = field(default_factory=dict)
    objectives: dict[Objective, None] = field(default_factory=dict)
    clips: dict[Expr, None] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Products:
    """The products of all updates; `carrying` are the expressions that hold a gradient."""

    reads: Reads
    terms: Terms
    carrying: set[Expr] = field(default_factory=set)
    memories: dict[ComponentId, bool] = field(default_factory=dict)
    scalars: dict[Expr, bool] = field(default_factory=dict)
    sized: set[int] = field(default_factory=set)
    looked_at: set[int] = field(default_factory=set)
    remembering: dict[Expr, bool] = field(default_factory=dict)
    insides: dict[Objective, Product] = field(default_factory=dict)

    @property
    def clocked(self) -> Clocked:
        """The system."""
        return self.reads.clocked

    def __post_init__(self) -> None:
        """Find what holds a gradient, parts and signals before what reads them."""
        equations = self.clocked.equations
        for expr in self.clocked.timings:
            if isinstance(expr, SignalRead):
                holds = equations.signals[expr.signal].value in self.carrying
            elif isinstance(expr, Item):
                holds = True
            else:
                holds = any(part in self.carrying for part in children(expr))
            if holds:
                self.carrying.add(expr)

    def of(self, component: ComponentId) -> Product:
        """The product of all updates of a component."""
        coefficients: dict[Expr, None] = {}
        for update in self._updates(component):
            coefficients.update(dict.fromkeys(self._coefficients(update, component)))
        found = self._gradients(self._updates(component))
        return Product(
            tuple(found.items), tuple(found.objectives), tuple(found.clips), tuple(coefficients)
        )

    def inside(self, objective: Objective) -> Product:
        """What is in an objective, or in a clip, and in the objectives inside; looked up once."""
        if objective not in self.insides:
            found = self._gradients(objective, enters=True)
            self.insides[objective] = Product(tuple(found.items), (), tuple(found.clips), ())
        return self.insides[objective]

    def is_memory(self, component: ComponentId) -> bool:
        """Whether a component remembers gradients by others: a momentum, a preconditioner."""
        if component not in self.memories:
            found = self._gradients(self._updates(component))
            parts = (found.items, *(self.inside(each).items for each in found.objectives))
            states = self.clocked.equations.states
            targets = (item.grad.targets[item.index] for part in parts for item in part)
            self.memories[component] = any(
                states[target.state].component != component
                for target in targets
                if isinstance(target, StateRead)
            )
        return self.memories[component]

    def _updates(self, component: ComponentId) -> Iterator[Expr]:
        equations = self.clocked.equations
        for name in equations.components[component].states:
            update = equations.states[name].update
            if update is not None:
                yield update

    # ------------------------------------------------------------------------- gradients

    def _gradients(self, roots: Iterable[Expr], *, enters: bool = False) -> _Found:
        """The gradients under some expressions, and the scalars that multiply them.

        `enters`: those inside objectives that are differentiated as a whole too.
        """
        found = _Found()
        stack = list(roots)
        seen: set[Expr] = set()
        while stack:
            expr = stack.pop()
            if expr not in self.carrying or expr in seen:
                continue
            seen.add(expr)
            match expr:
                case Item(grad=grad):
                    found.items[expr] = None
                    terms = self.terms.of(expr)
                    if terms is not None:
                        stack.extend(terms)
                    elif enters:
                        stack.append(grad)
                    elif grad in self.carrying:
                        found.objectives[children(grad)] = None
                case SignalRead(signal=signal):
                    stack.append(self.clocked.equations.signals[signal].value)
                case Call(op="mul" | "div"):
                    factors = [factor for factor, _ in _factors(expr) if factor in self.carrying]
                    tensors = [factor for factor in factors if not self._is_scalar(factor)]
                    stack.extend(tensors or factors)
                    if tensors:
                        found.clips.update((f, None) for f in factors if f not in tensors)
                case _:
                    stack.extend(children(expr))
        return found

    # ------------------------------------------------------------------------- coefficients

    def _coefficients(self, root: Expr, component: ComponentId) -> Iterator[Expr]:
        """The coefficients of an update, from the outermost product to those inside functions."""
        equations = self.clocked.equations
        own: dict[Expr, bool] = {}
        stack = [root]
        seen: set[Expr] = set()
        while stack:
            expr = stack.pop()
            if expr in seen:
                continue
            seen.add(expr)
            match expr:
                case Call(op="mul" | "div"):
                    factors = [f for f in _factors(expr) if not isinstance(f[0], _PLAIN)]
                    contents = (
                        [factor for factor, _ in factors]
                        if len(factors) == 1 and factors[0][1]
                        else self._contents(factors, component, own)
                    )
                    for factor, _ in factors:
                        if factor in contents:
                            stack.append(factor)
                        else:
                            yield factor
                case Call(op="where", args=(condition, *branches)):
                    yield condition
                    stack.extend(branches)
                case Call(op="add" | "sub" | "neg" | "cast", args=args):
                    stack.extend(args)
                case Call(args=args):
                    stack.extend(arg for arg in args if self._holds(arg, component, own))
                case SignalRead(signal=signal):
                    found = equations.signals[signal]
                    if expr in self.carrying or found.host == component:
                        stack.append(found.value)
                case Gather() | Stop() | Hold() | Slice() | PerCopy() | Prev() | With():
                    stack.append(children(expr)[0])
                case _:
                    continue

    def _contents(
        self, factors: list[tuple[Expr, bool]], component: ComponentId, own: dict[Expr, bool]
    ) -> list[Expr]:
        above = [factor for factor, is_above in factors if is_above]
        gradients = [factor for factor in above if factor in self.carrying]
        if gradients:
            tensors = [factor for factor in gradients if not self._is_scalar(factor)]
            return tensors or gradients
        for test in (self._reads_own, self._reads_memory):
            found = [factor for factor in above if test(factor, component, own)]
            if found:
                return found
        return above[-1:]

    def _holds(self, expr: Expr, component: ComponentId, own: dict[Expr, bool]) -> bool:
        return expr in self.carrying or self._reads_own(expr, component, own)

    def _reads_own(self, root: Expr, component: ComponentId, own: dict[Expr, bool]) -> bool:
        """Whether an expression reads the component's own state, by name."""
        if root not in own:
            states = self.clocked.equations.states
            for expr in postorder([root]):
                own[expr] = (
                    states[expr.state].component == component
                    if isinstance(expr, StateRead)
                    else any(own[part] for part in children(expr))
                )
        return own[root]

    def _reads_memory(self, root: Expr, component: ComponentId, own: dict[Expr, bool]) -> bool:
        """Whether an expression reads a memory of gradients, by name."""
        del component, own
        states = self.clocked.equations.states
        for expr in postorder([root], self.looked_at):
            self.remembering[expr] = (
                self.is_memory(states[expr.state].component)
                if isinstance(expr, StateRead)
                else any(self.remembering[part] for part in children(expr))
            )
        return self.remembering[root]

    def _is_scalar(self, root: Expr) -> bool:
        """Whether an expression is known to be one number without looking at types."""
        for expr in postorder([root], self.sized):
            match expr:
                case Number() | Tick() | DimSize():
                    known = True
                case Call(op=op, attrs=attrs) if op in _REDUCTIONS:
                    known = attrs.get("axis") is None
                case Call(op=op, args=args):
                    known = op in _ELEMENTWISE and all(self.scalars[arg] for arg in args)
                case Gather(value=value) | Stop(value=value) | Hold(value=value):
                    known = self.scalars[value]
                case _:
                    known = False
            self.scalars[expr] = known
        return self.scalars[root]


_PLAIN = (Number, Tick, DimSize)
"""What nobody makes: as a coefficient it leads nowhere."""


def _factors(product: Expr) -> list[tuple[Expr, bool]]:
    """The factors of nested products and quotients, and whether each is above the line.

    A factor that stands in several places is taken once, at the last of them: products of
    products, shared, would have no end of factors else.
    """
    stack = [(product, True)]
    seen: set[tuple[Expr, bool]] = set()
    found: list[tuple[Expr, bool]] = []  # from the last to the first
    while stack:
        expr, above = stack.pop()
        if (expr, above) in seen:
            continue
        seen.add((expr, above))
        match expr:
            case Call(op="mul", args=(left, right)):
                stack += [(left, above), (right, above)]
            case Call(op="div", args=(left, right)):
                stack += [(left, above), (right, not above)]
            case Call(op="neg", args=(inner,)):
                stack.append((inner, above))
            case _:
                found.append((expr, above))
    found.reverse()
    return found


_REDUCTIONS = frozenset(
    [
        "norm",
        "global_norm",
        "dot",
        "global_dot",
        "sum",
        "mean",
        "max",
        "min",
        "var",
        "std",
        "trace",
        "cross_entropy",
        "mse",
        "l1",
        "huber",
        "bce",
        "kl",
    ]
)
_ELEMENTWISE = frozenset(
    [
        "add",
        "sub",
        "mul",
        "div",
        "neg",
        "pow",
        "sqrt",
        "rsqrt",
        "abs",
        "sign",
        "exp",
        "log",
        "clip",
        "minimum",
        "maximum",
        "where",
        "cast",
    ]
)
