"""Types as the file states them."""

from __future__ import annotations

from nlgraph.diagnostics.suggest import nearest
from nlgraph.ops.types import DTYPES, TensorType
from nlgraph.syntax import nodes
from nlgraph.system import elsewhere, errors
from nlgraph.system.arguments import dim_of
from nlgraph.system.builder import Builder, Place
from nlgraph.text.span import Origin, Span


def type_of(builder: Builder, node: nodes.Type, place: Place) -> TensorType | None:
    """A stated type; None where a fault was reported."""
    dtype = node.dtype or "f32"
    if dtype == "scalar":
        dtype = "f32"
    if dtype not in DTYPES:
        span = Span(node.span.source, node.span.start, node.span.start + len(dtype))
        guess = elsewhere.DTYPES.get(dtype) or nearest(dtype, (*DTYPES, "scalar"))
        known = f"the dtypes are {', '.join(DTYPES)}"
        origin = Origin(span, place.via)
        builder.report.add(errors.unknown_name(dtype, origin, guess, otherwise=known))
        return None
    dims = tuple(dim_of(builder, dim, place) for dim in node.dims or ())
    if any(dim is None for dim in dims):
        return None
    return TensorType(dtype, tuple(dim for dim in dims if dim is not None))
