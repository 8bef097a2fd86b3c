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
