"""The faults of dimensions and dtypes, in words (NL04xx).

Faults in an operator's arguments (NL0401 to NL0408) are worded in `ops.faults`; here they get
their places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from nlgraph.diagnostics.diagnostic import Diagnostic, Label, labels_of
from nlgraph.ops.op import TypeFault
from nlgraph.ops.types import TensorType
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


def operator(
    fault: TypeFault, at: Origin, args: Sequence[Origin], types: Sequence[TensorType]
) -> Diagnostic:
    """NL0401 to NL0408: arguments that do not fit an operator; each is shown with its type."""
    if fault.arg is not None and fault.arg < len(args):
        arg = args[fault.arg]
        return _error(fault.code, fault.message, arg, _short(types[fault.arg]), help=fault.help)
    others = {
        arg.span: Label(arg.span, _short(type_))
        for arg, type_ in zip(args, types, strict=True)
        if not type_.is_number and arg.span != at.span
    }
    advice = fault.help
    reduced = next((m for m in (_REDUCTION.match(arg.span.text) for arg in args) if m), None)
    if fault.code == "NL0401" and advice is not None and reduced:
        advice += f";\nor the dimension is kept: {reduced[1]}(…, keepdim = true)"
    return _error(fault.code, fault.message, at, "", *others.values(), help=advice)


_REDUCTION = re.compile(r"(sum|mean|max|min|norm|var|std)\(")


def hidden_axis(axis: str, at: Origin) -> Diagnostic:
    """NL0404: an axis that is not seen inside a copy."""
    return _error(
        "NL0404",
        f"`{axis}` is not seen here: this component has one copy for each {axis}",
        at,
        f"inside one copy there is no `{axis}`",
        help="what runs over all copies is written outside of the component",
    )


def update(
    state: str, found: TensorType, wanted: TensorType, at: Origin, declared: Origin
) -> Diagnostic:
    """NL0410: a next value that is no value of its state."""
    return _error(
        "NL0410",
        f"the update of `{state}` is {_word(found)}, and `{state}` is {_word(wanted)}",
        at,
        _short(found),
        Label(declared.span, _short(wanted)),
        help=_advice(found, wanted),
    )


def initial(
    state: str, found: TensorType, wanted: TensorType, at: Origin, declared: Origin
) -> Diagnostic:
    """NL0411: an initial value that is no value of its state."""
    return _error(
        "NL0411",
        f"`{state}` is {_word(wanted)}, and would start from {_word(found)}",
        at,
        _short(found),
        Label(declared.span, _short(wanted)),
        help=_advice(found, wanted),
    )


def reset(
    state: str, found: TensorType, wanted: TensorType, at: Origin, declared: Origin
) -> Diagnostic:
    """NL0412: a value to reset to that is no value of its state."""
    return _error(
        "NL0412",
        f"`{state}` is {_word(wanted)}, and would be reset to {_word(found)}",
        at,
        _short(found),
        Label(declared.span, _short(wanted)),
        help=_advice(found, wanted),
    )


def replacement(state: str, found: TensorType, wanted: TensorType, at: Origin) -> Diagnostic:
    """NL0413: `E with (W = e)`, or `at = e`, where e is no value of W."""
    return _error(
        "NL0413",
        f"{_word(found)} cannot stand for `{state}`, which is {_word(wanted)}",
        at,
        _short(found),
        help=_advice(found, wanted),
    )


def start_of_prev(found: TensorType, wanted: TensorType, at: Origin) -> Diagnostic:
    """NL0414: `prev(e, init)` where init is no value of e."""
    return _error(
        "NL0414",
        f"`prev` of {_word(wanted)} would start from {_word(found)}",
        at,
        _short(found),
        help=_advice(found, wanted) or "a number fills it: prev(…, 0)",
    )


def growing_prev(at: Origin) -> Diagnostic:
    """NL0414: a value whose dimensions would change from tick to tick."""
    return _error(
        "NL0414",
        "this value reads itself through `prev`, and each tick would give it another shape",
        at,
        "changes its shape",
        help="start it from a value with the shape that it has later: full(0, […])",
    )


def no_scalar(of: TensorType, at: Origin, value: Origin) -> Diagnostic:
    """NL0415: the gradient of something with several elements."""
    return _error(
        "NL0415",
        f"a gradient is that of one number, and this is {_word(of)}",
        value,
        _short(of),
        *(() if at.span == value.span else (Label(at.span, "its gradient is taken here"),)),
        help="mean(…) or sum(…) makes one number of it",
    )


def no_derivative(of: TensorType, value: Origin) -> Diagnostic:
    """NL0416: the gradient of something that is not floating."""
    return _error(
        "NL0416",
        f"{_word(of)} has no derivative",
        value,
        _short(of),
        help="only floating values have one; a cast or a comparison in between ends it",
    )


def no_variable(name: str, of: TensorType, at: Origin) -> Diagnostic:
    """NL0416: a gradient with respect to something that is not floating."""
    return _error(
        "NL0416",
        f"`{name}` is {_word(of)}, and there is no derivative with respect to that",
        at,
        f"with respect to `{name}`",
        help="a state is floating unless its type says otherwise",
    )


def no_slice(clock: str, dim: str, of: TensorType, at: Origin, advice: str | None) -> Diagnostic:
    """NL0417: `k[token]` of a value without the clock's dimension."""
    return _error(
        "NL0417",
        f"`{clock}` runs along `{dim}`, and {_word(of)} has no dimension `{dim}` to slice",
        at,
        _short(of),
        help=advice,
    )


def slice_twice(clock: str, dim: str, of: TensorType, at: Origin) -> Diagnostic:
    """NL0417: `k[token]` of a value that has the clock's dimension twice."""
    return _error(
        "NL0417",
        f"`{clock}` runs along `{dim}`, and {_word(of)} has it twice",
        at,
        "which of the two?",
        help="slice the values that it is made of",
    )


def no_dimension(clock: str, at: Origin, declared: Origin, inner: str | None) -> Diagnostic:
    """NL0417: a slice by a clock that runs along no dimension."""
    return _error(
        "NL0417",
        f"`{clock}` runs along no dimension, so a value has no slice for each of its ticks",
        at,
        "",
        Label(declared.span, f"`{clock}`"),
        help=f"slice by the clock that does: […[{inner}]]" if inner is not None else None,
    )


def collect_axis(of: TensorType, at: Origin, reason: str) -> Diagnostic:
    """NL0418: a `collect` that does not know where its dimension goes."""
    return _error(
        "NL0418",
        f"`collect` of {_word(of)} must say where the new dimension goes: {reason}",
        at,
        _short(of),
        help="collect(…, axis = 0) puts it in front, axis = -1 at the end",
    )


def metric(name: str, of: TensorType, at: Origin) -> Diagnostic:
    """NL0419: a metric with several elements."""
    return _error(
        "NL0419",
        f"the metric `{name}` is {_word(of)}, and a metric is one number",
        at,
        _short(of),
        help="mean(…) or sum(…) makes one number of it; `output` returns a whole tensor",
    )


def copied_dim(state: str, dim: str, at: Origin, component: Origin) -> Diagnostic:
    """NL0420: a state with a dimension that its component has copies for."""
    return _error(
        "NL0420",
        f"`{state}` has a copy for each {dim} already, and its type has `{dim}` too",
        at,
        f"`{dim}` is in front of it from outside",
        Label(component.span, f"per {dim}"),
        help=f"leave `{dim}` out of the type",
    )


def like_number(state: str, at: Origin) -> Diagnostic:
    """NL0421: a state that is like a plain number."""
    return _error(
        "NL0421",
        f"`{state}` cannot be like a plain number: it has no dtype and no dimensions",
        at,
        "a number",
        help="`: scalar` is one f32 number",
    )


def like_cycle(chain: Sequence[tuple[str, Origin]]) -> Diagnostic:
    """NL0421: states that are like each other."""
    (name, at), *others = chain
    text = " → ".join(f"`{state}`" for state, _ in (*chain, chain[0]))
    return _error(
        "NL0421",
        f"the shapes of {text} are defined by each other",
        at,
        f"`{name}`",
        *(Label(origin.span, f"`{state}`") for state, origin in others),
        help="give one of them its dimensions: [d, d]",
    )


def draw(kind: str, reason: str, at: Origin) -> Diagnostic:
    """NL0422: a draw from no distribution."""
    return _error("NL0422", f"`{kind}`: {reason}", at, "")


def shapeless_draw(kind: str, at: Origin) -> Diagnostic:
    """NL0422: a draw that no state gives a shape."""
    return _error(
        "NL0422",
        f"`{kind}` has no shape here",
        at,
        "what shape?",
        help=f"{kind}(…, [B, d]); only as a state's initial value it has the state's",
    )


def arithmetic(reason: str, at: Origin) -> Diagnostic:
    """NL0423: arithmetic on sizes that has no result."""
    return _error(
        "NL0423",
        f"this number cannot be computed: {reason}",
        at,
        "",
        help="it is made of sizes and constants alone, with the values that these have here",
    )


def _word(of: TensorType) -> str:
    return str(of) if of.is_number else f"`{of}`"


def _short(of: TensorType) -> str:
    return str(of)


def _advice(found: TensorType, wanted: TensorType) -> str | None:
    if found.is_number or wanted.is_number:
        return None
    names = [str(dim) for dim in found.dims]
    goal = [str(dim) for dim in wanted.dims]
    if names == goal:
        return f"{wanted.dtype}(…) casts it"
    if len(names) > 1 and [*names[:-2], names[-1], names[-2]] == goal:
        return "transposed it fits: .T"
    extra = [name for name in names if name not in goal]
    if extra and [name for name in names if name in goal] == goal:
        listed = ", ".join(f"`{name}`" for name in extra)
        return f"{listed} is left over: sum or mean over it, or `per {extra[0]}` makes copies"
    return None
