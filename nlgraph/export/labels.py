"""What things are called, and the remarks beside them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from nlgraph.clocks.model import Clocked
from nlgraph.export.names import remark
from nlgraph.graph.steps import Step, steps_of
from nlgraph.levels.fold import fold_names
from nlgraph.ops.op import registry
from nlgraph.schedule.model import INTERNAL, identifier
from nlgraph.system.ids import ComponentId, StateId

_WORDS = {
    "add": "total", "attention": "attended", "axes": "widened", "cross_entropy": "losses",
    "div": "ratio",
    "einsum": "product", "fill": "filled", "flatten": "flat", "layer_norm": "normed",
    "matmul": "product", "maximum": "bounded", "mean": "mean", "minimum": "bounded",
    "mT": "transposed",
    "mul": "scaled", "outer": "product", "permute": "moved", "pow": "power", "prod": "product",
    "repeat_interleave": "held", "rms_norm": "normed", "select": "last", "shifted": "before",
    "spread": "widened", "sub": "difference", "sum": "total", "sum_all": "objective",
    "tick_numbers": "ticks", "tile": "repeated", "to_dtype": "converted", "unflatten": "windows",
    "where": "chosen",
}  # fmt: skip
"""What values without a name are called, where their operator's name does not say what they are."""

_HIDDEN = ("add", "gelu", "matmul", "mul", "relu", "reshape", "sub", "tanh", "transpose")
"""Operators that make what people call a hidden layer."""

_MEMORIES = {
    "accumulate": "window", "average": "window", "product": "product", "collect": "kept",
    "prev": "last",
}  # fmt: skip


class Labels:
    """Names and remarks from the spec; remarks are safe to follow a `#`."""

    def __init__(self, clocked: Clocked) -> None:
        """Speak of one system."""
        self.clocked = clocked
        self.equations = equations = clocked.equations
        self._states = {identifier(name): name for name in equations.states}
        names = (*equations.inputs, *equations.signals, *equations.states)
        self._known = frozenset(map(identifier, names))
        self._operators = frozenset(map(identifier, (*registry(), *INTERNAL, "value", "part")))

    def is_named(self, step: Step) -> bool:
        """Whether a step has a name of the file's, and not its operator's."""
        base = self._base(step.name)
        return base in self._known or base not in self._operators

    def wanted(self, step: Step, *, hidden: bool) -> str:
        """The name that a step's variable is to have; `hidden`: among layers of a network."""
        if self.is_named(step):
            return re.sub(r"_{2,}", "_", self._base(step.name))
        return self.unnamed(step, hidden=hidden)

    def _base(self, name: str) -> str:
        """A name without the numbers that tell it from others of its unit."""
        own = name.removeprefix("grad_").removesuffix("_next")
        return name if own in self._known else re.sub(r"(_\d+)*(_detached|_part)?$", "", name)

    def unnamed(self, step: Step, *, hidden: bool = False) -> str:
        """A name for a value that the file gives none."""
        if step.op in ("mul", "div") and any(map(_is_gradient, steps_of(step.args))):
            return "g"
        if _is_average(step):
            return "mean"
        if step.op in _HIDDEN and hidden and step.type.dims:
            return "h"
        if step.op in ("maximum", "minimum") and not step.type.dims:
            return "scale"
        if step.op == "function":
            return _WORDS.get(step.attrs["target"].rpartition(".")[2], "value")
        return _WORDS.get(step.op, step.op)

    def comment(self, step: Step) -> str:
        """The dimensions of a named value, and where it stands in the spec."""
        dims = ", ".join(map(str, step.type.dims))
        line = "" if step.note is None else f"line {step.note.line}"
        return remark(", ".join(filter(None, (f"[{dims}]" if dims else "", line))))

    def loop(self, step: Step) -> str:
        """What a loop carries from turn to turn, how often, and where that is written."""
        inputs = step.attrs["body"].inputs[: step.attrs["carried"]]
        names = [self._states.get(self._base(name.name)) for name in inputs]
        states = [self.equations.states[name] for name in names if name is not None]
        if not states:
            return "" if step.note is None else remark(f"line {step.note.line}")
        owners = dict.fromkeys(state.component for state in states)
        clocks = [self.clocked.components[owner] for owner in owners]
        slowest = max(clocks, key=lambda clock: self.clocked.duration(clock) or 0)
        lines = sorted({state.origin.user.line for state in states})
        where = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}"
        return remark(f"every {slowest}: {', '.join(fold_names(owners))}, {where}")

    def column(self, keys: tuple[str, ...]) -> str:
        """A name for one of the states in each row of a loop."""
        if keys[0].startswith("@"):
            return _MEMORIES.get(keys[0][1:].partition("/")[0], "kept")
        states = [self.equations.states[StateId(key)] for key in keys]
        components = [self.equations.components[state.component] for state in states]
        if all(component.host is not None for component in components):
            return components[0].id.rpartition(".")[2]
        names = {state.name for state in states}
        return names.pop() if len(names) == 1 else "W"

    def bundle(self, keys: Sequence[str]) -> str:
        """A name for a list of states: that of their component, if they have one."""
        owners = {self.equations.states[StateId(key)].component for key in keys}
        return owners.pop() if len(owners) == 1 else "learned"

    def is_added(self, keys: tuple[str, ...]) -> bool:
        """Whether states are a rule's, and not what it updates."""
        if keys[0].startswith("@"):
            return True
        component = self.equations.states[StateId(keys[0])].component
        return self.equations.components[component].host is not None

    def describe(self, steps: Iterable[Step]) -> str:
        """Whose states a loop updates, by which rules, and where that is written."""
        hosts: dict[ComponentId, None] = {}
        lines: dict[int, None] = {}
        for step in steps:
            if step.note is not None:
                lines[step.note.line] = None
                if step.note.component is not None:
                    hosts[self._host(step.note.component)] = None
        if not hosts:
            return f"summed up for the windows of line {', '.join(map(str, sorted(lines)))}"
        names = ", ".join(fold_names(hosts))
        rules = dict.fromkeys(" then ".join(self.equations.components[h].rules) for h in hosts)
        by = " and ".join(rule for rule in rules if rule)
        where = f"line{'s' if len(lines) > 1 else ''} {', '.join(map(str, sorted(lines)))}"
        return remark(f"{names}{f' by {by}' if by else ''}: {where}")

    def table(self, steps: Iterable[Step]) -> str:
        """A name for the table of a loop's states: that of the rule."""
        for step in steps:
            if step.note is not None and step.note.component is not None:
                rules = self.equations.components[self._host(step.note.component)].rules
                if rules:
                    return rules[-1]
        return "windows"

    def _host(self, name: ComponentId) -> ComponentId:
        while (above := self.equations.components[name].host) is not None:
            name = above
        return name


def _is_average(step: Step) -> bool:
    """Whether a step is a window's sum, divided by its length."""
    return isinstance(step.place, tuple) and step.place[0] == "average"


def _is_gradient(step: Step) -> bool:
    """Whether a step is a gradient, or most likely the average of one."""
    return step.op == "part" or (_is_average(step) and step.type.dims != ())


def short(key: str) -> str:
    """A state's or a memory's name without its digest."""
    return key.rpartition("/")[0] if key.startswith("@") and key.count("/") > 1 else key
