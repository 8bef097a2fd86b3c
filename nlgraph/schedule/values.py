"""Structurally equal expressions become one value: spelling does not decide what is computed.

Signals stand for what defines them; gathers and ticks are told apart by lengths of time alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from fractions import Fraction
from math import ceil
from typing import Any

from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.op import registry
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, TensorType
from nlgraph.schedule.model import INTERNAL, Count
from nlgraph.schedule.value import CONSTANT, Form, Value, frozen, simplified
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import ClockId, ComponentId, SignalId, StateId
from nlgraph.system.model import (
    Call,
    DimSize,
    Draw,
    Expr,
    Gather,
    Grad,
    Hold,
    InputRead,
    Item,
    Learning,
    Number,
    Prev,
    SignalRead,
    StateRead,
    Stop,
    Tick,
    With,
)
from nlgraph.system.walk import children, postorder
from nlgraph.text.span import Origin


class Values:
    """All values of a system; made by `of` from expressions, and by `make` and `op`.

    `names` are the signals' names for what they stand for; `prevs` has for each `prev` what it
    is the last value of, and what comes before the first; `gathers` has what each gather over
    several ticks is, `dropped` the branches that only calls without learning take, or only others;
    `reached` is what `reach` found out.
    """

    def __init__(
        self, shaped: Shaped, report: Report, windows: Mapping[Gather, str] | None = None
    ) -> None:
        """Start with no value; where nothing is learned, `windows` has the memory of each gather.

        There two gathers may be equal that were not in the steps before, and their memories differ.
        """
        self.shaped = shaped
        self.report = report
        self.clocked: Clocked = shaped.clocked
        self.equations = shaped.clocked.equations
        self.names: dict[Value, str] = {}
        self.prevs: dict[str, Prev] = {}
        self.gathers: dict[Gather, Value] = {}
        self.dropped: list[Value] = []
        self.digests: dict[Value, str] = {}
        self.reached: dict[tuple[Value, bool], frozenset[Value]] = {}
        self._windows = windows
        self._table: dict[Hashable, Value] = {}
        self._known: dict[Expr, Value] = {}
        self._free = _differentiated(shaped)

    def of(self, root: Expr, component: ComponentId | None) -> Value:
        """The value of an expression in a statement of a component, or of none."""
        stack = [(root, component)]
        while stack:
            expr, owner = stack[-1]
            if expr in self._known:
                stack.pop()
                continue
            host = owner
            if isinstance(expr, SignalRead):
                host = self.equations.signals[expr.signal].host
            missing = [part for part in self._needs(expr) if part not in self._known]
            if missing:
                stack.extend((part, host) for part in reversed(missing))
                continue
            self._known[expr] = self._build(expr, owner)
            stack.pop()
        return self._known[root]

    def make(
        self,
        form: Form,
        parts: tuple[Value, ...],
        data: Any,  # noqa: ANN401
        type_: TensorType,
        origin: Origin,
        *,
        component: ComponentId | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> Value:
        """The one value of this form."""
        key = (form, tuple(map(id, parts)), data)
        found = self._table.get(key)
        if found is None:
            found = Value(form, parts, data, type_, origin, component, attrs or {})
            self._table[key] = found
        return found

    def op(
        self,
        name: str,
        *parts: Value,
        origin: Origin,
        attrs: Mapping[str, Any] | None = None,
        type_: TensorType | None = None,
        component: ComponentId | None = None,
    ) -> Value:
        """An operator applied to values; its type is inferred where it is not given."""
        attrs = attrs or {}
        if type_ is None:
            assert name not in INTERNAL, f"{name} needs a type"
            type_ = registry()[name].infer(tuple(part.type for part in parts), attrs)
        simple = simplified(name, parts, type_)
        if simple is not None:
            if name == "where":
                self.dropped.extend(part for part in parts[1:] if part is not simple)
            return simple
        data = (name, frozen(attrs))
        return self.make(
            "op", parts, data, type_, origin, component=component or _owner(parts), attrs=attrs
        )

    def number(self, number: float, origin: Origin) -> Value:
        """A number."""
        name = {bool: TRUTH, int: WHOLE}.get(type(number), NUMBER)
        return self.make("number", (), (name, number), TensorType(name), origin)

    def rebuild(self, value: Value, parts: tuple[Value, ...]) -> Value:
        """The same value over other parts."""
        if parts == value.parts:
            return value
        if value.form == "op":
            return self.op(
                value.op, *parts, origin=value.origin, attrs=value.attrs, type_=value.type,
                component=value.component,
            )  # fmt: skip
        return self.make(
            value.form, parts, value.data, value.type, value.origin, component=value.component
        )

    def update(self, state: str) -> Value | None:
        """The value of a state's update; None where it has none."""
        found = self.equations.states[StateId(state)]
        return None if found.update is None else self.of(found.update, found.component)

    @property
    def learning(self) -> bool:
        """Whether these are the values of steps, and not of calls that update nothing."""
        return self._windows is None

    def period(self, clock: ClockId | None) -> int | None:
        """The length of a clock's tick in root ticks; None for no clock."""
        found = self.clocked.duration(clock)
        return None if found is None else whole(found)

    def _needs(self, expr: Expr) -> tuple[Expr, ...]:
        if (expr, ()) in self.shaped.constants:
            return ()
        match expr:
            case Call(op="where") if (expr.args[0], ()) in self.shaped.constants:
                return (self._chosen(expr),)
            case SignalRead(signal=signal):
                return (self.equations.signals[signal].value,)
            case Grad(targets=targets):
                return (*children(expr), *targets)
            case Prev(init=init):
                return (init,)
            case Draw():
                return ()
            case _:
                return children(expr)

    def _chosen(self, choice: Call) -> Expr:
        """The branch of a choice whose condition is known."""
        return choice.args[1 if self.shaped.constants[choice.args[0], ()] else 2]

    def _build(self, expr: Expr, component: ComponentId | None) -> Value:
        known, origin = self._known, expr.origin
        constant = self.shaped.constants.get((expr, ()))
        if constant is not None:
            return self.number(constant, origin)

        def make(form: Form, parts: tuple[Value, ...], data: object) -> Value:
            type_ = self.shaped.type_of(expr)
            return self.make(form, parts, data, type_, origin, component=component)

        match expr:
            case Number(value=number):
                return self.number(number, origin)
            case Learning():
                return self.number(self.learning, origin)
            case DimSize(dim=dim):
                return make("size", (), dim)
            case InputRead(input=name):
                return make("input", (), str(name))
            case Draw(name=name):
                return make("draw", (), name)
            case StateRead(state=state, primed=primed):
                return self.state(state, "primed" if primed else "state", origin)
            case Tick():
                return make("count", (), self._count(expr))
            case SignalRead(signal=signal):
                return self._signal(signal, known[self.equations.signals[signal].value])
            case Call(op="where") if (expr.args[0], ()) in self.shaped.constants:
                return known[self._chosen(expr)]
            case Call(op=op, args=args, attrs=attrs):
                parts = tuple(known[arg] for arg in args)
                type_ = self.shaped.type_of(expr)
                return self.op(
                    op, *parts, origin=origin, attrs=attrs, type_=type_, component=component
                )
            case Gather():
                return self._gather(expr, component)
            case Prev(name=name):
                self.prevs[name] = expr
                period = self.period(self.clocked.timings[expr.value].clock) or 1
                return make("prev", (known[expr.init],), (name, period))
            case Grad(value=value, targets=targets, at=at):
                parts = tuple(known[part] for part in (value, *targets, *at))
                span = self.period(self.clocked.timings[value].clock)
                return self.make("grad", parts, (len(targets), span), known[value].type, origin)
            case Item(grad=grad, index=index):
                whole_ = known[grad]
                type_ = whole_.targets[index].type
                return self.make("item", (whole_,), index, type_, origin, component=component)
            case With(value=value, states=states, replacements=replacements):
                reads = tuple(self.state(state, "state", origin) for state in states)
                parts = (known[value], *reads, *(known[part] for part in replacements))
                return make("with", parts, None)
            case Stop(value=value) | Hold(value=value):
                form: Form = "stop" if isinstance(expr, Stop) else "hold"
                part = known[value]
                # Not so a `hold` of a `hold`: each is constant to a gradient of its own.
                return part if part.form in (*CONSTANT, "stop") else make(form, (part,), None)
            case _:
                message = f"a {type(expr).__name__} cannot be scheduled"
                raise AssertionError(message)

    def state(self, state: StateId, form: Form, origin: Origin) -> Value:
        """A state's value, read in one of its three forms."""
        type_ = self.shaped.states[state]
        assert type_ is not None, "a system with faults is never compiled"
        component = self.equations.states[state].component
        return self.make(form, (), str(state), type_, origin, component=component)

    def cell(self, key: tuple[str, str], type_: TensorType, origin: Origin) -> Value:
        """What a cell is at this instant."""
        return self.make("cell", (), key, type_, origin)

    def _signal(self, signal: SignalId, value: Value) -> Value:
        if value.form not in (*CONSTANT, "state", "primed", "signal"):
            self.names.setdefault(value, str(signal))
        if signal not in self._free:
            return value
        return self.make(
            "signal", (value,), str(signal), value.type, value.origin, component=value.component
        )

    def _gather(self, expr: Gather, component: ComponentId | None) -> Value:
        value = self._known[expr.value]
        window = self.period(self.clocked.windows[expr])
        period = self.period(self.clocked.timings[expr.value].clock)
        assert window is not None, "a window has a clock"
        if period is None or period >= window:
            return value
        known = "" if self._windows is None else self._windows[expr]
        data = (expr.kind, period, window, expr.axis, known)
        type_ = self.shaped.type_of(expr)
        found = self.make("gather", (value,), data, type_, expr.origin, component=component)
        self.gathers[expr] = found
        return found

    def _count(self, tick: Tick) -> Count:
        if tick.clock is not None:
            return Count(self.period(tick.clock) or 1, None)
        assert tick.of is not None, "a tick is that of a clock or of a component"
        period = self.period(self.clocked.components[tick.of]) or 1
        states = self.equations.components[tick.of].states
        resets = {self.reset_period(state) for state in states}
        return Count(period, resets.pop() if len(resets) == 1 else None)

    def reset_period(self, state: StateId) -> int | None:
        """The time between two resets of a state to another value; None where it has none."""
        reset = self.equations.states[state].reset
        if reset is None or (isinstance(reset.to, StateRead) and reset.to.state == state):
            return None
        return self.period(reset.clock)


def whole(length: Fraction) -> int:
    """A length of time as a number of root ticks."""
    assert length.denominator == 1, "no clock ticks inside a root tick"
    return ceil(length)


def _differentiated(shaped: Shaped) -> frozenset[SignalId]:
    """The signals that some gradient is taken by."""
    equations = shaped.clocked.equations
    roots: list[Expr] = [signal.value for signal in equations.signals.values()]
    roots.extend(result.value for result in equations.results)
    for state in equations.states.values():
        reset = None if state.reset is None else state.reset.to
        roots.extend(root for root in (state.update, reset) if root is not None)
    return frozenset(
        target.signal
        for expr in postorder(roots)
        if isinstance(expr, Grad)
        for target in expr.targets
        if isinstance(target, SignalRead)
    )


def _owner(parts: tuple[Value, ...]) -> ComponentId | None:
    """The component whose state an operator reads directly."""
    for part in parts:
        if part.form in ("state", "primed"):
            return part.component
    return None
