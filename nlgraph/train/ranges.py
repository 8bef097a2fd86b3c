"""Which numbers an integer input may hold, told by what it is looked up in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim
from nlgraph.shapes.model import Hidden, Shaped
from nlgraph.system.ids import InputId
from nlgraph.system.model import (
    Call,
    Expr,
    Gather,
    Hold,
    InputRead,
    PerCopy,
    SignalRead,
    Slice,
    Stop,
)
from nlgraph.text.span import Origin
from nlgraph.train import errors
from nlgraph.train.data import Array

Whole = NDArray[np.int64]

IGNORED = -100
"""The class that torch's cross entropy leaves out of the mean."""

_MOVES = frozenset({"reshape", "transpose", "int"})
"""Operators whose result has numbers of their first argument alone."""


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers from 0 up to the size of a dim, which `origin` looks up; maybe `IGNORED`, too."""

    dim: Dim
    may_be_ignored: bool
    origin: Origin


def check_ranges(
    arrays: Mapping[InputId, Array], shaped: Shaped, report: Report, where: str = "the data"
) -> None:
    """Report each input whose data holds a class, a token or an id that there is not.

    Args:
        arrays: what some inputs are given, items first.
        shaped: the system, which looks them up.
        report: takes the faults.
        where: what the items are of, for messages.
    """
    inputs = shaped.clocked.equations.inputs
    for name, range_ in ranges_of(shaped):
        array, size = arrays.get(name), range_.dim.size
        if array is None or array.dtype.kind not in "iu" or array.size == 0 or size is None:
            continue
        numbers = cast("Whole", array)
        highest = int(numbers.max())
        if highest < size and numbers.min() >= 0:
            continue
        wrong = (numbers < 0) | (numbers >= size)
        if range_.may_be_ignored:
            wrong &= numbers != IGNORED
        items = np.flatnonzero(wrong.reshape(len(numbers), -1).any(axis=1))
        if len(items):
            first = items[0]
            number = int(numbers[first][wrong[first]].flat[0])
            found = errors.Found(int(first), number, len(items), where)
            fault = errors.out_of_range(inputs[name], range_.dim, found, highest, range_.origin)
            report.add(fault)


def ranges_of(shaped: Shaped) -> Iterator[tuple[InputId, Range]]:
    """The range of each input that is looked up, once for each place that does so.

    An input is followed through signals, clocks and changes of shape; what is computed from it is
    not known before the run.
    """
    for expr, hidden in shaped.types:
        if not isinstance(expr, Call):
            continue
        match expr.op:
            case "embedding":
                looked_up, dim = expr.args[0], _dim(shaped, expr.args[1], hidden, 0)
            case "cross_entropy":
                looked_up, dim = expr.args[1], _dim(shaped, expr.args[0], hidden, -1)
            case "one_hot":
                looked_up, dim = expr.args[0], _dim(shaped, expr, hidden, -1)
            case _:
                continue
        name = _input_of(shaped, looked_up)
        if name is not None and dim is not None:
            yield name, Range(dim, expr.op == "cross_entropy", expr.origin)


def _dim(shaped: Shaped, expr: Expr, hidden: Hidden, place: int) -> Dim | None:
    found = shaped.types.get((expr, hidden))
    return found.dims[place] if found is not None and found.dims else None


def _input_of(shaped: Shaped, expr: Expr) -> InputId | None:
    """The input whose numbers a value has, and no others."""
    while True:
        match expr:
            case InputRead(input=name):
                return name
            case SignalRead(signal=signal):
                expr = shaped.clocked.equations.signals[signal].value
            case Slice(value=value) | Stop(value=value) | Hold(value=value) | PerCopy(value=value):
                expr = value
            case Gather(kind="collect" | "latest", value=value):
                expr = value
            case Call(op=op, args=(first, *_)) if op in _MOVES:
                expr = first
            case _:
                return None
