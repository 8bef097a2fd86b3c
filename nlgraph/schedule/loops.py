"""What moves inside a frame: the values that it has before its ticks, one by one or by a loop.

What is in no cycle is computed for all ticks at once, and its values before them are those after
the ticks before. A cycle is a loop, of turns as long as can be: that of its slowest member. Inside
a turn that one is a constant, so that what is left moves in smaller cycles, or in none.
"""

from __future__ import annotations

from collections.abc import Generator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from nlgraph.ops.types import Dim, TensorType
from nlgraph.schedule import errors
from nlgraph.schedule.draft import LoopDraft
from nlgraph.schedule.lift import tensor_type
from nlgraph.schedule.model import TICKS, Arg, Name
from nlgraph.schedule.moving import Moving
from nlgraph.schedule.scopes import Scope
from nlgraph.schedule.value import Period, Value
from nlgraph.system.ids import StateId

if TYPE_CHECKING:
    from nlgraph.schedule.evaluate import Evaluator

Steps = Generator[tuple[Scope, Value], Any, Any]


def before(evaluator: Evaluator, scope: Scope, moving: Moving) -> Steps:
    """The values before the ticks of a frame."""
    if moving.of not in scope.turns:
        knot = evaluator.motion.knot(moving, scope.frame, scope.active, scope.activity)
        if not knot and not _resets_inside(moving, scope.frame):
            return (yield from _shifted(evaluator, scope, moving))
        yield from _loop(evaluator, scope, knot or (moving,))
    body = scope.turns[moving.of]
    arg: Arg = yield body, moving.of
    return exported(evaluator, body, arg, moving.of)


def after(evaluator: Evaluator, scope: Scope, moving: Moving) -> Steps:
    """The values after the ticks of a frame."""
    if moving.period < scope.frame:
        knot = evaluator.motion.knot(moving, scope.frame, scope.active, scope.activity)
        if knot or _resets_inside(moving, scope.frame):
            yield scope, moving.of
            body = scope.turns.get(moving.of)
            # Without turns here it is before each tick what it is around, and only updates unfold.
            if body is not None:
                arg: Arg = yield body, moving.after
                return exported(evaluator, body, arg, moving.of)
    arg = yield scope, moving.update
    return conform(evaluator, moving, arg)


def begun(evaluator: Evaluator, scope: Scope, value: Value) -> Steps:
    """What something is at the start of a frame."""
    moving = evaluator.motion.of(value)
    if moving is None:
        name = value.data
        state = evaluator.values.state(name, "state", value.origin)
        return (yield scope, state)
    if moving.of in scope.begun:
        return scope.begun[moving.of]
    if moving.of in scope.fixed or (scope.kind == "turn" and moving.of not in scope.knot):
        arg: Arg = yield scope, moving.of
        return evaluator.lift.first(arg, moving.of)
    if not scope.active(moving) or scope.kind == "unfolded":
        assert scope.around is not None, "all is active in the root"
        return (yield scope.around, value)
    if moving.start is not None:
        arg = yield scope, moving.start
        return conform(evaluator, moving, arg, moving.start)
    if scope.kind != "root":
        if scope.kind == "turn":
            evaluator.report.add(errors.stream_reset(moving.of.origin, str(moving.of.data)))
            return 0
        assert scope.around is not None, "only the root stands in nothing"
        return (yield scope.around, value)
    if moving.of.form == "prev":
        return (yield from evaluator.last(moving.of))
    return evaluator.held(moving.of)


def conform(evaluator: Evaluator, moving: Moving, arg: Arg, of: Value | None = None) -> Name:
    """A value as a tensor of the type of what moves, of all its copies."""
    of = of or moving.update
    type_ = tensor_type(moving.type)
    return evaluator.lift.conform(arg, of.type, type_, moving.copies, of)


def exported(evaluator: Evaluator, body: Scope, arg: Arg, of: Value) -> Arg:
    """What all turns of a loop make of a value in its body."""
    draft, lift = evaluator.draft, evaluator.lift
    loop = body.loop
    assert loop is not None, "a turn is that of a loop"
    if not isinstance(arg, str):
        return arg
    have = draft.types[arg]
    if not draft.inside(body.region, arg):
        if lift.ticks(arg) == 1:
            return arg
        # It is written outside, since all turns make the same of their ticks.
        repeats = (loop.turns, *(1 for _ in have.dims[1:]))
        dims = (Dim(None, loop.turns * lift.ticks(arg)), *have.dims[1:])
        return lift.call("torch.tile", (arg,), {"dims": repeats}, dims, of)
    lead = lift.lead(arg)
    rest = have.dims[1:] if TICKS in lead else have.dims
    count = loop.turns * lift.ticks(arg)
    type_ = TensorType(have.dtype, (Dim(None, count), *rest))
    return draft.of_all_turns(loop, arg, type_, lead if TICKS in lead else (TICKS, *lead))


def turn_of(evaluator: Evaluator, scope: Scope, arg: Arg) -> Arg:
    """A turn's part of a value that is lifted outside of its loop."""
    lift, loop = evaluator.lift, scope.loop
    assert loop is not None, "a turn is that of a loop"
    if not isinstance(arg, str) or lift.ticks(arg) == 1:
        return arg
    have = evaluator.draft.types[arg]
    ticks = max(lift.ticks(arg) // loop.turns, 1)
    assert ticks * loop.turns % lift.ticks(arg) == 0, "of two clocks inside a tick one is faster"
    if ticks == 1:
        type_ = TensorType(have.dtype, have.dims[1:])
        return evaluator.draft.turn_of(loop, arg, type_, lift.lead(arg)[1:], 1)
    type_ = TensorType(have.dtype, (Dim(None, ticks), *have.dims[1:]))
    return evaluator.draft.turn_of(loop, arg, type_, lift.lead(arg), ticks)


def is_outer(value: Value) -> bool:
    """Whether a value is an outer product, times numbers: a turn makes its own, from vectors.

    Those of all ticks would be as many matrices.
    """
    while value.form == "op" and value.op in ("mul", "div", "neg"):
        parts = [part for part in value.parts if part.type == value.type]
        if len(parts) != 1:
            return False
        (value,) = parts
    return value.form == "op" and value.op == "outer"


def _loop(evaluator: Evaluator, scope: Scope, knot: tuple[Moving, ...]) -> Steps:
    """Write the loop of a cycle."""
    draft = evaluator.draft
    turn = max(_turn(moving, scope.frame) for moving in knot)
    turns = int(Fraction(scope.frame) / Fraction(turn))
    region = draft.open(scope.region)
    body = Scope(
        "turn", region, evaluator.motion, scope, frame=turn, knot=knot, made_by=scope.made_by
    )
    why = tuple(_step_of_cycle(evaluator, moving) for moving in knot)
    loop = LoopDraft(region, turns, why, evaluator.note(knot[0].of))
    body.loop = loop
    carried: dict[Moving, tuple[Name, Name]] = {}
    for moving in knot:
        if moving.reset is not None and moving.reset <= turn and not moving.keeps:
            continue
        value = evaluator.values.make(
            "begun", (), moving.of.data if moving.of.form == "state" else moving.of,
            moving.type, moving.of.origin,
        )  # fmt: skip
        arg: Arg = yield scope, value
        start = conform(evaluator, moving, arg, moving.of)
        hint = str(moving.of.data if moving.of.form == "state" else moving.of.data[0])
        name = draft.region_input(region, draft.types[start], hint, evaluator.lift.lead(start))
        carried[moving] = (start, name)
        body.begun[moving.of] = name
        if moving.period == turn:
            body.fixed[moving.of] = name
    for moving, (start, name) in carried.items():
        arg = yield body, moving.after
        arg = conform(evaluator, moving, evaluator.lift.last(arg, 1, moving.of))
        if moving.keeps and moving.reset == turn:
            arg = evaluator.lift.bound(
                "detach", (arg,), draft.types[arg].dims, evaluator.lift.lead(arg), moving.of
            )
        loop.carried[name] = (start, arg)
    if not carried:
        for moving in knot:
            yield body, moving.of
            yield body, moving.after
    draft.loop(loop)
    scope.turns.update((moving.of, body) for moving in knot)


def _step_of_cycle(evaluator: Evaluator, moving: Moving) -> str:
    """What moves, with its line in the file, for people."""
    if moving.of.form != "state":
        return f"prev (line {moving.of.origin.user.line})"
    equations = evaluator.values.equations
    host = equations.components[equations.states[StateId(moving.of.data)].component]
    return f"{moving.of.data} (line {host.origin.user.line})"


def _turn(moving: Moving, frame: Period) -> Period:
    return moving.reset if _resets_inside(moving, frame) and moving.reset else moving.period


def _resets_inside(moving: Moving, frame: Period) -> bool:
    return moving.reset is not None and moving.reset < frame


def _shifted(evaluator: Evaluator, scope: Scope, moving: Moving) -> Steps:
    """Of what is in no cycle: its start, then its values after all ticks but the last."""
    lift = evaluator.lift
    ticks = int(Fraction(scope.frame) / Fraction(moving.period))
    value = evaluator.values.make(
        "begun", (), moving.of.data if moving.of.form == "state" else moving.of,
        moving.type, moving.of.origin,
    )  # fmt: skip
    arg: Arg = yield scope, value
    start = conform(evaluator, moving, arg, moving.of)
    arg = yield scope, moving.after
    later = lift.full(conform(evaluator, moving, arg), (TICKS,), ticks, moving.of)
    dims = evaluator.draft.types[later].dims
    return lift.call(
        "nlgraph.functional.shifted", (later, start), {}, dims, moving.of, lift.lead(later)
    )
