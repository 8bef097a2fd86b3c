"""Hypothesis strategies: random small systems of the language, as text.

`root_multiples` makes systems whose clocks are the root and its multiples: components that read
each other's states primed, unprimed and gathered, losses, rules, resets, replaced states, nested
gradients, last values and draws. Values stay of the order of 1, so that rounding stays rounding.
Most texts are systems; a test drops those in which some read is not allowed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

PERIODS = (1, 2, 3, 4, 6)

_HEAD = """
use std.optim (adamw, clip_norm, gd, momentum, sgd)
dim B = 3, d = 4
clock step
clock k1 = 1 step
clock k2 = 2 step
clock k3 = 3 step
clock k4 = 4 step
clock k6 = 6 step
input x : [B, d] every step
input t : [d] every 2 step
"""


@dataclass
class _System:
    """What is there to read; components in an order in which each may need earlier ones at once."""

    draw: st.DrawFn
    periods: dict[str, int] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    read_by: dict[str, list[str]] = field(default_factory=dict)
    under_way: str = ""

    def pick(self, *options: str) -> str:
        return self.draw(st.sampled_from(options))

    def state(self, period: int, *, at_once: bool = True) -> str:
        """A read of some state, for a reader of a period."""
        name = self.pick(*self.periods)
        own = self.periods[name]
        reads = []
        if period == 0 or own % period == 0:
            reads.append(name)
        if at_once and name != self.under_way:
            reads.append(f"{name}'")
            if period > own and period % own == 0:
                reads += [f"{kind}({name})" for kind in ("accumulate", "average", "latest")]
                reads += [f"{kind}({name}')" for kind in ("average", "product", "latest")]
        return self.pick(*reads) if reads else "0.1"

    def vector(self, period: int, depth: int = 2, *, at_once: bool = True) -> str:
        """An expression of shape [d] for a reader of a period; its values are about 1."""
        kinds = ["state", "stream", "number", "signal"]
        if depth:
            kinds += ["tanh", "product", "sum", "choice", "prev", "stop"]
        kind = self.pick(*kinds)
        inner = depth - 1
        match kind:
            case "state":
                return self.state(period, at_once=at_once)
            case "stream":
                value = self.pick("mean(x, 0)", "x[0, :]", "normal(0, 1, [d])", "t")
                if value == "t" and period in (1, 2):
                    return value
                return value if period == 1 else f"{self.gather()}({value})"
            case "signal":
                names = [line.split()[0] for line in self.lines if line.startswith("s")]
                if not names or not at_once:
                    return "0.2"
                value = self.pick(*names)
                return value if period == 1 else f"{self.gather()}({value})"
            case "tanh":
                return f"tanh({self.vector(period, inner, at_once=at_once)})"
            case "product":
                left = self.vector(period, inner, at_once=at_once)
                return f"0.5*{left}*tanh({self.vector(period, inner, at_once=at_once)})"
            case "sum":
                left = self.vector(period, inner, at_once=at_once)
                return f"(0.6*{left} - 0.4*{self.vector(period, inner, at_once=at_once)})"
            case "choice":
                left = self.vector(period, inner, at_once=at_once)
                return f"(if {left} > 0 then {left} else 0.1*{left})"
            case "prev" if period == 1:
                value = self.vector(1, inner, at_once=False)
                return f"prev({value} + 0*x[0, :], {self.pick('0', 'x[1, :]')})"
            case "stop":
                return f"stop({self.vector(period, inner, at_once=at_once)})"
            case _:
                return self.pick("0.3", "1", "-0.2")

    def gather(self) -> str:
        return self.pick("accumulate", "average", "latest")

    def loss(self, loss: str) -> str:
        """An expression of shape [], on the root clock, of unprimed states."""
        names = self.draw(
            st.lists(st.sampled_from(list(self.periods)), min_size=1, max_size=3, unique=True)
        )
        for name in names:
            self.read_by.setdefault(name, []).append(loss)
        reads = " + ".join(f"{self.pick('0.5', '1')}*{name}" for name in names)
        body = f"x*tanh({reads})"
        match self.pick("plain", "square", "with", "nested", "stop"):
            case "plain":
                return f"mean({body})"
            case "square":
                return f"0.5*mean(({body} - 0.5)^2)"
            case "with":
                other = self.pick(*self.periods)
                by = self.pick(f"0.5*{other} + 0.1", f"tanh({names[0]} + {other})", f"{names[0]}'")
                return f"(mean({body}) with ({names[0]} = {by}))"
            case "nested":
                return f"mean({body}) + 0.1*norm(grad(mean({body}^2), {names[0]}))^2"
            case _:
                return f"mean({body}*stop({names[0]})) + 0.1*sum(hold({names[-1]})*{names[0]})"

    def component(self, name: str) -> str:
        """A component: an equation, or an objective with a rule."""
        period = self.periods[name]
        self.under_way = name
        losses = self.read_by.get(name, [])
        reset = ""
        others = [other for other in self.periods if other != name]
        if self.draw(st.integers(0, 4)) == 0:
            factor = self.draw(st.sampled_from((2, 3)))
            reset = f" reset every {period * factor} step"
            if others and self.draw(st.booleans()):
                reset += f" to {self.pick(*others)}"
        start = self.pick("= 0.5", "~ normal(0, 1)", "= 1")
        head = f"component {name} : [d] {start} every {period} step{reset}"
        if not losses or self.draw(st.booleans()):
            return f"{head} {{ {name}' = 0.5*{name} + 0.3*{self.vector(period)} }}"
        loss = self.pick(*losses)
        if self.draw(st.booleans()):
            grad = self.pick(
                f"grad({loss}, {name})",
                f"grad({loss}, {name}, at = 0.5*{name} + 0.1)",
                f"grad({loss} with ({name} = {name} + 0.1), {name})",
            )
            gathered = f"{self.gather()}(0.1*{grad})"
            return f"{head} {{ {name}' = 0.9*{name} - {gathered} }}"
        objective = self.pick(
            loss, f"average({loss})", f"exp(average({loss}))", f"latest({loss})",
            f"accumulate({loss})*average({loss}^2) + 0.1*sum({name}^2)",
        )  # fmt: skip
        rule = self.pick(
            "gd(lr = 0.1)",
            "clip_norm(0.5) then adamw(lr = 0.05)",
            "momentum(lr = 0.1)",
            "sgd(lr = 0.1, momentum = 0.9, decay = 0.01)",
        )
        return f"{head} {{ minimize {objective} by {rule} }}"


@st.composite
def root_multiples(draw: st.DrawFn) -> str:
    """A system of two to four components on clocks of one to six root ticks."""
    system = _System(draw)
    count = draw(st.integers(2, 4))
    names = [f"c{i}" for i in range(count)]
    everything = {name: draw(st.sampled_from(PERIODS)) for name in names}
    system.periods = dict(everything)
    for i in range(draw(st.integers(1, 3))):
        system.lines.append(f"L{i} = {system.loss(f'L{i}')}")
    for i in range(draw(st.integers(0, 2))):
        system.lines.append(f"s{i} = {system.vector(1, 1, at_once=False)} + 0*x[0, :]")
    for name in names:
        # What a component needs at once are earlier ones: there is no cycle.
        earlier = names[: names.index(name) + 1]
        system.periods = {other: everything[other] for other in earlier}
        system.lines.append(system.component(name))
    system.periods = everything
    for i, name in enumerate(names):
        primed = draw(st.sampled_from(("", "'")))
        system.lines.append(f"output o{i} = {name}{primed} + 0*x[0, :]")
    for i in range(draw(st.integers(0, 2))):
        window = draw(st.sampled_from(("k1", "k2", "k6")))
        system.lines.append(f"metric m{i} = {system.gather()}(L0, {window})")
    system.lines.append("output half = 0.5*t")
    return _HEAD + "\n".join(system.lines) + "\n"
