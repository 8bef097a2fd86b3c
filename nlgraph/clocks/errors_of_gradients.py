"""The faults of gradients, in words (NL05xx)."""

from __future__ import annotations

from collections.abc import Sequence

from nlgraph.clocks.words import every, what
from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.system.ids import ClockId, StateId
from nlgraph.system.model import Equations, Grad, SignalRead, StateRead

Target = StateRead | SignalRead


def _objective(grad: Grad) -> str:
    return what(grad.value) if isinstance(grad.value, SignalRead) else "the objective"


def _name(target: Target) -> str:
    return str(target.signal if isinstance(target, SignalRead) else target.state)


def _names(targets: Sequence[Target]) -> str:
    names = list(dict.fromkeys(_name(target) for target in targets))
    shown = ", ".join(f"`{name}`" for name in names[:_MOST])
    return shown if len(names) <= _MOST else f"{shown} and {len(names) - _MOST} more"


_MOST = 5
"""Names that a sentence lists."""


def independent(
    grad: Grad,
    clock: ClockId,
    primed: StateId | None,
    equations: Equations,
    *,
    is_read: bool,
) -> Diagnostic:
    """NL0501: a gradient by what the objective does not depend on; `is_read`: but reads."""
    if not is_read:
        advice = "nothing that it is computed from reads it: is another name meant?"
    elif primed is not None:
        advice = (
            f"`{primed}'` is a constant to a gradient; read `{primed}`, or replace it: "
            f"… with ({primed} = {primed}')"
        )
    else:
        advice = (
            "it is read, but as a constant: inside stop(…), or through an update of a component\n"
            "that outlives the tick, which learns by its own gradient alone"
        )
    return Diagnostic(
        "NL0501",
        f"{_objective(grad)} does not depend on {_names(grad.targets)} "
        f"within one tick of `{clock}`",
        labels_of(grad.origin, "always zero", *_declared(grad.targets, equations)),
        help=advice,
    )


def changes(
    grad: Grad, target: Target, changing: ClockId, clock: ClockId, equations: Equations
) -> Diagnostic:
    """NL0502: a gradient by what changes while the objective's tick lasts."""
    name = _name(target)
    advice = f"gather the gradients of its ticks: accumulate(grad(…, {name}), {clock})"
    if isinstance(target, StateRead):
        reset = equations.states[target.state].reset
        if reset is not None and isinstance(reset.to, StateRead) and reset.to.state != name:
            advice += f"; or differentiate by `{reset.to.state}`, to which it is reset"
    else:
        advice += "; or differentiate by a state"
    return Diagnostic(
        "NL0502",
        f"`{name}` changes {every(changing, equations)}, within one tick of {_objective(grad)}, "
        f"{every(clock, equations)}",
        labels_of(grad.origin, "by which of its values?", *_declared((target,), equations)),
        help=advice,
    )


def unreached(
    grad: Grad, missing: Sequence[Target], clock: ClockId, equations: Equations
) -> Diagnostic:
    """NL0503: a warning: some states of a bundle get no gradient."""
    return Diagnostic(
        "NL0503",
        f"{_objective(grad)} does not depend on {_names(missing)} within one tick of `{clock}`: "
        "the gradient is zero",
        labels_of(grad.origin, "zero for some states", *_declared(missing, equations)),
        help="read it in what is minimized, or leave it out of what is trained",
        severity="warning",
    )


def _declared(targets: Sequence[Target], equations: Equations) -> tuple[Label, ...]:
    labels = []
    for target in targets[:_MOST]:
        origin = (
            equations.signals[target.signal].origin
            if isinstance(target, SignalRead)
            else equations.states[target.state].origin
        )
        labels.append(Label(origin.user, f"`{_name(target)}`"))
    return tuple(labels)
