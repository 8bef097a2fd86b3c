"""`nlgraph levels FILE --why A B`: why one component is above, below or beside another."""

from __future__ import annotations

from nlgraph.cli.main import UsageError
from nlgraph.cli.terminal import Painter
from nlgraph.clocks.words import every
from nlgraph.diagnostics.suggest import nearest
from nlgraph.frontend import System
from nlgraph.levels.why import Step, find_why
from nlgraph.system.ids import ComponentId


def why(system: System, names: tuple[str, str], painter: Painter) -> str:
    """The sentence, the frequencies with their clocks, and the chain of reads with its lines.

    Raises:
        UsageError: a name is no component's.
    """
    a, b = (_component(system, name) for name in names)
    found = find_why(system.shaped.clocked, a, b)
    if found.faster is None or found.slower is None:
        lines = [_beside(system, a, b)]
    elif found.steps:
        lines = [
            f"{found.faster} is above {found.slower}: they update equally often, and "
            f"{found.slower} needs {found.faster} at the same time"
        ]
    else:
        lines = [f"{found.faster} is above {found.slower}: it updates more often"]
    lines = [painter.paint(lines[0], "bold"), ""]
    width = max(len(a), len(b))
    lines += [f"  {name:<{width}}  {_pace(system, name)}" for name in dict.fromkeys((a, b))]
    if found.steps:
        lines += ["", *_chain(found.steps)]
    return "\n".join(lines) + "\n"


def _component(system: System, name: str) -> ComponentId:
    if name in system.components:
        return ComponentId(name)
    guess = nearest(name, system.components)
    hint = f"; did you mean {guess}?" if guess else ""
    message = f"{system.name} has no component {name}{hint}"
    raise UsageError(message)


def _beside(system: System, a: ComponentId, b: ComponentId) -> str:
    if a == b:
        return f"{a} is one component: it stands beside itself"
    kind = system.components[a].kind
    if kind == "non-parametric":
        return f"{a} is beside {b}: both answer at once, without state"
    if kind == "frozen":
        return f"{a} is beside {b}: nothing updates either"
    return f"{a} is beside {b}: they update equally often, and neither needs the other's new state"


def _pace(system: System, name: ComponentId) -> str:
    component = system.components[name]
    low, high = component.range
    level = f"level {component.level}"
    if high > low:
        level = f"{level} (it fits {low} to {high})"
    if component.frequency is None:
        return f"{level}, frequency ∞: it has no state"
    if component.clock is None:
        return f"{level}, frequency 0: nothing updates it"
    clock = every(component.clock, system.shaped.clocked.equations)
    return f"{level}, frequency {component.frequency}: {clock}"


def _chain(steps: tuple[Step, ...]) -> list[str]:
    places = [f"{s.origin.span.source.name}:{s.origin.span.line}" for s in steps]
    width = max(map(len, places))
    lines = []
    for place, step in zip(places, steps, strict=True):
        user = step.origin.user
        via = "" if step.origin.via is None else f"   (from {user.source.name}:{user.line})"
        lines.append(f"  {place:<{width}}  {step.reader} reads {step.read}{via}")
    return lines
