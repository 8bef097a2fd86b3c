"""Gradients, and expressions with states replaced: section 7 of the language."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cached_property

import torch
from torch import Tensor

from nlgraph.reference.plan import Atom
from nlgraph.reference.views import Ask, Context, Scope, Steps, View, unfolded
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
        outer = Replaced(context, points, span).at(context.time)
    leaves: list[Tensor] = []
    for atom in atoms:
        leaves.append(_leaf((yield outer, atom)))  # noqa: PERF401 - a comprehension cannot yield
    inside = Inside(outer, dict(zip(atoms, leaves, strict=True)), span)
    value = yield inside.at(context.time), grad.value
    if not isinstance(value, Tensor) or not value.requires_grad:
        return tuple(torch.zeros_like(leaf) for leaf in leaves)
    found = torch.autograd.grad(value, leaves, create_graph=view.tracked, allow_unused=True)
    return tuple(
        torch.zeros_like(leaf) if part is None else part
        for leaf, part in zip(leaves, found, strict=True)
    )


def replace(context: Context, expr: With) -> Steps:
    """The value of an expression with states replaced.

    The replacements are read outside; updated states in them stand for their updates.
    """
    around = unfolded(context.view).at(context.time)
    fixed: dict[Atom, Ask] = {
        ("before", state): (around, replacement)
        for state, replacement in zip(expr.states, expr.replacements, strict=True)
    }
    view = Replaced(context, fixed, context.view.plan.span(expr.value))
    return (yield view.at(context.time), expr.value)


class Inside(Scope):
    """A view inside a gradient: its targets are leaves."""

    def __init__(
        self, outer: Context, leaves: Mapping[Atom, Tensor], span: Fraction | None
    ) -> None:
        """Stand inside the context that a gradient is read in."""
        super().__init__(outer, leaves, span)
        self.tracked = True

    @property
    def outside(self) -> View:
        """The view that the gradient is read in."""
        return self.outer


class Replaced(Scope):
    """A view with states (for a gradient at a point: or signals) replaced."""

    def __init__(self, outer: Context, points: Mapping[Atom, Ask], span: Fraction | None) -> None:
        """Stand inside a context; the points say where to ask for each replacement."""
        super().__init__(outer, points, span)
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
    return context.view.outside.at(context.time)


def _atom(target: StateRead | SignalRead) -> Atom:
    match target:
        case StateRead(state=state, primed=primed):
            return ("after" if primed else "before", state)
        case SignalRead(signal=signal):
            return ("signal", signal)


def _leaf(value: Tensor) -> Tensor:
    return value.view_as(value) if value.requires_grad else value.detach().requires_grad_()
