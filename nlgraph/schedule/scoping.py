"""Gradients, replaced states, and what is read outside of them: section 7 of the language."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nlgraph.schedule import errors
from nlgraph.schedule.model import TICKS, Arg, Lead, Name
from nlgraph.schedule.scopes import Kind, Scope
from nlgraph.schedule.value import Period, Value, base_of

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

Steps = Generator[tuple[Scope, Value], Any, Mapping[Value, Arg]]
OuterSteps = Generator[tuple[Scope, Value], Any, tuple[Scope, tuple[Scope, ...]]]
ScopeSteps = Generator[tuple[Scope, Value], Any, Scope]


def differentiated(evaluator: Evaluator, scope: Scope, grad: Value) -> Steps:
    """The derivatives of a value, by target.

    All ticks and copies have their own: what is taken by has them in front, so the gradient of the
    sum over them is that of each. Where nothing is around, all gradients of one value are taken at
    once.
    """
    objective = grad.parts[0]
    draft, lift = evaluator.draft, evaluator.lift
    targets = grad.targets
    outer = scope
    key = (objective, grad.data[1:])
    alone = scope is not evaluator.root or not evaluator.joins(grad)
    if grad.points:
        outer = yield from replaced(evaluator, scope, grad)
    elif not alone:
        targets = evaluator.joined[key]
        known = evaluator.joint.get(key)
        if known is not None:
            return known
    _, span, copies, window = grad.data
    if window is not None and window > scope.frame:
        evaluator.report.add(errors.window_in_loop(grad.origin))
    ticks = _ticks(scope, span if window is None else window)
    lead: Lead = ((TICKS,) if ticks > 1 else ()) + copies
    args: dict[Value, Name] = {}
    for target in targets:
        base, _ = base_of(target)
        if base in args:
            continue
        arg: Arg = yield outer, base
        assert isinstance(arg, str), "a gradient is taken by tensors"
        own = [dim.name for dim in lift.own(arg)]
        axes = tuple(axis for axis in lead if axis not in own)
        assert window is None or lift.ticks(arg) <= ticks, "it is constant in the window"
        args[base] = lift.full(arg, axes, max(ticks, lift.ticks(arg)), grad)
    region = draft.open(scope.region)
    fixed = {
        base: draft.region_input(region, draft.types[arg], _name(evaluator, base), lift.lead(arg))
        for base, arg in args.items()
    }
    inside = Scope(
        "inside", region, evaluator.motion, outer, fixed, grad, frame=scope.frame, span=span
    )
    output: Arg = yield inside, objective
    if draft.inside(region, output):
        assert isinstance(output, str), "a number is bound in no region"
        if window is not None:
            output = lift.repeated(output, _ticks(scope, span), objective)
        if lift.lead(output):
            output = lift.bound("sum_all", (output,), (), (), objective)
        hints = [f"grad_{_name(evaluator, base)}" for base in args]
        note = evaluator.note(grad)
        found = draft.grad(region, tuple(args.values()), output, hints, note)
        results = dict(zip(args, found, strict=True))
    else:
        results = {
            base: lift.bound("zeros_like", (arg,), draft.types[arg].dims, lift.lead(arg), base)
            for base, arg in args.items()
        }
    if not alone:
        evaluator.joint[key] = results
        scope.scopes["inside", grad] = inside
    return results


def replaced(evaluator: Evaluator, scope: Scope, maker: Value) -> ScopeSteps:
    """The scope inside a `with`, or at the points of a gradient.

    Replacements are read outside; in those of a `with`, primed states stand for their updates
    where a gradient could flow through them.
    """
    key: tuple[Kind, Value | None] = ("replaced", maker)
    if key not in scope.scopes:
        around = unfolded(scope) if maker.form == "with" else scope
        fixed: dict[Value, Arg] = {}
        for target, replacement in _pairs(maker):
            arg: Arg = yield around, replacement
            base, views = base_of(target)
            arg = evaluator.conform(arg, replacement.type, target.type, replacement)
            for view in views:
                if view.form == "pick":
                    evaluator.report.add(
                        errors.replaced_in_copy(view.origin, _name(evaluator, base))
                    )
                else:
                    arg = evaluator.lift.behind(arg, view.data, view)
            fixed[base] = arg
        span = maker.data[1] if maker.form == "grad" else maker.data
        scope.scopes[key] = Scope(
            "replaced", scope.region, evaluator.motion, scope, fixed, maker,
            frame=scope.frame, span=span,
        )  # fmt: skip
    return scope.scopes[key]


def unfolded(scope: Scope) -> Scope:
    """The scope in which updated states stand for their updates; itself without a gradient."""
    if not scope.tracked:
        return scope
    key: tuple[Kind, Value | None] = ("unfolded", None)
    if key not in scope.scopes:
        scope.scopes[key] = Scope("unfolded", scope.region, scope.motion, scope, frame=scope.frame)
    return scope.scopes[key]


def outside(evaluator: Evaluator, scope: Scope) -> OuterSteps:
    """The scope outside of the nearest gradient, with the same states replaced.

    Where that gradient lies outside of loops, their turns come with it, the outermost first.
    """
    if not scope.tracked:
        return scope, ()
    assert scope.around is not None, "the root is inside no gradient"
    if scope.kind == "inside":
        return scope.around, ()
    outer, turns = yield from outside(evaluator, scope.around)
    if scope.kind == "turn":
        return outer, (*turns, scope)
    if scope.kind == "unfolded":
        return unfolded(outer), turns
    assert scope.made_by is not None, "what replaces has a maker"
    return (yield from replaced(evaluator, outer, scope.made_by)), turns


def untracked(evaluator: Evaluator, scope: Scope) -> OuterSteps:
    """The scope outside of all gradients, with the same states replaced, and the turns between."""
    turns: tuple[Scope, ...] = ()
    while scope.tracked:
        scope, more = yield from outside(evaluator, scope)
        turns = (*more, *turns)
    return scope, turns


def _ticks(scope: Scope, period: Period | None) -> int:
    """How many ticks of a length a scope sees at once."""
    if period is None or period >= scope.frame:
        return 1
    return int(Fraction(scope.frame) / Fraction(period))


def _pairs(maker: Value) -> Iterable[tuple[Value, Value]]:
    if maker.form == "with":
        return maker.replaced
    return zip(maker.targets, maker.points, strict=True)


def _name(evaluator: Evaluator, target: Value) -> str:
    if target.form in ("state", "primed", "signal"):
        return str(target.data)
    return evaluator.hint(target) or target.form
