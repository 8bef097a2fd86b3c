"""Visit and rewrite expressions without recursion; shared nodes are visited once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, MutableMapping
from dataclasses import replace
from typing import TypeVar

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
    Unknown,
    With,
)

T = TypeVar("T")

_LEAVES = frozenset((Number, DimSize, Unknown, InputRead, SignalRead, StateRead, Learning, Tick))


def children(expr: Expr) -> tuple[Expr, ...]:
    """The direct parts of an expression. Reads of signals and states are leaves.

    A Grad's targets are not parts: they are named, not read.
    """
    if type(expr) in _LEAVES:  # most of what is asked for: told without trying every form
        return ()
    match expr:
        case Call(args=args):
            return args
        case Grad(value=value, at=at):
            return (value, *at)
        case Item(grad=grad):
            return (grad,)
        case With(value=value, replacements=replacements):
            return (value, *replacements)
        case Prev(value=value, init=init):
            return (value, init)
        case (
            Slice(value=value)
            | Gather(value=value)
            | Stop(value=value)
            | Hold(value=value)
            | PerCopy(value=value)
        ):
            return (value,)
        case Draw(like=like) if like is not None:
            return (like,)
        case _:
            return ()


def with_children(expr: Expr, parts: tuple[Expr, ...]) -> Expr:
    """The same expression over other parts; itself where they are the same objects."""
    if all(new is old for new, old in zip(parts, children(expr), strict=True)):
        return expr
    match expr:
        case Call():
            return replace(expr, args=parts)
        case Grad():
            return replace(expr, value=parts[0], at=parts[1:])
        case Item():
            grad = parts[0]
            assert isinstance(grad, Grad), "a Grad is rewritten to a Grad"
            return replace(expr, grad=grad)
        case With():
            return replace(expr, value=parts[0], replacements=parts[1:])
        case Prev():
            return replace(expr, value=parts[0], init=parts[1])
        case Draw():
            return replace(expr, like=parts[0])
        case Slice() | Gather() | Stop() | Hold() | PerCopy():
            return replace(expr, value=parts[0])
        case _:
            message = f"{type(expr).__name__} has no parts"
            raise AssertionError(message)


def postorder(roots: Iterable[Expr], seen: set[int] | None = None) -> Iterator[Expr]:
    """Every expression under the roots once, parts before the whole.

    `seen` holds the ids of what is not to be visited (again) and grows; the caller keeps the
    expressions alive as long as it is used.
    """
    seen = set() if seen is None else seen
    for root in roots:
        if id(root) in seen:
            continue
        stack: list[tuple[Expr, bool]] = [(root, False)]
        while stack:
            expr, ready = stack.pop()
            if ready:
                yield expr
                continue
            if id(expr) in seen:
                continue
            seen.add(id(expr))
            stack.append((expr, True))
            stack.extend((part, False) for part in reversed(children(expr)) if id(part) not in seen)


def fold(
    root: Expr, combine: Callable[[Expr, tuple[T, ...]], T], memo: MutableMapping[Expr, T]
) -> T:
    """Compute a value for an expression from those of its parts; `memo` keeps all of them."""
    if root in memo:
        return memo[root]
    stack = [root]
    while stack:
        expr = stack[-1]
        if expr in memo:
            stack.pop()
            continue
        missing = [part for part in children(expr) if part not in memo]
        if missing:
            stack.extend(reversed(missing))
            continue
        memo[expr] = combine(expr, tuple(memo[part] for part in children(expr)))
        stack.pop()
    return memo[root]
