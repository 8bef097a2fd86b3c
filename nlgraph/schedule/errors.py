"""What a schedule cannot say yet, in words (NL07xx)."""

from __future__ import annotations

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.system.model import ClockDef
from nlgraph.text.span import Origin


def too_much_kept(size: int, largest: Origin) -> Diagnostic:
    """NL0603: windows that take more bytes than there may be."""
    most = limits.KEPT_BYTES // 2**30
    return Diagnostic(
        "NL0603",
        f"the windows of this system take {size / 2**30:,.0f} GiB, and may take {most}",
        labels_of(largest, "the largest is kept for this"),
        "a shorter window, or fewer and smaller inputs in it",
    )


def slow_update(at: Origin, state: str) -> Diagnostic:
    """NL0708: the gradient through an update that does not happen in every tick."""
    return Diagnostic(
        "NL0708",
        f"a gradient through the update of `{state}`, which its reader does not have in every tick",
        labels_of(at, f"`{state}'` is an update now and then, and else `{state}` itself"),
        f"stop({state}') is a constant; or the reader updates when `{state}` does",
    )


def replayed_in_call(gradient: Origin, place: str) -> Diagnostic:
    """NL0703: an output that only a window that is run again could tell."""
    return _window_again(
        gradient,
        place,
        "an output needs it in a call that updates nothing, which has no window of ticks",
        "a metric can be it, or a state that an update makes of it",
    )


def beside_in_window(one: ClockDef, other: ClockDef, gradient: Origin, place: str) -> Diagnostic:
    """NL0703: clocks beside each other in a window that is run again."""
    return _window_again(
        gradient,
        place,
        f"`{one.id}` and `{other.id}` tick beside each other in it",
        "one whose period is a multiple of the other's runs; and all run with backend='reference'",
        Label(one.origin.span, "one clock"),
        Label(other.origin.span, "the other clock"),
    )


def inner_draw(gradient: Origin, place: str) -> Diagnostic:
    """NL0703: draws inside the root ticks of a window that is run again."""
    return _window_again(
        gradient,
        place,
        "it draws random numbers inside the root's ticks",
        "draw once in a tick of the root",
    )


def _window_again(
    gradient: Origin, place: str, why: str, advice: str, *others: Label
) -> Diagnostic:
    return Diagnostic(
        "NL0703",
        f"a gradient over several ticks of the root that cannot be executed yet: {why}",
        labels_of(gradient, place, *others),
        advice,
    )


def inside(at: Origin, what: str, why: str, advice: str) -> Diagnostic:
    """NL0702: something inside a root tick that cannot be executed yet."""
    return Diagnostic(
        "NL0702",
        f"{what} inside a root tick cannot be executed yet",
        labels_of(at, why),
        advice,
    )


def stream_reset(at: Origin, name: str) -> Diagnostic:
    """NL0702: a reset to something that is renewed between two resets."""
    return inside(
        at,
        f"the reset of `{name}` to a stream",
        "it is reset to a value of the tick before",
        "a reset to other states, or to the initial value, runs",
    )


def replaced_in_copy(at: Origin, name: str) -> Diagnostic:
    """NL0702: a state that all copies share, replaced for one of them."""
    return inside(
        at,
        f"`{name}` replaced in one copy of a component",
        "all copies share it",
        "replace it outside of the component with copies",
    )


def window_in_loop(at: Origin) -> Diagnostic:
    """NL0702: a gather whose window does not end within the turn of a loop."""
    return inside(
        at,
        "a gather over more ticks than a cycle's slowest state",
        "gathers longer than one turn of the cycle",
        "let the gather's clock be that of a state in the cycle",
    )


def slice_in_loop(at: Origin) -> Diagnostic:
    """NL0702: a slice of what changes while the clock runs along its dimension."""
    return inside(
        at,
        "a slice along a clock, of a value that changes while it runs,",
        "what is sliced reads a state that updates between two positions",
        "slice first, and compute with the slice",
    )


def early_prime(at: Origin, name: str) -> Diagnostic:
    """NL0702: an updated state read by what ticks faster."""
    return inside(
        at,
        f"`{name}'` read by a faster clock",
        f"it is fresh at the last of the ticks in one of `{name}`, and held before",
        f"read `{name}`, without the prime",
    )


def inner_collect(at: Origin) -> Diagnostic:
    """NL0702: ticks inside several root ticks, stacked."""
    return inside(
        at,
        "a collect over several root ticks, of what ticks",
        "its ticks are those of several calls",
        "collect within the root tick, and then over several of them",
    )


def lasting_prev(at: Origin) -> Diagnostic:
    """NL0702: a `prev` that goes on where its component is reset to itself."""
    return inside(
        at,
        "`prev` in a component that is reset to its own name",
        "it goes on from one tick of the reset to the next",
        "a state of its own can keep the last value",
    )
