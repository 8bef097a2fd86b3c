"""Where a NaN or an infinity comes from: the state, the tick and the first operation, in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from nlgraph.diagnostics.diagnostic import Label
from nlgraph.module.backends import Cause
from nlgraph.system.ids import ComponentId, StateId
from nlgraph.text.span import Span

if TYPE_CHECKING:
    from torch import Tensor

    from nlgraph.frontend import System
    from nlgraph.module.plans import Plan, StepArgs


@dataclass(frozen=True, slots=True)
class NonFinite:
    """A value that is no longer finite.

    Attributes:
        name: a state, an output, a metric or a watched signal.
        component: whose state it is; None of a result.
        level: the component's.
        tick: the root tick that made it so.
        cause: the first operation that made such a number of finite ones, on the way to this
            value; None where the backend runs no graph.
        source: the line of the spec that the operation stands on.
    """

    name: str
    component: str | None
    level: int | None
    tick: int
    cause: Cause | None
    source: str | None

    def __str__(self) -> str:
        """All of it in a sentence or two."""
        said = f"{self.what()} is not finite after tick {self.tick}"
        told = self.told()
        return said if told is None else f"{said}: {told}\n  {self.source or ''}".rstrip()

    def what(self) -> str:
        """The value, with its level."""
        kind, _, rest = self.name.partition("/")
        if kind.startswith("@"):
            return f"what `{kind[1:]}` keeps of `{rest.rpartition('/')[0] or rest}`"
        return f"`{self.name}`" + ("" if self.level is None else f", of level {self.level},")

    def told(self) -> str | None:
        """What the first operation is."""
        cause = self.cause
        if cause is None:
            return None
        if cause.given is not None:
            return f"{cause.given} was not finite before"
        what = f"the derivative of `{cause.operation}`" if cause.backward else cause.operation
        what = what if cause.backward else f"`{what}`"
        of = "" if cause.component is None else f" of `{cause.component}`"
        turns = "".join(f", in turn {turn} of {count}" for turn, count in cause.turns)
        line = "" if cause.line is None else f", line {cause.line}"
        return f"the first such number is made by {what}{of}{line}{turns}"


def find(
    system: System, plan: Plan, args: StepArgs, among: Collection[str] | None
) -> NonFinite | None:
    """Run a tick, and find what makes one of some values not finite; None where all stay so."""
    changed, results = plan.backend.step(*args, learning=True)
    values = {**{name: t for name, t in changed.items() if t is not None}, **results}
    if among is not None:
        values = {n: t for n, t in values.items() if plan.kept.get(n, n) in among}
    name = first_bad(system, values)
    if name is None:
        return None
    cause = plan.backend.cause(name, *args)
    span = None if cause is None or cause.line is None else line_of(system, cause.line)
    return NonFinite(
        name=plan.kept.get(name, name),
        component=component_of(system, name),
        level=level_of(system, name),
        tick=args[0],
        cause=cause,
        source=None if span is None else span.text,
    )


def is_finite(tensor: Tensor) -> bool:
    """Whether all numbers of a tensor are finite."""
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


def first_bad(system: System, values: Mapping[str, Tensor]) -> str | None:
    """The value to name of those that are not finite: of the fastest component, if it is a state.

    The slower ones have it from there.
    """
    bad = [name for name, tensor in values.items() if not is_finite(tensor)]
    levels = {name: found for name in bad if (found := level_of(system, name)) is not None}
    if levels:
        return min(levels, key=lambda name: levels[name])
    return bad[0] if bad else None


def level_of(system: System, name: str) -> int | None:
    """The level of a state's component; None of what is no state."""
    component = component_of(system, name)
    return None if component is None else system.level_graph.level_of[component]


def component_of(system: System, name: str) -> ComponentId | None:
    """The component of a state; None of what is no state."""
    state = system.shaped.clocked.equations.states.get(StateId(name))
    return None if state is None else state.component


def line_of(system: System, number: int) -> Span | None:
    """The text on a line of the spec."""
    source = system.shaped.clocked.equations.source
    lines = source.text.splitlines(keepends=True)
    if not 1 <= number <= len(lines):
        return None
    start = sum(map(len, lines[: number - 1]))
    text = lines[number - 1].partition("#")[0]
    return Span(source, start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def labels_of(system: System, found: NonFinite) -> tuple[Label, ...]:
    """Places in the spec: the operation, then the component."""
    labels = []
    told, cause = found.told(), found.cause
    span = None if cause is None or cause.line is None else line_of(system, cause.line)
    if span is not None and told is not None:
        labels.append(Label(span, told))
    if found.component is not None:
        at = system.shaped.clocked.equations.components[ComponentId(found.component)].origin.user
        labels.append(Label(at, f"`{found.name}`, level {found.level}"))
    return tuple(labels)
