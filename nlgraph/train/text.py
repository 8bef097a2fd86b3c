"""A text as training data: its bytes, cut into sequences and what follows each byte."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.model import Input
from nlgraph.train import errors

Bytes = NDArray[np.uint8]

TEXT, TARGET = "text", "target"


def cut_text(
    content: Bytes, inputs: Sequence[Input], data: str, report: Report
) -> Mapping[str, Bytes] | None:
    """The inputs `text` and `target`, both [items, T], as views of the file's bytes.

    Item i has the bytes from i*T on, and their successors: together the items have every byte once
    as a target, but for the first one and for what fills no sequence. T is the length of the
    inputs' last dim; an input without dims takes one byte at a time.
    """
    shape: tuple[int, ...] = ()
    at = next((at for at in inputs if at.id in (TEXT, TARGET) and at.type.dims), None)
    if at is not None:
        dim = at.type.dims[-1]
        if dim.size is None:
            report.add(errors.no_length(at, data, str(dim)))
            return None
        shape = (dim.size,)
    length = math.prod(shape)
    count = max(0, (len(content) - 1) // length)

    def cut(start: int) -> Bytes:
        return content[start : start + count * length].reshape(count, *shape)

    return {TEXT: cut(0), TARGET: cut(1)}
