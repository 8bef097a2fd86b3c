"""Random small systems with clocks inside the root tick, as text.

One to eight components on one to four clocks, up to three deep: memories with copies or without,
equations, objectives and rules, resets, primes, gathers, shared signals, and an outer component
that learns through all of it. Components stand in an order in which each may need the earlier
ones at once. Values stay of the order of 1, so that rounding stays rounding. Most texts are
systems; a test drops those in which some read is not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from fractions import Fraction
from random import Random
from typing import Literal

from tests.strategies.clocks import CLOCKS, Clocks, inside

Where = Literal["copy", "plain", "batch"]
"""What a vector is in a statement: [d] in one copy, [d] that has no copies, or [B, d]."""


@dataclass(frozen=True)
class _Item:
    """A component or signal that can be read; `needs` is the last item that it reads at all."""

    name: str
    kind: Literal["vector", "matrix", "signal"]
    period: Fraction
    index: int
    front: bool = True
    needs: int = 0


@dataclass(frozen=True)
class _Reader:
    """Where an expression stands.

    `every` read must be of an earlier item, as inside a gather; gathers name their `window` in
    signals; the `last` value of a faster state may be read in an update.
    """

    where: Where
    period: Fraction
    index: int
    own: str = ""
    every: bool = False
    window: str = ""
    last: bool = False


@dataclass
class _System:
    random: Random
    clocks: Clocks
    items: list[_Item] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    reads: int = 0

    def pick(self, *options: str) -> str:
        return self.random.choice(options)

    def chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    # ------------------------------------------------------------------------- expressions

    def vector(self, at: _Reader, depth: int = 2) -> str:
        """A vector of about 1 for a reader."""
        kinds = ["read", "read", "read", "stream", "stream", "number"]
        if depth:
            kinds += ["tanh", "mix", "mix", "gather", "gather", "other"]
        inner = depth - 1
        match self.pick(*kinds):
            case "read":
                return self.read(at, inner)
            case "stream":
                return self.stream(at)
            case "tanh":
                return f"tanh({self.vector(at, inner)})"
            case "mix":
                form = self.pick("(0.6*{} - 0.4*{})", "0.5*{}*tanh({})")
                return form.format(self.vector(at, inner), self.vector(at, inner))
            case "gather":
                return self.gathered(at, inner)
            case "other":
                return self.other(at, inner)
            case _:
                return self.pick("0.3", "1", "-0.2")

    def other(self, at: _Reader, depth: int) -> str:
        match self.pick("stop", "hold", "choice", "prev", "tick", "draw", "matrix"):
            case "stop":
                return f"stop({self.vector(at, depth)})"
            case "hold":
                return f"hold({self.vector(at, depth)})"
            case "choice":
                value = self.vector(at, depth)
                return f"(if {value} > 0 then {value} else 0.1*{self.vector(at, depth)})"
            case "prev":
                return (
                    f"prev({self.vector(at, depth)} + 0*{self.stream(at)}, {self.pick('0', '1')})"
                )
            case "tick" if at.own and not at.every:
                return f"{self.vector(at, depth)}/tick"
            case "draw":
                return "normal(0, 1, [B, d])" if at.where == "batch" else "normal(0, 1, [d])"
            case _:
                return f"({self.stream(at)} @ P)"

    def stream(self, at: _Reader) -> str:
        """A stream, gathered where it is faster than the reader."""
        text, period = self.random.choice(self.clocks.streams)
        if at.where == "plain":
            text = f"mean({text}, B)"
        if period >= at.period:
            return text
        return self.over(at, text) if inside(period, at.period) else "0.2"

    def over(self, at: _Reader, value: str, kinds: tuple[str, ...] = ()) -> str:
        """A gather of a value; in a signal it names its clock."""
        kind = self.pick(*(kinds or ("accumulate", "average", "average", "latest", "product")))
        clock = f", {at.window}" if at.window else ""
        return f"{kind}({value}{clock})"

    def gathered(self, at: _Reader, depth: int) -> str:
        """A gather of something on a faster clock, none of which may be later."""
        faster = self.clocks.faster(at.period)
        if not faster:
            return self.read(at, depth)
        period = self.random.choice(faster)
        inner = replace(at, period=period, every=True, window=self.clocks.name(period), last=False)
        return self.over(at, f"{self.vector(inner, depth)}*tanh({self.stream(inner)})")

    def read(self, at: _Reader, depth: int) -> str:
        """A state or a signal, as a reader may see it."""
        found = [
            (item, form)
            for item in self.items
            for form in self.forms(item, at)
            if item.kind != "matrix" or depth >= 0
        ]
        if not found:
            return self.stream(at)
        item, form = self.random.choice(found)
        self.reads = max(self.reads, item.index, item.needs)
        whole = item.front and at.where == "plain"
        if item.kind == "matrix":
            outer = replace(at, where="batch") if whole else at
            argument = f"{self.vector(outer, depth - 1)} + 0.5*{self.stream(outer)}"
            value = f"{form}(tanh({argument}))"
        else:
            value = form
        return f"mean({value}, B)" if whole else value

    def forms(self, item: _Item, at: _Reader) -> list[str]:
        """The ways to name an item that do not need a gather; rarely one that eager refuses."""
        earlier = item.index < at.index
        if item.kind == "signal":
            fits = item.period >= at.period and earlier
            return [item.name] if fits and (not at.every or item.needs < at.index) else []
        forms = []
        if item.period >= at.period and (earlier or not at.every):
            forms.append(item.name)
        if (earlier and item.period == at.period) or (at.last and inside(item.period, at.period)):
            forms += [f"{item.name}'"] if earlier else []
        if earlier and item.period > at.period and self.chance(60):
            forms.append(f"{item.name}'")
        return forms

    # ------------------------------------------------------------------------- statements

    def signal(self) -> None:
        """A signal of the file on some clock, [B, d]."""
        period = self.period(longest=1)
        index = len(self.items) + 1
        at = _Reader("batch", period, index, window=self.clocks.name(period))
        self.reads = 0
        value = self.vector(at)
        value = f"tanh({value}) + 0.3*{self.base(period)}"
        if self.chance(6):
            value = f"0.5*prev(s{index}, 0) + {value}"
        self.lines.append(f"s{index} = {value}")
        self.items.append(_Item(f"s{index}", "signal", period, index=index, needs=self.reads))

    def base(self, period: Fraction) -> str:
        """Something that has all of [B, d] and just this clock."""
        same = [text for text, own in self.clocks.streams if own == period]
        if same:
            return self.pick(*same)
        clock = self.clocks.name(period)
        faster = [text for text, own in self.clocks.streams if own < period and own < 1]
        if faster:
            return f"average({self.pick(*faster)}, {clock})"
        held = [text for text, own in self.clocks.streams if own >= period]
        return f"{self.pick(*held)}*(1 + 0.1*tick({clock}))"

    def period(self, *, longest: int = 9) -> Fraction:
        periods = [p for p in self.clocks.periods.values() if p <= longest]
        return self.random.choice(periods)

    def reset(self, name: str, kind: str, period: Fraction, *, copies: bool) -> str:
        slower = self.clocks.slower(period)
        if not slower or self.chance(4):
            return ""
        if self.chance(2):
            slower = [p for p in slower if p <= 1] or slower
        reset = self.random.choice(slower)
        text = f" reset every {self.clocks.name(reset)}"
        choices = ["", "", "own"]
        choices += [
            item.name for item in self.items
            if item.kind == kind and (copies or not item.front) and item.period >= reset
        ]  # fmt: skip
        if kind == "matrix":
            choices += ["P", "P"]
        choice = self.pick(*choices)
        return text + (f" to {name}" if choice == "own" else f" to {choice}" if choice else "")

    def component(self) -> None:
        """A component of some kind."""
        index = len(self.items) + 1
        period, name = self.period(), f"c{index}"
        copies = self.chance(2)
        kind: Literal["vector", "matrix"] = "vector" if self.chance(2) else "matrix"
        item = _Item(name, kind, period, index, front=copies)
        at = _Reader("copy" if copies else "plain", period, index, own=name)
        reset = self.reset(name, kind, period, copies=copies)
        self.items.append(item)
        type_ = "[d]" if kind == "vector" else "[d, d]"
        start = self.pick("= 0.5", "~ normal(0, 0.5)", "= 0")
        head = f"component {name} : {type_} {start}{' per B' if copies else ''}"
        head += f" every {self.clocks.name(period)}{reset}"
        body = self.vector_body(at) if kind == "vector" else self.matrix_body(at)
        self.lines.append(f"{head} {{ {body} }}")

    def vector_body(self, at: _Reader) -> str:
        own = at.own
        if self.chance(2):
            keep = self.pick("0.5", "0.9", f"tanh({self.vector(at, 1)})")
            return f"{own}' = {keep}*{own} + 0.3*{self.vector(replace(at, last=True))}"
        fast = self.objective_reader(at)
        made = self.pick(f"tanh({own} + {{}})", f"{own}*{{}}").format(self.vector(fast, 1))
        target = self.target(fast)
        loss = self.pick("0.5*sum(({} - {})^2)", "sum(tanh({} - {})^2)").format(made, target)
        return self.learned(at, fast, loss)

    def matrix_body(self, at: _Reader) -> str:
        own = at.own
        call = f"map (q) = {self.pick('q', 'q', 'tanh(q)')} @ {own}"
        fast = self.objective_reader(at)
        key = f"tanh({self.vector(fast, 1)} + {self.stream(fast)})"
        if self.chance(2):
            write = self.pick(
                f"outer({key}, {self.vector(fast, 1)} + 0.2*{self.stream(fast)})",
                f"outer({key}, {self.vector(fast, 1)} - {key} @ {own})",
            )
            write = write if fast is at else self.over(at, write, ("accumulate", "average"))
            return f"{call}; {own}' = {self.pick('0.9*', '')}{own} + 0.2*{write}"
        target = self.target(fast)
        loss = self.pick("0.5*sum(({}({}) - {})^2)", "sum(tanh({}({}) - {})^2)")
        return f"{call}; {self.learned(at, fast, loss.format(own, key, target))}"

    def objective_reader(self, at: _Reader) -> _Reader:
        """An objective may be on a faster clock; then all that it reads is earlier."""
        faster = self.clocks.faster(at.period)
        if not faster or self.chance(2):
            return at
        period = self.random.choice(faster)
        return replace(at, period=period, every=True, window=self.clocks.name(period))

    def target(self, at: _Reader) -> str:
        value = self.vector(at, 1)
        return self.pick("{}", "stop({})", "hold({})", "hold({})").format(value)

    def learned(self, at: _Reader, fast: _Reader, loss: str) -> str:
        """How a component descends its objective."""
        own = at.own
        rules = ["gd(lr = 0.1)", "gd(lr = 0.1, retain = 0.9)", "momentum(lr = 0.05)"]
        rules += ["clip_norm(0.5) then adam(lr = 0.05)", "sgd(0.1, momentum = 0.9)", "twice(0.1)"]
        match self.pick("rule", "rule", "rule", "rate", "grad", "with", "at", "mean", "outer"):
            case "rate":
                rate = f"0.2*sigmoid(sum({self.vector(fast, 1)}))"
                return f"minimize {loss} by gd(lr = {rate})"
            case "grad":
                step = self.step_over(at, fast, f"grad({loss}, {own})")
                return f"{own}' = 0.95*{own} - 0.1*{step}"
            case "with":
                step = f"grad(({loss}) with ({own} = {own} + 0.1*grad({loss}, {own})), {own})"
                return f"{own}' = {own} - 0.1*{self.step_over(at, fast, step)}"
            case "at":
                step = self.step_over(at, fast, f"grad({loss}, {own}, at = 0.9*{own})")
                return f"{own}' = 0.9*{own} - 0.1*{step}"
            case "mean" if fast is not at:
                kind = self.pick("average", "latest", "accumulate")
                return f"minimize {kind}({loss}) by {self.pick(*rules)}"
            case "outer":
                inner = f"grad({loss}, {own})"
                step = self.step_over(at, fast, f"grad({loss} + 0.1*sum({inner}^2), {own})")
                return f"{own}' = {own} - 0.1*{step}"
            case _:
                return f"minimize {loss} by {self.pick(*rules)}"

    def step_over(self, at: _Reader, fast: _Reader, step: str) -> str:
        return step if fast is at else self.over(at, step, ("accumulate", "average"))

    def pair(self) -> None:
        """A fast component that starts again from a slow one, which learns through its updates."""
        periods = list(self.clocks.periods.values())
        pairs = [(p, q) for p in periods for q in periods if p < q and inside(p, q)]
        p, q = self.random.choice([*pairs, *[(p, q) for p, q in pairs if q <= 1] * 3])
        index, copies = len(self.items) + 1, self.chance(2)
        fast, slow = f"c{index}", f"c{index + 1}"
        at = _Reader("copy" if copies else "plain", p, index, window=self.clocks.name(p))
        aim = self.vector(at, 1)
        loss = f"sum(tanh({fast}*{self.vector(at, 1)} - {aim})^2)"
        per = " per B" if copies else ""
        self.lines.append(
            f"component {fast} : [d] = {slow}{per} every {self.clocks.name(p)}"
            f" reset every {self.clocks.name(q)} to {slow} {{ E = {loss};"
            f" {fast}' = {fast} - 0.2*{self.pick(f'grad(E, {fast})', f'tanh({fast})*E')} }}"
        )
        self.items.append(_Item(fast, "vector", p, index, front=copies))
        whole = f"mean({fast}.E)" if copies else f"{fast}.E"
        last = f"mean({fast}', B)" if copies else f"{fast}'"
        step = self.pick(
            f"grad(accumulate({whole}), {slow})", f"grad(latest({whole}), {slow})",
            f"average({last} - {slow})",
        )  # fmt: skip
        self.lines.append(
            f"component {slow} : [d] ~ normal(0, 0.5) every {self.clocks.name(q)}"
            f" {{ {slow}' = 0.95*{slow} - 0.1*{step} }}"
        )
        self.items.append(_Item(slow, "vector", q, front=False, index=index + 1, needs=index))

    def loss(self, i: int) -> None:
        """A scalar on some clock of the root tick, that reaches P."""
        period = self.period(longest=1)
        index = len(self.items) + 1
        at = _Reader("batch", period, index, window=self.clocks.name(period))
        value = f"{self.vector(at)} + 0.5*({self.base(period)} @ P)"
        target = self.stream(at)
        form = self.pick("mean(({} - {})^2)", "mean(tanh({} - {})^2)", "mean(({})*{})")
        self.lines.append(f"L{i} = {form.format(value, target)}")
        self.lines.append(f"R{i} = {self.pick('average', 'accumulate', 'latest')}(L{i}, seq)")

    def outer(self, losses: int) -> None:
        """The component that learns through all others, and what a call gives."""
        period = self.random.choice(
            [p for p in self.clocks.periods.values() if p >= 1] + [Fraction(1)] * 2
        )
        clock = self.clocks.name(period)
        self.lines.append(f"component P : [d, d] ~ normal(0, 0.7) every {clock}")
        total = " + ".join(f"average(L{i})" for i in range(losses))
        whole = "R0" if period == 1 else total
        objective = self.pick(total, total, "accumulate(R0)", "average(R0)", whole)
        rule = self.pick("gd(lr = 0.1)", "clip_norm(0.5) then adamw(lr = 0.05)", "momentum(0.05)")
        self.lines.append(f"train P minimize {objective} by {rule}")
        self.lines.append(f"output g = grad(R{losses - 1}, P)")
        if self.chance(5):
            self.lines.append("output gg = grad(sum(grad(R0, P)^2), P)")
        if self.chance(3):
            self.lines.append("metric looked = R0 with (P = 0.9*P)")
        for item in self.items:
            self.lines.append(f"output o_{item.name} = {self.result(item)}")

    def result(self, item: _Item) -> str:
        if item.period > 1:
            return item.name
        value = item.name if item.kind == "signal" else item.name + self.pick("", "'")
        if item.period == 1:
            return value
        kind = self.pick("average", "latest", "accumulate", "collect")
        return f"collect({value}, seq, axis = 0)" if kind == "collect" else f"{kind}({value}, seq)"


_RULES = """use std.optim (adam, adamw, clip_norm, gd, momentum, sgd)
rule twice(lr) for W, g { component s : like W = 0 { s' = 0.5*s + average(g) }; W' = W - lr*s' }
"""


def nested(seed: int) -> str:
    """A system of one to eight components; each statement has a line of its own."""
    random = Random(seed)
    system = _System(random, CLOCKS[random.choice(sorted(CLOCKS))])
    for _ in range(random.randint(0, 5)):
        match system.pick("component", "component", "component", "signal", "pair"):
            case "signal":
                system.signal()
            case "pair":
                system.pair()
            case _:
                system.component()
    losses = random.randint(1, 2)
    for i in range(losses):
        system.loss(i)
    system.outer(losses)
    return _RULES + system.clocks.head + "\n".join(system.lines) + "\n"
