"""The faults of names, definitions, templates and rules, in words (NL02xx; limits: NL06xx)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.diagnostics.suggest import nearest
from nlgraph.system.model import Expr, StateRead
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


_ONE_NAME_SPACE = "clocks, dims, constants, inputs, signals and components share one name space"


def unknown_name(
    name: str,
    at: Origin,
    guess: str | None,
    module: str | None = None,
    otherwise: str | None = None,
) -> Diagnostic:
    """NL0201: a name that nothing declares; `otherwise` is the advice where nothing is near."""
    advice = otherwise
    if module is not None:
        advice = f"`use {module} ({name})` brings it in"
    elif guess is not None:
        advice = f"did you mean `{guess}`?"
    elif advice is None and at.via is not None:
        advice = "a rule, a block or a fn sees its parameters and its own file: pass it in"
    return _error("NL0201", f"nothing here is called `{name}`", at, "not declared", help=advice)


def no_member(owner: str, name: str, at: Origin, members: Collection[str]) -> Diagnostic:
    """NL0202: a component has no such state, signal or component."""
    guess = nearest(name, members)
    if guess is not None:
        advice = f"did you mean `{owner}.{guess}`?"
    elif members:
        advice = f"it has {_some(f'{owner}.{member}' for member in dict.fromkeys(members))}"
    else:
        advice = "it has one state, of its own name, and nothing else"
    return _error(
        "NL0202", f"`{owner}` has nothing called `{name}`", at, f"not in `{owner}`", help=advice
    )


def declared_twice(
    name: str, at: Origin, first: Origin, advice: str = _ONE_NAME_SPACE
) -> Diagnostic:
    """NL0203: one name for two things."""
    return _error(
        "NL0203",
        f"`{name}` is declared twice",
        at,
        "declared again here",
        Label(first.span, "declared here first"),
        help=advice,
    )


def equated_twice(name: str, at: Origin, first: Origin) -> Diagnostic:
    """NL0203: one signal with two equations."""
    advice = "equations are no assignments, and one signal has one: give the other another name"
    return declared_twice(name, at, first, advice)


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
    if advice is None:
        advice = "it is made of numbers, dims and constants; what a run computes cannot tell it"
    return _error(
        "NL0206", f"{what} must be known when compiling", at, "depends on a run", help=advice
    )


def not_whole(what: str, value: object, at: Origin) -> Diagnostic:
    """NL0207: a count or a size that is no whole number, or is out of range."""
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    advice = "write a whole number, or arithmetic that comes out even"
    if what == PERIOD and isinstance(value, float) and 0 < value < 1:
        advice = "a faster clock is declared: clock fast = step / 4"
    return _error(
        "NL0207",
        f"{what} must be a whole number from 1, not {shown}",
        at,
        shown,
        help=advice,
    )


def arithmetic(reason: str, at: Origin) -> Diagnostic:
    """NL0208: arithmetic on constants that has no result."""
    return _error(
        "NL0208",
        f"this constant cannot be computed: {reason}",
        at,
        "here",
        help="change a number that it is made of, here or with --set",
    )


def unknown_override(name: str, guess: str | None) -> Diagnostic:
    """NL0209: `--set` of something that is no dim and no const."""
    advice = f"did you mean `--set {guess}=…`?" if guess else "`--set` sets dims and consts"
    return Diagnostic("NL0209", f"the file has no dim or const `{name}` to set", (), advice)


def bad_override(name: str, value: str, at: Origin) -> Diagnostic:
    """NL0210: `--set` to something that is no number."""
    return _error("NL0210", f"`--set {name}={value}`: not a number", at, "set from outside")


def definition_cycle(what: str, chain: tuple[tuple[str, Origin], ...]) -> Diagnostic:
    """NL0211: numbers, components or values that are defined by each other."""
    first, *others = chain
    names = " → ".join(f"`{name}`" for name, _ in (*chain, first))
    message = (
        f"the {what}s {names} are defined by each other"
        if others
        else f"the {what} `{first[0]}` is defined by itself"
    )
    advice = "say one of them without the others" if others else "say it without itself"
    if what == "component":
        advice += ":\nwrite out the dims of a state, which `like` takes from what it names"
    return _error(
        "NL0211",
        message,
        first[1],
        f"`{first[0]}`",
        *(Label(origin.span, f"`{name}`") for name, origin in others),
        help=advice,
    )


def no_root(at: Origin, name: str = "step") -> Diagnostic:
    """NL0212: a file without a root clock."""
    return _error(
        "NL0212",
        "the file declares no root clock",
        at,
        "",
        help=f"add `clock {name}`: one tick of it is one update step over one batch",
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
    return _error("NL0214", f"`{callee}` {reason}", at, "", help=advice)


def not_callable(text: str, at: Origin) -> Diagnostic:
    """NL0220: an expression with parentheses behind it, which most often lacks an operator."""
    shown = f"`{text}`" if len(text) <= _MOST_TEXT and "\n" not in text else "this"
    return _error(
        "NL0220",
        f"{shown} cannot be called: only names can",
        at,
        "followed by `(`",
        help=f"a product has a `*`: {text} * (…)" if shown != "this" else None,
    )


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


def bundle(what: str, at: Origin, leaves: Collection[Expr]) -> Diagnostic:
    """NL0216: a bundle where one tensor is needed."""
    names = [str(leaf.state) for leaf in leaves if isinstance(leaf, StateRead)]
    advice = None
    if at.via is not None:
        advice = "in a rule, `for each` makes one instance for each tensor"
    elif names:
        advice = f"name the one that is meant: {_some(names)}"
    return _error(
        "NL0216",
        f"{what} takes one tensor, and this is a bundle of {len(leaves)}",
        at,
        f"{len(leaves)} tensors",
        help=advice,
    )


def bundles_differ(at: Origin, states: Iterable[Iterable[str]] = ()) -> Diagnostic:
    """NL0217: bundles that do not match leaf by leaf; `states` are the names in each."""
    told = " and ".join(f"states {_some(names)}" for names in states)
    return _error(
        "NL0217",
        "these bundles have different states",
        at,
        "their states do not match by name",
        help=f"one value for each state: here {told} meet" if told else None,
    )


PERIOD = "the count of a period"
"""What a number before a clock is."""


def _some(names: Iterable[str]) -> str:
    """Names in a sentence, not too many of them."""
    told = [f"`{name}`" for name in names]
    return ", ".join(told[:_MOST]) + (f" and {len(told) - _MOST} more" if told[_MOST:] else "")


_MOST_TEXT = 30
"""Characters of an expression that a sentence holds."""

_MOST = 5
"""Names that a sentence lists."""


def defined_twice(state: str, at: Origin, first: Origin) -> Diagnostic:
    """NL0218: a state with two updates."""
    if at.user != first.user:  # else both are in one rule
        at, first = Origin(at.user), Origin(first.user)
    return _error(
        "NL0218",
        f"the state `{state}` has two updates",
        at,
        "updated here too",
        Label(first.span, "updated here"),
        help="a state has one equation, one `minimize`, or one `train`",
    )


def no_state(name: str, at: Origin, states: Sequence[str], *, is_known: bool) -> Diagnostic:
    """NL0219: an equation with a prime for what is no state of this body."""
    guess = nearest(name, states)
    if guess is not None and not is_known:
        advice = f"did you mean `{guess}'`?"
    else:
        advice = f"its states are {_some(states)}" if states else "it has no state"
        if not is_known:
            advice += f"; a signal has no prime: {name} = …"
    return _error(
        "NL0219", f"`{name}` is no state of this component", at, "not a state here", help=advice
    )


def not_of_rule(name: str, at: Origin) -> Diagnostic:
    """NL0219: an equation with a prime, in a rule, for what is no state of its host."""
    return _error(
        "NL0219",
        f"`{name}` is no state that this rule updates",
        at,
        "not the host's",
        help="a rule updates its host; its components update themselves",
    )


def misplaced(what: str, where: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0220: a statement or form where it cannot stand."""
    return _error("NL0220", f"{what} cannot stand {where}", at, "here", help=advice)


def not_a_target(what: str, at: Origin, found: str, advice: str | None = None) -> Diagnostic:
    """NL0221: something that no gradient, `with` or `train` can name."""
    needed = "a state or a component" if what == "`train`" else "a state, a component or a signal"
    if advice is None and what == "`grad`":
        advice = "it is differentiated by a name alone, as in grad(loss, W)"
    return _error("NL0221", f"{what} needs the name of {needed}", at, found, help=advice)


def window_clock(word: str, at: Origin, clock: str) -> Diagnostic:
    """NL0222: a gather in a signal that names no clock."""
    return _error(
        "NL0222",
        f"`{word}` in a signal must name the clock over which it gathers",
        at,
        "no clock",
        help=f"for example `{word}(…, {clock})`; in an update the window is its component's tick",
    )


def import_fault(message: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0223: a `use` that brings nothing in."""
    return _error("NL0223", message, at, "", help=advice)


def nothing_trained(at: Origin) -> Diagnostic:
    """NL0224: `train` without anything to train."""
    return _error(
        "NL0224",
        "nothing is left for this `train`",
        at,
        "every state has an update already",
        help="leave it out, or take the update away that the state has",
    )


def no_state_to_train(at: Origin) -> Diagnostic:
    """NL0224: `minimize` in a component without states."""
    return _error(
        "NL0224",
        "there is no state that this `minimize` could update",
        at,
        "for no state",
        help="give the component one: state W : [d] = 0",
    )


def too_deep(at: Origin) -> Diagnostic:
    """NL0601: templates inside templates without end."""
    steps = [at]
    while steps[-1].via is not None:
        steps.append(steps[-1].via)
    spans = [step.span for step in steps]
    looping = next((span for span in spans if spans.count(span) > 1), None)
    if looping is None:
        return _error(
            "NL0601",
            "expansions are nested too deeply here",
            at,
            "still expanding",
            help="fewer templates that use each other; repetition is a `for`, or chain(…)",
        )
    name = looping.text.partition("(")[0].split()[-1]
    return Diagnostic(
        "NL0601",
        f"`{name}` would be written out without end, since it uses itself",
        (Label(looping, "used inside itself"), Label(at.user, "expanded from here")),
        "repetition is a `for`, or chain(…) over a family",
    )


def too_many(what: str, limit: int, at: Origin) -> Diagnostic:
    """NL0602: an expansion that would grow past a limit."""
    return _error(
        "NL0602",
        f"written out, this spec has more than {limit:,} {what}, the most there may be",
        at,
        "grown from here",
        help="a smaller bound, or fewer lines in what is repeated",
    )


def unused(kind: str, name: str, at: Origin, advice: str | None = None) -> Diagnostic:
    """NL0250: a declared dim, const or import that nothing uses."""
    return Diagnostic(
        "NL0250",
        f"the {kind} `{name}` is never used",
        labels_of(at, "never used"),
        advice or "leave it out; or is it meant where another name stands?",
        severity="warning",
    )
