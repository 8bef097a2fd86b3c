"""Gradients, and expressions with states replaced: section 7 of the language."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from nlgraph.reference.copies import across, picked
from nlgraph.reference.plan import Atom
from nlgraph.reference.views import Ask, Context, Fixed, Scope, Steps, View, unfolded
from nlgraph.system.model import Grad, SignalRead, StateRead, With


def differentiate(context: Context, grad: Grad) -> Steps:
    """The derivatives of a Grad, one for each target.

    Each target is a fresh leaf: an alias of the value outside, so that a gradient around this
    one flows on through it.
    """
    view = context.view
    atoms = [_atom(target) for target in grad.targets]
    span = view.plan.span(grad.value)
    outer = context
    if grad.at:
        points = {atom: (context, point) for atom, point in zip(atoms, grad.at, strict=True)}
        outer = context.seen_in(Replaced(context, points, span))
    leaves: list[Tensor] = []
    for atom in atoms:
        value = yield from across(outer, atom)
        leaves.append(_leaf(value))
    inside = Inside(outer, dict(zip(atoms, leaves, strict=True)), span)
    value = yield context.seen_in(inside), grad.value
    if not isinstance(value, Tensor) or not value.requires_grad:
        found: tuple[Tensor | None, ...] = (None,) * len(leaves)
    else:
        found = torch.autograd.grad(value, leaves, create_graph=view.tracked, allow_unused=True)
    parts = (
        torch.zeros_like(leaf) if part is None else part
        for leaf, part in zip(leaves, found, strict=True)
    )
    return tuple(_seen(context, atom, part) for atom, part in zip(atoms, parts, strict=True))


def replace(context: Context, expr: With) -> Steps:
    """The value of an expression with states replaced.

    The replacements are read outside; updated states in them stand for their updates.
    """
    around = context.seen_in(unfolded(context.view))
    fixed: dict[Atom, Ask] = {
        ("before", state): (around, replacement)
        for state, replacement in zip(expr.states, expr.replacements, strict=True)
    }
    view = Replaced(context, fixed, context.view.plan.span(expr.value))
    return (yield context.seen_in(view), expr.value)


class Inside(Scope):
    """A view inside a gradient: its targets are leaves."""

    def __init__(
        self, outer: Context, leaves: Mapping[Atom, Tensor], span: Fraction | None
    ) -> None:
        """Stand inside the context that a gradient is read in."""
        fixed = {atom: _fixed(outer, atom, leaf) for atom, leaf in leaves.items()}
        super().__init__(outer, fixed, span)
        self.tracked = True

    @property
    def outside(self) -> View:
        """The view that the gradient is read in."""
        return self.outer


class Replaced(Scope):
    """A view with states (for a gradient at a point: or signals) replaced."""

    def __init__(self, outer: Context, points: Mapping[Atom, Ask], span: Fraction | None) -> None:
        """Stand inside a context; the points say where to ask for each replacement."""
        fixed = {atom: _fixed(outer, atom, point) for atom, point in points.items()}
        super().__init__(outer, fixed, span)
        self._entry = outer
        self._points = points

    @cached_property
    def outside(self) -> View:
        """The same replacements, outside of the nearest gradient."""
        if not self.tracked:
            return self
        points = {atom: (_outside(at), expr) for atom, (at, expr) in self._points.items()}
        return Replaced(_outside(self._entry), points, self.span)


def _outside(context: Context) -> Context:
    return context.seen_in(context.view.outside)


def _fixed(outer: Context, atom: Atom, value: Tensor | Ask) -> Fixed:
    per = outer.view.plan.per(atom)
    return Fixed(
        value,
        copy=tuple((dim, index) for dim, index in outer.copy if dim in per),
        others=tuple(dim for dim in per if dim not in outer.hidden),
    )


def _seen(context: Context, atom: Atom, value: Tensor) -> Tensor:
    """A derivative as its target is seen: inside a copy, that copy's part of it."""
    per = context.view.plan.per(atom)
    front = len([dim for dim in per if dim not in context.hidden])
    gone = tuple(dim for dim in context.hidden if dim not in per)
    part: Tensor = picked(value, context.view.plan.type_of(atom), dict(context.copy), gone, front)
    return part


def _atom(target: StateRead | SignalRead) -> Atom:
    match target:
        case StateRead(state=state):
            return ("before", state)
        case SignalRead(signal=signal):
            return ("signal", signal)


def _leaf(value: Tensor) -> Tensor:
    return value.view_as(value) if value.requires_grad else value.detach().requires_grad_()
