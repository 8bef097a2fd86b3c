"""Structurally equal expressions become one value: spelling does not decide what is computed.

Signals stand for what defines them; gathers and ticks are told apart by lengths of time alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.lower import visible
from nlgraph.ops.op import registry
from nlgraph.ops.types import TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.copies import Copies
from nlgraph.schedule.model import Count
from nlgraph.schedule.value import CONSTANT, Form, Period, Value
from nlgraph.shapes.collects import collected
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.shapes.view import within
from nlgraph.system.ids import ComponentId, SignalId, StateId
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
from nlgraph.text.span import Origin


@dataclass(frozen=True, slots=True)
class _Read:
    """An expression as it is read: in a statement of a component, inside copies, every so often.

    The component is a note alone: an objective that many components share is read once for all.
    """

    expr: Expr
    component: ComponentId | None = field(compare=False)
    hidden: Hidden
    at: Period

    def of(self, part: Expr) -> _Read:
        """A part, read in the same way."""
        return _Read(part, self.component, self.hidden, self.at)


class Values(Copies):
    """All values of a system; made by `of` from expressions, and by `make` and `op`.

    `names` are the signals' names for what they stand for; `prevs` has for each `prev` what it
    is the last value of, and what comes before the first; `gathers` has what each gather over
    several ticks is, `dropped` the branches that only calls without learning take, or only others;
    `reached` is what `reach` found out.
    """

    def __init__(
        self,
        shaped: Shaped,
        report: Report,
        windows: Mapping[Gather, str] | None = None,
        *,
        root: Period = 1,
    ) -> None:
        """Start with no value; where nothing is learned, `windows` has the memory of each gather.

        There two gathers may be equal that were not in the steps before, and their memories differ.
        All times are measured in windows of which a tick of the root is the part `root`.
        """
        super().__init__(shaped)
        self.root = root
        self.report = report
        self.names: dict[Value, str] = {}
        self.prevs: dict[str, Prev] = {}
        self.prev_reads: dict[str, _Read] = {}
        self.draws: dict[str, tuple[Hidden, Period]] = {}
        self.gathers: dict[Gather, Value] = {}
        self.digests: dict[Value, str] = {}
        self.reached: dict[tuple[Value, bool, bool], frozenset[Value]] = {}
        self._windows = windows
        self._known: dict[_Read, Value] = {}
        self._free = _differentiated(shaped)

    def of(self, root: Expr, component: ComponentId | None, *, at: Period | None = None) -> Value:
        """The value of an expression in a statement of a component, or of none.

        `at` is the time between two readings, in root ticks; one or more of these are the same.
        """
        return self._value(_Read(root, component, self.per(component), min(at or 1, 1)))

    def given(self, state: StateId) -> Period | None:
        """The time between two values of a state that a window is given tick by tick.

        It changes from root tick to root tick, and does not live inside the window: what runs the
        window again need not do so for it. None of any other state.
        """
        reset = self.equations.states[state].reset
        anew = None if reset is None else self.period(reset.clock)
        times = [time for time in (self.state_period(state), anew) if time is not None]
        period = min(times, default=1)
        lives = anew is not None and anew <= 1 and self.state_period(state) is not None
        return None if lives or not self.root <= period < 1 else period

    def last(self, name: str) -> Value:
        """What a `prev` is the last value of."""
        return self._value(self.prev_reads[name])

    def _value(self, first: _Read) -> Value:
        stack = [first]
        while stack:
            read = stack[-1]
            if read in self._known:
                stack.pop()
                continue
            missing = [part for part in self._needs(read) if part not in self._known]
            if missing:
                stack.extend(reversed(missing))
                continue
            self._known[read] = self._build(read)
            stack.pop()
        return self._known[first]

    def update(self, state: str) -> Value | None:
        """The value of a state's update; None where it has none."""
        found = self.equations.states[StateId(state)]
        if found.update is None:
            return None
        return self.of(found.update, found.component, at=self.state_period(StateId(state)))

    @property
    def learning(self) -> bool:
        """Whether these are the values of steps, and not of calls that update nothing."""
        return self._windows is None

    def _needs(self, read: _Read) -> tuple[_Read, ...]:
        expr = read.expr
        if (expr, read.hidden) in self.shaped.constants:
            return ()
        match expr:
            case Call(op="where") if (expr.args[0], read.hidden) in self.shaped.constants:
                return (read.of(self._chosen(read)),)
            case SignalRead(signal=signal):
                return (self._defined(signal, read.at),)
            case Grad(targets=targets):
                return tuple(map(read.of, (*children(expr), *targets)))
            case Prev(init=init):
                return (read.of(init),)
            case PerCopy(value=value, dims=dims):
                return (replace(read, expr=value, hidden=within(read.hidden, dims)),)
            case Gather(value=value):
                return (self._gathered(read),)
            case Draw():
                return ()
            case _:
                return tuple(map(read.of, children(expr)))

    def _defined(self, signal: SignalId, at: Period) -> _Read:
        """A signal's definition, read where it stands."""
        found = self.equations.signals[signal]
        host = found.host
        return _Read(found.value, host, self.per(host), self.signal_at(signal, at))

    def _gathered(self, read: _Read) -> _Read:
        """What a gather gathers, read at each of its ticks."""
        assert isinstance(read.expr, Gather), "nothing else gathers"
        value = read.expr.value
        period = self.period(self.clocked.timings[value].clock)
        window = self.period(self.clocked.windows[read.expr])
        assert window is not None, "a window has a clock"
        if period is None or period >= window:
            return read.of(value)
        return replace(read, expr=value, at=min(period, 1))

    def _chosen(self, read: _Read) -> Expr:
        """The branch of a choice whose condition is known."""
        choice = read.expr
        assert isinstance(choice, Call), "a choice is a call"
        return choice.args[1 if self.shaped.constants[choice.args[0], read.hidden] else 2]

    def _build(self, read: _Read) -> Value:
        known, expr, hidden = self._known, read.expr, read.hidden
        origin, component = expr.origin, read.component
        constant = self.shaped.constants.get((expr, hidden))
        if constant is not None:
            return self.number(constant, origin)

        def make(form: Form, parts: tuple[Value, ...], data: object) -> Value:
            type_ = self.shaped.type_of(expr, hidden)
            return self.make(form, parts, data, type_, origin, component=component)

        match expr:
            case Number(value=number):
                return self.number(number, origin)
            case Learning():
                return self.number(self.learning, origin)
            case DimSize(dim=dim):
                return make("size", (), dim)
            case InputRead(input=name):
                type_ = self.equations.inputs[name].type
                found = self.make("input", (), str(name), type_, origin, component=component)
                return self._seen(found, (), hidden)
            case Draw(name=name):
                timing = self.clocked.timings[expr]
                self.draws[name] = (hidden, self.period(timing.clock) or 1)
                return make("draw", (), name)
            case StateRead():
                return self._state(read)
            case Tick():
                return self._count(read)
            case SignalRead(signal=signal):
                return self._signal(signal, read)
            case Call(op="where") if (expr.args[0], hidden) in self.shaped.constants:
                return known[read.of(self._chosen(read))]
            case Call(op=op, args=args, attrs=attrs):
                parts = tuple(known[read.of(arg)] for arg in args)
                type_ = self.shaped.type_of(expr, hidden)
                return self.op(
                    op, *parts, origin=origin, attrs=visible(registry()[op], attrs, hidden),
                    type_=type_, component=component,
                )  # fmt: skip
            case Gather():
                return self._gather(read)
            case PerCopy(dims=dims):
                inside = self._needs(read)[0]
                front = tuple(dim for dim in dims if dim not in hidden)
                return self._in_front(known[inside], front)
            case Slice(value=value, clock=clock):
                part = known[read.of(value)]
                definition = self.equations.clocks[clock]
                names = [dim.name for dim in part.type.dims]
                parent = self.period(definition.parent)
                data = (names.index(definition.dim), self.period(clock), parent)
                return make("slice", (part,), data)
            case Prev(name=name):
                self.prevs[name] = expr
                period = self.period(self.clocked.timings[expr.value].clock) or 1
                self.prev_reads[name] = replace(read, expr=expr.value, at=min(period, 1))
                return make("prev", (known[read.of(expr.init)],), (name, period))
            case Grad(value=value, targets=targets, at=at):
                parts = tuple(known[read.of(part)] for part in (value, *targets, *at))
                span = self.period(self.clocked.timings[value].clock)
                of_grad = (len(targets), span, hidden, None)
                return self.make("grad", parts, of_grad, parts[0].type, origin, component=component)
            case Item(grad=grad, index=index):
                whole_ = known[read.of(grad)]
                type_ = whole_.targets[index].type
                return self.make("item", (whole_,), index, type_, origin, component=component)
            case With(value=value, states=states, replacements=replacements):
                reads = tuple(
                    self._seen(self.state(state, "state", origin), self.of_state(state), hidden)
                    for state in states
                )
                rest = tuple(known[read.of(part)] for part in replacements)
                span = self.period(self.clocked.timings[value].clock)
                return make("with", (known[read.of(value)], *reads, *rest), span)
            case Stop(value=value) | Hold(value=value):
                form: Form = "stop" if isinstance(expr, Stop) else "hold"
                part = known[read.of(value)]
                # Not so a `hold` of a `hold`: each is constant to a gradient of its own.
                return part if part.form in (*CONSTANT, "stop") else make(form, (part,), None)
            case _:
                message = f"a {type(expr).__name__} cannot be scheduled"
                raise AssertionError(message)

    def _state(self, read: _Read) -> Value:
        expr, origin = read.expr, read.expr.origin
        assert isinstance(expr, StateRead), "nothing else is a state"
        period = self.state_period(expr.state)
        form: Form = "primed" if expr.primed and period is not None else "state"
        found = self.state(expr.state, form, origin)
        if form == "primed" and period is not None and min(period, 1) != read.at:
            if read.at < period and (self.learning or self.lives_within(found, 1)):
                self.report.add(errors.early_prime(origin, str(expr.state)))
            data = (str(expr.state), read.at)
            found = self.make("seen", (), data, found.type, origin, component=found.component)
        return self._seen(found, self.of_state(expr.state), read.hidden)

    def cell(self, key: tuple[str, str], type_: TensorType, origin: Origin) -> Value:
        """What a cell is at this instant."""
        return self.make("cell", (), key, type_, origin)

    def _signal(self, signal: SignalId, read: _Read) -> Value:
        definition = self._defined(signal, read.at)
        value = self._known[definition]
        if value.form not in (*CONSTANT, "state", "primed", "signal"):
            self.names.setdefault(value, str(signal))
        if signal in self._free:
            value = self.make(
                "signal", (value,), str(signal), value.type, value.origin,
                component=value.component,
            )  # fmt: skip
        return self._seen(value, definition.hidden, read.hidden)

    def _gather(self, read: _Read) -> Value:
        expr, component = read.expr, read.component
        assert isinstance(expr, Gather), "nothing else gathers"
        value = self._known[self._gathered(read)]
        window = self.period(self.clocked.windows[expr])
        period = self.period(self.clocked.timings[expr.value].clock)
        assert window is not None, "a window has a clock"
        if period is None or period >= window:
            return value
        axis = expr.axis
        if expr.kind == "collect" and window <= 1:
            place = collected(self.clocked, expr, value.type, read.hidden)
            assert place is not None, "a system with faults is never compiled"
            axis = place[0]
        type_ = self.shaped.type_of(expr, read.hidden)
        if period < 1 < window and expr.kind == "collect":
            self.report.add(errors.inner_collect(expr.origin))
            period = 1
        elif period < 1 < window:
            # Each root tick gathers its own ticks; what lives between calls gathers those.
            within_root = (expr.kind, period, 1, axis, read.hidden, "")
            value = self.make(
                "gather", (value,), within_root, type_, expr.origin, component=component
            )
            period = 1
        named = window > 1 and not read.hidden
        known = "" if self._windows is None or not named else self._windows[expr]
        data = (expr.kind, period, window, axis, read.hidden, known)
        found = self.make("gather", (value,), data, type_, expr.origin, component=component)
        if named:
            self.gathers[expr] = found
        return found

    def _count(self, read: _Read) -> Value:
        tick, origin = read.expr, read.expr.origin
        assert isinstance(tick, Tick), "nothing else counts"
        type_ = self.shaped.type_of(tick, read.hidden)
        if tick.clock is not None:
            period, restart = self.period(tick.clock) or 1, self.anew(tick.clock)
        else:
            assert tick.of is not None, "a tick is that of a clock or of a component"
            period = self.period(self.clocked.components[tick.of]) or 1
            states = self.equations.components[tick.of].states
            resets = {self.reset_period(state) for state in states}
            restart = resets.pop() if len(resets) == 1 else None
        if period >= 1 and (restart is None or restart >= 1) and read.at == 1:
            assert isinstance(period, int), "clocks are the root's multiples or inside it"
            count = Count(period, None if restart is None else int(restart))
            return self.make("count", (), count, type_, origin, component=read.component)
        data = (period, restart, read.at)
        return self.make("number_of", (), data, type_, origin, component=read.component)

    def lives_within(self, value: Value, span: Period) -> bool:
        """Whether a value is that of a state, or a `prev`, which is reset with such ticks."""
        reset: Period | None
        match value.form:
            case "state" | "primed" | "seen":
                name = value.data[0] if value.form == "seen" else value.data
                found = self.equations.states[StateId(name)].reset
                reset = None if found is None else self.period(found.clock)
            case "prev":
                reset = self.anew(self.clocked.timings[self.prevs[value.data[0]].value].clock)
            case _:
                return False
        return reset is not None and reset <= span


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
