"""Oversights, in words: warnings all of them."""

from __future__ import annotations

from nlgraph.diagnostics.diagnostic import Diagnostic, labels_of
from nlgraph.system.model import Component, Result, Signal
from nlgraph.text.span import Origin

_LOOKED_AT = {"input": "metric … = mean({})", "signal": "output {}"}


def unread(kind: str, name: str, at: Origin) -> Diagnostic:
    """NL0251: an input or a signal that nothing reads."""
    return Diagnostic(
        "NL0251",
        f"the {kind} `{name}` is never read",
        labels_of(at, "never read"),
        help=f"is another name meant somewhere? To look at it: {_LOOKED_AT[kind].format(name)}",
        severity="warning",
    )


def never_updated(component: Component) -> Diagnostic:
    """NL0252: a component that is drawn at random and stays as it was drawn."""
    return Diagnostic(
        "NL0252",
        f"`{component.id}` is drawn at random, and nothing ever updates it",
        labels_of(component.origin, "stays as it was drawn"),
        help=f"train {component.id} minimize … by …, or start it from a constant",
        severity="warning",
    )


def not_minimized(signal: Signal) -> Diagnostic:
    """NL0253: a loss that no objective reads."""
    return Diagnostic(
        "NL0253",
        f"no one minimizes `{signal.id}`",
        labels_of(signal.origin, "a loss, by its name or its function"),
        help=f"minimize {signal.id} by …; what is only looked at is a metric: metric … = …",
        severity="warning",
    )


def without_input(result: Result) -> Diagnostic:
    """NL0254: an output that is the same whatever the inputs are."""
    return Diagnostic(
        "NL0254",
        f"the output `{result.name}` depends on no input",
        labels_of(result.origin, "the same for all inputs"),
        help="what it is computed from reads no input, nor a state that learns from one",
        severity="warning",
    )
