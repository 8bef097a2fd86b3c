"""Whether one value can take another's place."""

from __future__ import annotations

from nlgraph.ops.dims import same_dims
from nlgraph.ops.dtypes import FLOATS
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, TensorType


def fits(found: TensorType, wanted: TensorType) -> bool:
    """Whether a value has the dimensions and the dtype that are wanted.

    A plain number fits any dimensions, and the dtypes that can hold it.
    """
    if found.is_number:
        return number_fits(found, wanted)
    if wanted.is_number:
        return False
    return found.dtype == wanted.dtype and same_dims(found.dims, wanted.dims) is not None


def number_fits(found: TensorType, wanted: TensorType) -> bool:
    """Whether a plain number can stand for a value of a type."""
    if wanted.dtype in (*FLOATS, NUMBER):
        return True
    if wanted.dtype in ("int", WHOLE):
        return found.dtype in (WHOLE, TRUTH)
    return found.dtype in (WHOLE, TRUTH) if wanted.dtype == "bool" else found.dtype == TRUTH
