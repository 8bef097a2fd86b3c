"""The faults of clocks, gathers, causality and resets, in words (NL03xx)."""

from __future__ import annotations

from fractions import Fraction

from nlgraph.clocks.words import every, ticks, what
from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.system.ids import ClockId, StateId
from nlgraph.system.model import (
    ClockDef,
    Component,
    Equations,
    Expr,
    Gather,
    Grad,
    Item,
    Reset,
    Slice,
    State,
)
from nlgraph.text.span import Origin

FAULTY_CLOCKS = frozenset({"NL0304", "NL0307", "NL0308"})
"""Faults in what a clock is: reads across such a clock would only echo them."""

Timed = tuple[Expr, ClockId]
"""A value and its clock."""


def ungathered(
    stream: Timed, reader: Component, clock: ClockId, count: Fraction, equations: Equations
) -> Diagnostic:
    """NL0301: a component is slower than a stream that it reads, and gathers it not."""
    expr, own = stream
    gradient = isinstance(expr, Grad | Item)
    word = "gradient" if gradient else "value"
    inner = "grad(…)" if gradient else "…"
    shown = f"{count} " if count.denominator == 1 else ""
    return Diagnostic(
        "NL0301",
        f"{what(expr)} ticks {every(own, equations)}, but `{reader.id}` updates "
        f"{every(clock, equations)}",
        labels_of(
            expr.origin,
            f"one {word} for {every(own, equations)}",
            Label((reader.clock_origin or reader.origin).span, f"`{reader.id}` updates here"),
        ),
        help=f"say how the {shown}{word}s of a window are gathered:\n"
        f"accumulate({inner}), average({inner}), latest({inner}) or collect({inner})",
    )


def unprimed(
    read: Timed, reader: Component, clock: ClockId, equations: Equations, *, is_beside: bool
) -> Diagnostic:
    """NL0302: a component is slower than a state that it reads, or beside it, without a prime."""
    expr, own = read
    tail = ": neither is made of whole ticks of the other" if is_beside else ""
    return Diagnostic(
        "NL0302",
        f"{what(expr)} changes {every(own, equations)}, but `{reader.id}` updates "
        f"{every(clock, equations)}{tail}",
        labels_of(
            expr.origin,
            "which of its values?",
            Label((reader.clock_origin or reader.origin).span, f"`{reader.id}` updates here"),
        ),
        help=f"write `{what(expr).strip('`')}'` for the last value, or gather them:\n"
        "average(…), accumulate(…), latest(…) or collect(…)",
    )


def beside(one: Timed, other: Timed, equations: Equations) -> Diagnostic:
    """NL0303: an expression reads two clocks of which neither is faster, so it has none."""
    (first, first_clock), (second, second_clock) = one, other
    return Diagnostic(
        "NL0303",
        f"{what(first)} ticks {every(first_clock, equations)} and {what(second)} "
        f"{every(second_clock, equations)}: neither is made of whole ticks of the other",
        labels_of(
            second.origin,
            every(second_clock, equations),
            Label(first.origin.span, every(first_clock, equations)),
        ),
        help="gather both, in a signal, to a clock that is slower than both",
    )


def beside_reader(
    stream: Timed, reader: Component, clock: ClockId, equations: Equations
) -> Diagnostic:
    """NL0303: a component reads a stream beside it."""
    expr, own = stream
    return Diagnostic(
        "NL0303",
        f"{what(expr)} ticks {every(own, equations)} and `{reader.id}` updates "
        f"{every(clock, equations)}: neither is made of whole ticks of the other",
        labels_of(
            expr.origin,
            every(own, equations),
            Label((reader.clock_origin or reader.origin).span, f"`{reader.id}` updates here"),
        ),
        help="gather it, in a signal, to a clock that is slower than both, and read that",
    )


def not_dividing(
    definition: ClockDef, period: Fraction, unit: ClockDef, total: Fraction
) -> Diagnostic:
    """NL0304: a clock inside a tick whose period does not divide that tick."""
    advice = "choose a period that divides it"
    if unit.dim is not None:
        advice += f", or another size: --set {unit.dim}=…"
    return Diagnostic(
        "NL0304",
        f"{period} does not divide the {ticks(total, unit.id)} of a tick of `{unit.parent}`",
        labels_of(
            definition.origin,
            f"a tick every {ticks(period, unit.id)}",
            Label(unit.origin.span, f"{total} in each `{unit.parent}`"),
        ),
        help=advice,
    )


def odd_window(gather: Gather, own: ClockId, window: ClockId, equations: Equations) -> Diagnostic:
    """NL0305: a gather whose window is no whole number of ticks."""
    return Diagnostic(
        "NL0305",
        f"a window of `{gather.kind}` is one tick of `{window}`, which is no whole number of "
        f"ticks of {what(gather.value)}, that ticks {every(own, equations)}",
        labels_of(gather.origin, f"gathers {every(window, equations)}"),
        help="gather to a clock that is made of whole ticks of it",
    )


def odd_reset(state: State, reset: Reset, clock: ClockId, equations: Equations) -> Diagnostic:
    """NL0306: a reset whose window is no whole number of its state's ticks."""
    component = equations.components[state.component]
    return Diagnostic(
        "NL0306",
        f"`{state.id}` is reset {every(reset.clock, equations)}, which is no whole number of its "
        f"updates, {every(clock, equations)}",
        labels_of(
            reset.origin,
            "reset here",
            Label((component.clock_origin or component.origin).span, f"`{component.id}` updates"),
        ),
        help="reset at a clock that is made of whole ticks of the component's",
    )


def clock_cycle(chain: tuple[tuple[str, Origin], ...]) -> Diagnostic:
    """NL0307: clocks that are made of each other."""
    (name, origin), *others = chain
    names = " → ".join(f"`{name}`" for name, _ in (*chain, chain[0]))
    return Diagnostic(
        "NL0307",
        f"the clock of `{name}` is made of itself: {names}",
        labels_of(origin, f"`{name}`", *(Label(at.span, f"`{other}`") for other, at in others)),
        help="state one of these clocks by the root, or by a clock that is",
    )


def counts_frozen(definition: ClockDef, counted: Component) -> Diagnostic:
    """NL0308: a clock that counts the updates of what is never updated."""
    return Diagnostic(
        "NL0308",
        f"`{definition.id}` counts the updates of `{counted.id}`, which is never updated",
        labels_of(
            definition.origin,
            "counts them here",
            Label(counted.origin.span, f"`{counted.id}` has no update"),
        ),
        help=f"give `{counted.id}` an equation, a minimize or a train, or count a clock",
    )


def no_window(gather: Gather, own: ClockId | None) -> Diagnostic:
    """NL0309: a collect that names no clock over values that run along no dimension."""
    ticking = "never changes" if own is None else f"ticks on `{own}`, along no dimension"
    return Diagnostic(
        "NL0309",
        f"this `collect` names no clock, and {what(gather.value)} {ticking}",
        labels_of(gather.origin, "over which window?"),
        help="name the clock that is to be filled: collect(…, CLOCK, axis = n)",
    )


def fast_slice(slice_: Slice, own: ClockId, equations: Equations) -> Diagnostic:
    """NL0311: a slice of a value that is not held during the clock's run."""
    clock = equations.clocks[slice_.clock]
    return Diagnostic(
        "NL0311",
        f"{what(slice_.value)} ticks {every(own, equations)}, so it is not held while "
        f"`{clock.id}` runs along `{clock.dim}` inside `{clock.parent}`",
        labels_of(slice_.origin, "sliced here", Label(clock.origin.span, f"`{clock.id}`")),
        help=f"read it without [{clock.id}], or gather it to `{clock.parent}` first",
    )


def fast_result(
    name: str, read: Timed, root: ClockId, equations: Equations, *, is_stream: bool
) -> Diagnostic:
    """NL0312: an output or metric that is faster than a call."""
    expr, own = read
    prime = "" if is_stream else f"write {what(expr).strip('`')}' for its last value, or "
    return Diagnostic(
        "NL0312",
        f"`{name}` is returned {every(root, equations)}, but {what(expr)} ticks "
        f"{every(own, equations)}",
        labels_of(expr.origin, f"one value for {every(own, equations)}"),
        help=f"{prime}gather it: collect(…), latest(…, {root}) or average(…, {root})",
    )


def cycle(steps: tuple[tuple[str, Origin], ...], window: str | None) -> Diagnostic:
    """NL0313: values that need each other at once; each step with its line."""
    (name, origin), *others = steps
    names = " → ".join(f"`{step}`" for step, _ in (*steps, steps[0]))
    inside = "" if window is None else f", within one tick of `{window}`"
    advice = "break it with a delay: read one of the states without its prime, or prev(…)"
    if not any(step.endswith("'") for step, _ in steps):
        advice = (
            f"a signal has no memory: prev({name}, 0) is its value at the tick before;\n"
            "what stays from tick to tick is the state of a component"
        )
    return Diagnostic(
        "NL0313",
        f"`{name}` needs itself at once{inside}: {names}",
        labels_of(
            origin,
            f"`{name}` needs `{(others or steps)[0][0]}`",
            *(
                Label(at.span, f"`{step}` needs `{then}`")
                for (step, at), (then, _) in zip(others, (*others, steps[0])[1:], strict=True)
            ),
        ),
        help=advice,
    )


def reset_cycle(states: tuple[StateId, ...], equations: Equations) -> Diagnostic:
    """NL0314: states that are reset to each other at one instant."""
    first, *others = (equations.states[state] for state in states)
    assert first.reset is not None, "the cycle is one of resets"
    names = " → ".join(f"`{state}`" for state in (*states, states[0]))
    return Diagnostic(
        "NL0314",
        f"`{first.id}` is reset to itself through other states: {names}",
        labels_of(
            first.reset.origin,
            f"`{first.id}`",
            *(Label(s.reset.origin.span, f"`{s.id}`") for s in others if s.reset is not None),
        ),
        help="reset one of them to its initial value, or to another state",
    )


def later(expr: Expr, window: ClockId, reader: Timed, equations: Equations) -> Diagnostic:
    """NL0315: a value that is known only when a later call ends its window."""
    statement, clock = reader
    return Diagnostic(
        "NL0315",
        f"{what(expr)} is known only at the end of its window, {every(window, equations)}, but is "
        f"read {every(clock, equations)}: that would need the inputs of later calls",
        labels_of(
            expr.origin,
            "read before its window ends",
            Label(statement.origin.span, f"computed {every(clock, equations)}"),
        ),
        help="read it at its own clock, or read the window before: prev(…, init)",
    )
