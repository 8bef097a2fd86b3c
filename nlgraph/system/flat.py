"""A deep structure as a flat one, for pickle and deepcopy, which recurse.

Expressions share parts and can be 10,000 deep. Flat, each part is one row that names its parts by
their rows; sharing is kept.
"""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

Row = tuple[Any, Any]
"""A class and the rows of what it holds; None and a value for what is held as it is."""


def flatten(root: object) -> tuple[Row, ...]:
    """The rows of a structure of dataclasses, tuples and dicts; the parts of each before it."""
    rows: list[Row] = []
    row_of: dict[int, int] = {}
    alive: list[object] = []  # an id names an object only as long as it lives
    stack: list[tuple[object, tuple[object, ...] | None]] = [(root, None)]
    while stack:
        item, parts = stack.pop()
        if id(item) in row_of:
            continue
        if parts is None and (parts := _parts(item)):
            stack.append((item, parts))
            stack.extend((part, None) for part in parts if id(part) not in row_of)
            continue
        row_of[id(item)] = len(rows)
        alive.append(item)
        rows.append(
            (None, item) if parts is None else (type(item), tuple(row_of[id(p)] for p in parts))
        )
    return tuple(rows)


def unflatten(rows: tuple[Row, ...]) -> Any:  # noqa: ANN401
    """The structure that `flatten` was given."""
    made: list[Any] = []
    for of, held in rows:
        made.append(held if of is None else _made(of, [made[row] for row in held]))
    return made[-1]


def _parts(item: object) -> tuple[object, ...] | None:
    """What an object holds, a dict's keys before its values; None for what is no structure."""
    if type(item) is tuple:
        return item
    if type(item) is dict:
        return (*item.keys(), *item.values())
    if is_dataclass(item) and not isinstance(item, type):
        return tuple(getattr(item, field.name) for field in fields(item))
    return None


def _made(of: type, parts: list[Any]) -> object:
    if of is tuple:
        return tuple(parts)
    if of is dict:
        half = len(parts) // 2
        return dict(zip(parts[:half], parts[half:], strict=True))
    item: Any = object.__new__(of)
    assert is_dataclass(of), "rows are of tuples, dicts and dataclasses"
    for field, part in zip(fields(of), parts, strict=True):
        object.__setattr__(item, field.name, part)
    return item
