"""What cannot be executed yet, in words (NL07xx)."""

from __future__ import annotations

from fractions import Fraction

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.system.model import ClockDef
from nlgraph.text.span import Origin


def beside(one: ClockDef, other: ClockDef) -> Diagnostic:
    """NL0701: two clocks inside a root tick of which neither is faster."""
    return Diagnostic(
        "NL0701",
        f"`{one.id}` and `{other.id}` tick beside each other inside a root tick, which cannot be "
        "executed yet",
        labels_of(
            other.origin,
            "neither is made of whole ticks of the other",
            Label(one.origin.span, "the other clock"),
        ),
        "one whose period is a multiple of the other's runs; and all run with backend='reference'",
    )


def not_there_yet(late: Fraction, period: Fraction, root: str, origin: Origin) -> Diagnostic:
    """NL0704: a reader that fires before the window of what it reads has ended."""
    return Diagnostic(
        "NL0704",
        "a value that is there only at the end of several ticks of the root cannot be read before",
        labels_of(
            origin,
            f"it ends every {_ticks(late, root)} and is read every {_ticks(period, root)}",
        ),
        "prev(…, 0) is its last value, which is there all the time",
    )


def unknown_length(origin: Origin) -> Diagnostic:
    """NL0705: a draw whose shape only the values of a call would tell."""
    return Diagnostic(
        "NL0705",
        "a draw needs a shape that is known from its dimensions",
        labels_of(origin, "the length of one of its dimensions is not known"),
        "give the dimension a name, or a number",
    )


def unbound_module(name: str, origin: Origin) -> Diagnostic:
    """NL0709: an extern component without its module."""
    return Diagnostic(
        "NL0709",
        f"`{name}` is a module of yours, and none is given for it",
        labels_of(origin, "an extern component"),
        f'in Python: nlgraph.compile(system, modules={{"{name}": …}})',
    )


def own_code(name: str, what: str, origin: Origin) -> Diagnostic:
    """NL0709: code of the user's in what is to run without it."""
    return Diagnostic(
        "NL0709",
        f"`{name}` is {what} of yours, which what runs without nlgraph cannot hold",
        labels_of(origin, f"{what} of yours"),
        "what the language has can be exported; or run the system by nlgraph.compile",
    )


def _ticks(count: Fraction, root: str) -> str:
    return root if count == 1 else f"{count} {root}s"
