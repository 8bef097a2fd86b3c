"""The steps of a graph before it is one: a DAG that passes rewrite."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from nlgraph.ops.types import TensorType
from nlgraph.schedule.model import Note


@dataclass(slots=True, eq=False)
class Step:
    """One value of a graph, or a list of values.

    `op` is an operator of the registry, one of `schedule.model.INTERNAL`, or
    `input`: a placeholder;
    `leaf`: its arg without history, to differentiate by; `alias`: its arg under another name, to
    differentiate by; `detach`: its arg without history;
    `backward`: args are a value and what to differentiate it by; a list;
    `part`: the arg, a list, at attr `index`;
    `loop`: attrs as `schedule.model.Loop` has them, with the steps of its `body`; a list;
    `call`: attr `target`, a dotted text, on args; the last ones are given by keyword, under the
    names in attr `keywords`. A list where `several`.
    Args are steps, numbers, and tuples of steps. `tape` says whether it has a history. It is mapped
    over the first `mapped` axes of its args.
    """

    op: str
    args: tuple[Any, ...]
    type: TensorType
    name: str
    note: Note | None = None
    attrs: Mapping[str, Any] = field(default_factory=dict)
    place: Hashable = None
    tape: bool = False
    several: bool = False
    mapped: int = 0


@dataclass(slots=True, eq=False)
class Steps:
    """The inputs of a graph in order, and what it gives."""

    inputs: list[Step]
    outputs: list[Step]


def call(step: Step, target: str, args: tuple[Any, ...], **keywords: Any) -> None:  # noqa: ANN401
    """Make of a step a call of a function of torch."""
    step.op, step.args = "call", (*args, *keywords.values())
    step.attrs = {"target": target, "keywords": tuple(keywords)}


def identity(arg: Any) -> Hashable:  # noqa: ANN401
    """What tells an arg from others: 1, 1.0 and true differ."""
    return id(arg) if isinstance(arg, Step) else (type(arg).__name__, arg)


def steps_of(args: Iterable[Any]) -> Iterator[Step]:
    """The steps among args, those in tuples too."""
    for arg in args:
        if isinstance(arg, Step):
            yield arg
        elif isinstance(arg, tuple):
            yield from (part for part in arg if isinstance(part, Step))


def in_order(roots: Iterable[Step]) -> list[Step]:
    """All steps that the roots need, each once, after those that it needs."""
    found: dict[Step, None] = {}
    for root in roots:
        stack = [(root, False)]
        while stack:
            step, ready = stack.pop()
            if step in found:
                continue
            if ready:
                found[step] = None
                continue
            stack.append((step, True))
            stack.extend((part, False) for part in reversed(list(steps_of(step.args))))
    return list(found)
