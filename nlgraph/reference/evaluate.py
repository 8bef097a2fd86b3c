"""Expressions: what each form means, and the solver that computes what is asked for.

A computation is a generator that yields what it needs. The solver keeps the stack of those under
way, so that a chain of any length is as deep as it likes.
"""

from __future__ import annotations

from typing import Any, Final

from torch import Tensor

from nlgraph.reference.copies import across, for_each, picked, read
from nlgraph.reference.gathers import gather, slice_of
from nlgraph.reference.gradients import differentiate, replace
from nlgraph.reference.plan import Atom
from nlgraph.reference.values import Value, apply, conform
from nlgraph.reference.views import Context, Key, Steps
from nlgraph.shapes.model import Hidden
from nlgraph.system.ids import SignalId, StateId
from nlgraph.system.model import (
    Call,
    DimSize,
    Draw,
    Expr,
    Gather,
    Grad,
    Hold,
    InputRead,
    Item,
    Learning,
    Number,
    PerCopy,
    Prev,
    SignalRead,
    Slice,
    StateRead,
    Stop,
    Tick,
    With,
)

_MISSING: Final = object()


def solve(context: Context, key: Key) -> Value:
    """The value of an expression, a state or a signal in a context."""
    if key in context.memo:
        return context.memo[key]
    stack: list[tuple[Context, Key, Steps]] = [(context, key, _steps(context, key))]
    busy = {(context, key)}
    answer: Any = None
    while stack:
        context, key, steps = stack[-1]
        try:
            asked, wanted = steps.send(answer)
        except StopIteration as done:
            answer = context.memo[key] = done.value
            busy.discard((context, key))
            stack.pop()
            continue
        answer = asked.memo.get(wanted, _MISSING)
        if answer is _MISSING:
            assert (asked, wanted) not in busy, f"{wanted} needs itself"
            busy.add((asked, wanted))
            stack.append((asked, wanted, _steps(asked, wanted)))
            answer = None
    return answer


def solve_across(context: Context, atom: Atom) -> Value:
    """A state or a signal with all of its copies in front."""
    return _finish(across(context, atom))


def solve_for_each(context: Context, expr: Expr, dims: Hidden) -> Value:
    """An expression for each index of dims, in front."""
    return _finish(for_each(context, expr, dims))


def _finish(steps: Steps) -> Value:
    """Run a computation whose needs are solved one by one."""
    answer: Any = None
    while True:
        try:
            context, key = steps.send(answer)
        except StopIteration as done:
            return done.value
        answer = solve(context, key)


def _steps(context: Context, key: Key) -> Steps:
    if isinstance(key, Expr):
        return _expression(context, key)
    kind, name = key
    match kind:
        case "signal":
            return context.view.signal(context, SignalId(name))
        case "before":
            return context.view.before(context, StateId(name))
        case "after":
            return context.view.after(context, StateId(name))
        case _:
            assert kind == "started", f"nothing is asked for as {kind}"
            return context.view.started(context, StateId(name))


def _expression(context: Context, expr: Expr) -> Steps:
    view, facts = context.view, context.view.facts
    match expr:
        case Number(value=value):
            return value
        case DimSize(dim=dim):
            return facts.sizes_at(context.tick)[dim]
        case Learning():
            return context.learning
        case Tick():
            return view.plan.count(expr, context.time)
        case InputRead(input=name):
            given = view.plan.equations.inputs[name].type
            tensor = facts.input(name, context.tick)
            return picked(tensor, given, dict(context.copy), context.hidden)
        case Draw(name=name):
            drawn = facts.draw(name, context.tick)
            position = view.plan.position(expr, context.time)
            return (drawn if position is None else drawn[position])[context.indices]
        case StateRead(state=state, primed=primed):
            return (yield from read(context, ("after" if primed else "before", state)))
        case SignalRead(signal=signal):
            return (yield from read(context, ("signal", signal)))
        case PerCopy(value=value, dims=dims):
            return (yield from for_each(context, value, dims))
        case Call(op="where"):
            return (yield from _choice(context, expr))
        case Call(args=args):
            values = []
            for arg in args:
                values.append((yield context, arg))  # noqa: PERF401 - a comprehension cannot yield
            return apply(expr, values, context)
        case Gather():
            return (yield from gather(context, expr))
        case Slice():
            return (yield from slice_of(context, expr))
        case Prev():
            return (yield from view.prev(context, expr))
        case Grad():
            return (yield from differentiate(context, expr))
        case Item(grad=grad, index=index):
            return (yield context, grad)[index]
        case With():
            return (yield from replace(context, expr))
        case Stop(value=value):
            found = yield context, value
            return found.detach() if isinstance(found, Tensor) else found
        case Hold(value=value):
            return (yield context.seen_in(view.outside), value)
        case _:
            message = f"a {type(expr).__name__} is never run here"
            raise AssertionError(message)


def _choice(context: Context, expr: Call) -> Steps:
    """`if c then a else b`; where c is a plain number only its branch is computed."""
    condition = yield context, expr.args[0]
    if isinstance(condition, Tensor):
        first = yield context, expr.args[1]
        second = yield context, expr.args[2]
        return apply(expr, [condition, first, second], context)
    value = yield context, expr.args[1 if condition else 2]
    type_ = context.view.plan.shaped.type_of(expr, context.hidden)
    return value if type_.is_number else conform(value, type_, context)
