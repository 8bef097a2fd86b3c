"""The entry of calls of extern components: modules of the user's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from nlgraph.ops import faults
from nlgraph.ops.dims import same_dims
from nlgraph.ops.op import Op, Param, register
from nlgraph.ops.types import TensorType

EXTERN: Final = "extern_call"
"""The operator that calls a module; what is called is the module itself, a `ModuleCall`.

Its args are whether the system learns, a random number for each tick where the module draws, the
inputs, the parameters and the buffers. Its attrs are the component's `name`, its `inputs` and its
`output` as the file states them, and the `module` (None: not known yet).
"""


def given_inputs(attrs: Mapping[str, Any]) -> slice:
    """Where the inputs stand among the args."""
    module = attrs["module"]
    start = 2 if module is not None and module.draws else 1
    return slice(start, start + len(attrs["inputs"]))


def _called(types: tuple[TensorType, ...], attrs: Mapping[str, Any]) -> TensorType:
    where = given_inputs(attrs)
    places = range(where.start, where.stop)
    for place, given, wanted in zip(places, types[where], attrs["inputs"], strict=True):
        fits = not given.is_number and same_dims(given.dims, wanted.dims) is not None
        if not fits or given.dtype != wanted.dtype:
            raise faults.not_as_stated(attrs["name"], given, wanted, place)
    output: TensorType = attrs["output"]
    return output


register(
    Op(
        name=EXTERN,
        params=(Param("*args", "values"),),
        infer=_called,
        target="nlgraph.module.extern.ModuleCall",
        doc="An extern component's module, called.",
        signature="…",
        samples=(),
    )
)
