"""One value of a system, and the walk over what values are made of."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

from nlgraph.ops.types import TensorType
from nlgraph.system.ids import ComponentId
from nlgraph.text.span import Origin

Form = Literal[
    "number",  # data: (type of number, number)
    "size",  # data: a dimension's name
    "input",  # data: its name
    "state",  # data: its name; its value before this instant
    "primed",  # data: a state's name; its value after this instant
    "seen",  # data: (a state's name, period of the reader): primed, by one of another period
    "begun",  # data: a state's name; its value at the start of a frame
    "started",  # data: a state's name; the value with which the next tick starts
    "initial",  # data: a state's name; the value with which it started
    "cell",  # data: a cell's key; what that cell is at this instant
    "count",  # data: Count
    "number_of",  # data: (period, restart or None, period of the reader): a count inside a tick
    "slice",  # data: (axis, period of the clock, of its parent), part: the value
    "per_copy",  # data: dims, part: the value inside copies; these dims are in front of its own
    "pick",  # data: (dims, number of axes in front), part: the value outside; seen without them
    "draw",  # data: its name
    "signal",  # data: its name, part: what defines it. Only signals that a gradient is taken by.
    "op",  # data: (operator, attrs), parts: its arguments
    "gather",  # data: (kind, period of the value, of the window, axis, dims
    # of copies, name of its memory if known), part: the value. `first` is one, too: the value at
    # the first tick of a window.
    "prev",  # data: (name, period); its value is in `Values.prevs`
    "grad",  # data: (number of targets, period, dims of copies, None or the length of a window,
    # whose ticks' gradients are summed), parts: value, targets, points
    "item",  # data: index, part: the grad
    "with",  # parts: the value, the states, the replacements
    "stop",
    "hold",
]

CONSTANT: Final = ("number", "size", "input", "draw", "count", "number_of")

Period = int | Fraction
"""A length of time in root ticks."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """One value of a system; equal ones are the same object."""

    form: Form
    parts: tuple[Value, ...]
    data: Any
    type: TensorType
    origin: Origin
    component: ComponentId | None
    attrs: Mapping[str, Any]

    @property
    def op(self) -> str:
        """The operator of an `op`."""
        assert self.form == "op", f"a {self.form} has no operator"
        name: str = self.data[0]
        return name

    @property
    def targets(self) -> tuple[Value, ...]:
        """The targets of a `grad`."""
        return self.parts[1 : 1 + self.data[0]]

    @property
    def points(self) -> tuple[Value, ...]:
        """The points of a `grad`: none, or one for each target."""
        return self.parts[1 + self.data[0] :]

    @property
    def replaced(self) -> tuple[tuple[Value, Value], ...]:
        """The states of a `with`, each with what replaces it."""
        count = len(self.parts) // 2
        return tuple(zip(self.parts[1 : 1 + count], self.parts[1 + count :], strict=True))


def base_of(view: Value) -> tuple[Value, list[Value]]:
    """What a value is a view of, from outside of copies or from inside, and all such views."""
    views: list[Value] = []
    while view.form in ("per_copy", "pick"):
        views.append(view)
        view = view.parts[0]
    return view, views


def all_parts(value: Value) -> tuple[Value, ...]:
    """Everything that a value is made of directly."""
    return value.parts


def parts_first(
    roots: Iterable[Value], parts: Callable[[Value], tuple[Value, ...]] = all_parts
) -> Iterator[Value]:
    """Every value that roots are made of, each once and after its parts."""
    seen: set[Value] = set()
    for root in roots:
        stack: list[tuple[Value, bool]] = [(root, False)]
        while stack:
            value, ready = stack.pop()
            if ready:
                yield value
            elif value not in seen:
                seen.add(value)
                stack.append((value, True))
                stack.extend((part, False) for part in reversed(parts(value)) if part not in seen)


def simplified(op: str, parts: tuple[Value, ...], type_: TensorType) -> Value | None:
    """What an operator on these parts is without it: `1 * x`, `x + 0`, a known choice."""
    match op, tuple(part.data[1] if part.form == "number" else None for part in parts):
        case ("mul", (1, None)) | ("add", (0, None)):
            found = parts[1]
        case ("mul" | "div" | "pow", (None, 1)) | ("add" | "sub", (None, 0)):
            found = parts[0]
        case ("where", (bool() as chosen, *_)):
            found = parts[1 if chosen else 2]
        case _:
            return None
    return found if found.type == type_ else None


def frozen(item: object) -> Hashable:
    """A hashable form of an operator's attributes, where 1, 1.0 and true differ."""
    if isinstance(item, Mapping):
        return tuple((key, frozen(item[key])) for key in sorted(item))
    if isinstance(item, tuple | list):
        return tuple(map(frozen, item))
    assert isinstance(item, Hashable), f"an attribute of type {type(item).__name__}"
    return (type(item).__name__, item) if isinstance(item, int | float) else item
