"""The faults of extern components, in words (NL0225 to NL0227)."""

from __future__ import annotations

from nlgraph.diagnostics.diagnostic import Diagnostic, labels_of
from nlgraph.text.span import Origin

_REFUSED = {
    "copies": ("cannot have copies", "`per` is for components of the file's own states", "`per`"),
    "resets": ("cannot be reset", "its module's parameters are learned and kept", "`reset`"),
    "states": ("has no states but its module's parameters", "a component beside it can", "a state"),
    "map": ("has no map but its module", "call it, and map what it gives", "a map"),
}


def signature(at: Origin) -> Diagnostic:
    """NL0225: a signature of an extern component that cannot be read."""
    return Diagnostic(
        "NL0225",
        "`extern` takes the dimensions of each input, then those of the output",
        labels_of(at, "no dimensions"),
        "like extern([B, c], [B, h]); with a dtype: extern(int[B, T], [B, T, h])",
    )


def refused(what: str, at: Origin) -> Diagnostic:
    """NL0226: a clause or a statement that an extern component cannot have."""
    sentence, advice, text = _REFUSED[what]
    return Diagnostic("NL0226", f"an extern component {sentence}", labels_of(at, text), advice)


def in_rule(at: Origin) -> Diagnostic:
    """NL0227: an extern component in a rule, where it would be one for each host."""
    return Diagnostic(
        "NL0227",
        "an extern component cannot stand in a rule",
        labels_of(at, "one module would be needed for each host"),
        "declare it in the file, and give its output to the rule as an argument",
    )
