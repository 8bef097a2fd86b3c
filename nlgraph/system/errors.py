"""The faults of names, definitions, templates and rules, in words (NL02xx; limits: NL06xx)."""

from __future__ import annotations

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.text.span import Origin


def _error(
    code: str,
    message: str,
    at: Origin,
    text: str,
    *others: Label,
    help: str | None = None,  # noqa: A002
) -> Diagnostic:
    return Diagnostic(code, message, labels_of(at, text, *others), help)


def unknown_name(name: str, at: Origin, guess: str | None, module: str | None) -> Diagnostic:
    """NL0201: a name that nothing declares."""
    advice = None
    if module is not None:
        advice = f"`use {module} ({name})` brings it in"
    elif guess is not None:
        advice = f"did you mean `{guess}`?"
    return _error("NL0201", f"nothing here is called `{name}`", at, "not declared", help=advice)


def no_member(owner: str, name: str, at: Origin, guess: str | None) -> Diagnostic:
    """NL0202: a component has no such state, signal or component."""
    advice = f"did you mean `{owner}.{guess}`?" if guess is not None else None
    return _error(
        "NL0202", f"`{owner}` has nothing called `{name}`", at, f"not in `{owner}`", help=advice
    )


def declared_twice(name: str, at: Origin, first: Origin) -> Diagnostic:
    """NL0203: one name for two things."""
    return _error(
        "NL0203",
        f"`{name}` is declared twice",
        at,
        "declared again here",
        Label(first.span, "declared here first"),
        help="clocks, dims, constants, inputs, signals and components share one name space",
    )


def hides(name: str, at: Origin, outer: Origin | None) -> Diagnostic:
    """NL0204: a name inside a body hides one of the file."""
    others = (Label(outer.span, "declared here"),) if outer is not None else ()
    return _error(
        "NL0204",
        f"`{name}` inside this body would hide `{name}` of the file",
        at,
        "the same name",
        *others,
        help="give the inner one another name",
    )


def not_a(kind: str, name: str, found: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0205: a name that stands for something else than is needed here."""
    return _error("NL0205", f"`{name}` is {found}, not {kind}", at, f"{found}", help=advice)


def not_constant(what: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0206: a number must be known when compiling."""
    return _error(
        "NL0206", f"{what} must be known when compiling", at, "depends on a run", help=advice
    )


def not_whole(what: str, value: object, at: Origin) -> Diagnostic:
    """NL0207: a count or a size that is no whole number, or is out of range."""
    return _error("NL0207", f"{what} must be a whole number from 1, not {value}", at, str(value))


def arithmetic(reason: str, at: Origin) -> Diagnostic:
    """NL0208: arithmetic on constants that has no result."""
    return _error("NL0208", f"this constant cannot be computed: {reason}", at, "here")


def unknown_override(name: str, guess: str | None) -> Diagnostic:
    """NL0209: `--set` of something that is no dim and no const."""
    advice = f"did you mean `--set {guess}=…`?" if guess else "`--set` sets dims and consts"
    return Diagnostic("NL0209", f"the file has no dim or const `{name}` to set", (), advice)


def bad_override(name: str, value: str, at: Origin) -> Diagnostic:
    """NL0210: `--set` to something that is no number."""
    return _error("NL0210", f"`--set {name}={value}`: not a number", at, "set from outside")


def definition_cycle(what: str, chain: tuple[tuple[str, Origin], ...]) -> Diagnostic:
    """NL0211: things that are defined by each other."""
    first, *others = chain
    return _error(
        "NL0211",
        f"{what} {' → '.join(f'`{name}`' for name, _ in (*chain, first))} defined by each other",
        first[1],
        f"`{first[0]}`",
        *(Label(origin.span, f"`{name}`") for name, origin in others),
    )


def no_root(at: Origin) -> Diagnostic:
    """NL0212: a file without a root clock."""
    return _error(
        "NL0212",
        "the file declares no root clock",
        at,
        "",
        help="add `clock step`: one tick of it is one update step over one batch",
    )


def two_roots(name: str, at: Origin, first: Origin) -> Diagnostic:
    """NL0213: two clocks without a definition."""
    return _error(
        "NL0213",
        f"`{name}` is a second root clock",
        at,
        "also declared without `=`",
        Label(first.span, "the root clock"),
        help=f"say how `{name}` runs: `clock {name} = 16 …`, `clock {name} = … along T`",
    )


def argument(callee: str, reason: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0214: arguments that do not fit a call."""
    return _error("NL0214", f"`{callee}` {reason}", at, "in this call", help=advice)


def no_map(name: str, at: Origin, declared: Origin) -> Diagnostic:
    """NL0215: a component without a map is called."""
    return _error(
        "NL0215",
        f"`{name}` cannot be called: it has no map",
        at,
        "called here",
        Label(declared.span, f"`{name}`"),
        help="give it one: map (q) = q @ …",
    )


def bundle(what: str, at: Origin, count: int, advice: str | None = None) -> Diagnostic:
    """NL0216: a bundle where one tensor is needed."""
    return _error(
        "NL0216",
        f"{what} takes one tensor, and this is a bundle of {count}",
        at,
        f"{count} tensors",
        help=advice,
    )


def bundles_differ(at: Origin) -> Diagnostic:
    """NL0217: bundles that do not match leaf by leaf."""
    return _error(
        "NL0217", "these bundles have different states", at, "their states do not match by name"
    )


def defined_twice(state: str, at: Origin, first: Origin) -> Diagnostic:
    """NL0218: a state with two updates."""
    return _error(
        "NL0218",
        f"the state `{state}` has two updates",
        at,
        "updated here too",
        Label(first.span, "updated here"),
        help="a state has one equation, one `minimize`, or one `train`",
    )


def no_state(name: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0219: an equation with a prime for what is no state of this body."""
    return _error(
        "NL0219", f"`{name}'` is no state of this component", at, "not a state here", help=advice
    )


def misplaced(what: str, where: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0220: a statement or form where it cannot stand."""
    return _error("NL0220", f"{what} cannot stand {where}", at, "here", help=advice)


def not_a_target(what: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0221: something that no gradient, `with` or `train` can name."""
    return _error("NL0221", f"{what} needs a state, a component or a signal", at, "", help=advice)


def window_clock(word: str, at: Origin) -> Diagnostic:
    """NL0222: a gather in a signal that names no clock."""
    return _error(
        "NL0222",
        f"`{word}` in a signal must name the clock over which it gathers",
        at,
        "no clock",
        help=f"for example `{word}(…, sequence)`; in an update the window is its component's tick",
    )


def import_fault(message: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0223: a `use` that brings nothing in."""
    return _error("NL0223", message, at, "", help=advice)


def nothing_trained(at: Origin) -> Diagnostic:
    """NL0224: `train` without anything to train."""
    return _error(
        "NL0224", "nothing is left for this `train`", at, "every state has an update already"
    )


def too_deep(at: Origin) -> Diagnostic:
    """NL0601: templates inside templates without end."""
    return _error(
        "NL0601",
        "expansions are nested too deeply here",
        at,
        "still expanding",
        help="a fn, block or rule may not use itself",
    )


def too_many(what: str, limit: int, at: Origin) -> Diagnostic:
    """NL0602: an expansion that would grow past a limit."""
    return _error("NL0602", f"more than {limit:,} {what}", at, "grown from here")


def unused(kind: str, name: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0250: a declared dim, const or import that nothing uses."""
    return Diagnostic(
        "NL0250",
        f"the {kind} `{name}` is never used",
        labels_of(at, "never used"),
        advice,
        severity="warning",
    )
