"""Gradients, replaced states, and what is read outside of them: section 7 of the language."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any

from nlgraph.schedule.model import Arg
from nlgraph.schedule.scopes import Kind, Scope
from nlgraph.schedule.value import Value

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

Steps = Generator[tuple[Scope, Value], Any, dict[Value, Arg]]
ScopeSteps = Generator[tuple[Scope, Value], Any, Scope]


def differentiated(evaluator: Evaluator, scope: Scope, grad: Value) -> Steps:
    """The derivatives of a value, by target.

    Where nothing is around, all gradients of one value are taken at once.
    """
    objective = grad.parts[0]
    draft = evaluator.draft
    targets = grad.targets
    outer = scope
    if grad.points:
        outer = yield from replaced(evaluator, scope, grad)
    elif scope is evaluator.root and evaluator.joins(grad):
        targets = evaluator.joined[objective]
        known = scope.scopes.get(("inside", objective))
        if known is not None:
            return dict(zip(targets, known.results, strict=True))
    args = []
    for target in targets:
        arg: Arg = yield outer, target
        assert isinstance(arg, str), "a gradient is taken by tensors"
        args.append(arg)
    region = draft.open(scope.region)
    fixed = {t: draft.region_input(region, t.type, _name(evaluator, t)) for t in targets}
    inside = Scope("inside", region, outer, fixed, grad)
    output: Arg = yield inside, objective
    if draft.inside(region, output):
        assert isinstance(output, str), "a number is bound in no region"
        hints = [f"grad_{_name(evaluator, target)}" for target in targets]
        results = draft.grad(region, tuple(args), output, hints, evaluator.note(grad))
    else:
        results = tuple(
            evaluator.op("zeros_like", (arg,), target.type, target)
            for arg, target in zip(args, targets, strict=True)
        )
    inside.results = results
    if scope is evaluator.root and evaluator.joins(grad):
        scope.scopes["inside", objective] = inside
    return dict(zip(targets, results, strict=True))


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
            fixed[target] = evaluator.conform(arg, replacement.type, target.type, replacement)
        scope.scopes[key] = Scope("replaced", scope.region, scope, fixed, maker)
    return scope.scopes[key]


def unfolded(scope: Scope) -> Scope:
    """The scope in which updated states stand for their updates; itself without a gradient."""
    if not scope.tracked:
        return scope
    key: tuple[Kind, Value | None] = ("unfolded", None)
    if key not in scope.scopes:
        scope.scopes[key] = Scope("unfolded", scope.region, scope)
    return scope.scopes[key]


def outside(evaluator: Evaluator, scope: Scope) -> ScopeSteps:
    """The scope outside of the nearest gradient, with the same states replaced."""
    if not scope.tracked:
        return scope
    assert scope.around is not None, "the root is inside no gradient"
    if scope.kind == "inside":
        return scope.around
    outer = yield from outside(evaluator, scope.around)
    if scope.kind == "unfolded":
        return unfolded(outer)
    assert scope.made_by is not None, "what replaces has a maker"
    return (yield from replaced(evaluator, outer, scope.made_by))


def untracked(evaluator: Evaluator, scope: Scope) -> ScopeSteps:
    """The scope outside of all gradients, with the same states replaced."""
    while scope.tracked:
        scope = yield from outside(evaluator, scope)
    return scope


def _pairs(maker: Value) -> Iterable[tuple[Value, Value]]:
    if maker.form == "with":
        return maker.replaced
    return zip(maker.targets, maker.points, strict=True)


def _name(evaluator: Evaluator, target: Value) -> str:
    if target.form in ("state", "primed", "signal"):
        return str(target.data)
    return evaluator.hint(target) or target.form
