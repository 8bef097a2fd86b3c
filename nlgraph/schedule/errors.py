"""What a schedule cannot say yet, in words (NL07xx)."""

from __future__ import annotations

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.text.span import Origin


def window_gradient(at: Origin, gathered: Origin, why: str, advice: str) -> Diagnostic:
    """NL0706: a gradient of a window's value that is no sum of its ticks' gradients."""
    return Diagnostic(
        "NL0706",
        "a gradient over several ticks of the root that cannot be taken tick by tick",
        labels_of(at, "of a value that gathers several ticks", Label(gathered.span, why)),
        advice,
    )


def window_with(at: Origin, gathered: Origin) -> Diagnostic:
    """NL0707: a state replaced in ticks that are over."""
    return Diagnostic(
        "NL0707",
        "`with` cannot replace a state in ticks of the root that are over",
        labels_of(
            at,
            "what replaces it is there at the window's end",
            Label(gathered.span, "gathers several ticks"),
        ),
        "with `with` inside the gather, every tick has its own",
    )


def slow_update(at: Origin, state: str) -> Diagnostic:
    """NL0708: the gradient through an update that does not happen in every tick."""
    return Diagnostic(
        "NL0708",
        f"a gradient through the update of `{state}`, which its reader does not have in every tick",
        labels_of(at, f"`{state}'` is an update now and then, and else `{state}` itself"),
        f"stop({state}') is a constant; or the reader updates when `{state}` does",
    )


def stream_reset(at: Origin, name: str) -> Diagnostic:
    """NL0709: a reset inside a root tick to something that is renewed there."""
    return Diagnostic(
        "NL0709",
        f"`{name}` is reset inside a root tick to a value of the tick before",
        labels_of(at, "its reset reads an input, a draw or a gather"),
        "a reset to other states, or to its initial value, runs",
    )


def replaced_in_copy(at: Origin, name: str) -> Diagnostic:
    """NL0710: a state that all copies share, replaced for one of them."""
    return Diagnostic(
        "NL0710",
        f"`{name}` cannot be replaced in one copy alone",
        labels_of(at, "it is not one of the copies' own states"),
        "replace it outside of the component with copies",
    )


def window_in_loop(at: Origin) -> Diagnostic:
    """NL0711: a gather whose window does not end within the turn of a loop."""
    return Diagnostic(
        "NL0711",
        "a gather over more ticks than what it gathers is renewed in",
        labels_of(at, "gathers longer than one turn of a cycle of states"),
        None,
    )


def slice_in_loop(at: Origin) -> Diagnostic:
    """NL0712: a slice of what changes while the clock runs along its dimension."""
    return Diagnostic(
        "NL0712",
        "a slice along a clock, of a value that changes while that clock runs",
        labels_of(at, "what is sliced reads a state that updates inside this dimension"),
        "slice first, and then compute with the slice",
    )
