"""Calls at random: an operator refuses them in words, or torch computes what was inferred."""

import importlib
import random
import zlib

import pytest
import torch

from nlgraph.ops.lower import lower
from nlgraph.ops.op import REQUIRED, Op, Param, TypeFault, registry
from nlgraph.ops.types import DTYPES, NUMBERS, Dim, TensorType

TRIES = 60
SIZES = {"B": 3, "d": 4, "k": 1}
TORCH = {
    "f32": torch.float64,  # as a system compiled in float64 has it
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "f64": torch.float64,
    "int": torch.int64,
    "bool": torch.bool,
}
NUMBER_OF = {"number": 0.3, "whole": 2, "truth": True}
TEXTS = ("mean", "sum", "none", "tanh", "q", "r", "s", "u", "vectors", "bd,dk->bk", "...d->...", "")
ITEMS = (0, -1, 7, "...", ("slice", None, None), ("slice", 1, -1), ("slice", 5, 2))


def random_dim(source: random.Random) -> Dim:
    name = source.choice((*SIZES, None))
    return Dim(None, source.choice((1, 1, 2, 3, 4))) if name is None else Dim(name, SIZES[name])


def random_type(source: random.Random) -> TensorType:
    if source.random() < 0.2:
        return TensorType(source.choice(NUMBERS))
    dtype = source.choice(("f32", "f32", "f32", "bf16", "int", "bool", "f64"))
    rank = source.choice((0, 1, 2, 2, 3, 4))
    return TensorType(dtype, tuple(random_dim(source) for _ in range(rank)))


def random_types(op: Op, source: random.Random) -> tuple[TensorType, ...]:
    count = 0
    for param in op.params:
        if param.kind == "values":
            count += source.choice((2, 4) if op.name == "global_dot" else (1, 2, 3))
        elif param.kind == "value" and (param.default is REQUIRED or source.random() < 0.5):
            count += 1
    types = [random_type(source) for _ in range(count)]
    if count > 1 and source.random() < 0.6:
        types = [types[0]] * count
        if source.random() < 0.5:
            types[-1] = TensorType(source.choice((types[0].dtype, "int")), types[0].dims[:-1])
    return tuple(types)


def random_attr(param: Param, source: random.Random) -> object:
    if param.default is not REQUIRED and source.random() < 0.3:
        return param.default
    axes = (*SIZES, 0, -1, 5)
    match param.kind:
        case "axis":
            return source.choice(axes)
        case "axes":
            return tuple(source.choice(axes) for _ in range(source.choice((0, 1, 2))))
        case "integer":
            return source.choice((0, 1, -1, 2, (1, 1), (0, 2), (), (1, 2, 3)))
        case "number":
            return source.choice((0, 1, -1, 0.5, -0.25, 1e9))
        case "flag":
            return source.random() < 0.5
        case "text":
            return source.choice(TEXTS)
        case _:
            return tuple(random_dim(source) for _ in range(source.choice((0, 1, 1, 2, 3))))


def random_attrs(op: Op, source: random.Random) -> dict[str, object]:
    if op.name == "index":
        return {"items": tuple(source.choice(ITEMS) for _ in range(source.choice((0, 1, 2, 3))))}
    if op.name == "cast":
        return {"dtype": source.choice(DTYPES)}
    values = ("value", "values", "axis_or_value")
    return {p.name: random_attr(p, source) for p in op.params if p.kind not in values}


def value_of(type_: TensorType) -> torch.Tensor | float:
    if type_.is_number:
        return NUMBER_OF[type_.dtype]
    if type_.dtype == "int":
        return torch.zeros(type_.shape, dtype=torch.int64)
    if type_.dtype == "bool":
        return torch.rand(type_.shape) < 0.5
    return torch.rand(type_.shape, dtype=torch.float64).to(TORCH[type_.dtype])


def values_of(op: Op, types: tuple[TensorType, ...]) -> list[torch.Tensor | float]:
    values = [value_of(type_) for type_ in types]
    if op.name in ("cholesky", "eigh", "inverse", "solve", "matrix_power"):
        matrix = values[0]
        values[0] = matrix @ matrix.mT + torch.eye(matrix.shape[-1], dtype=matrix.dtype)
    if op.name == "mod" and types[1].dtype == "int":
        values[1] = torch.ones_like(values[1])
    return values


def infer(
    op: Op, types: tuple[TensorType, ...], attrs: dict[str, object]
) -> TensorType | TypeFault:
    try:
        return op.infer(types, attrs)
    except TypeFault as fault:
        return fault


RESOLVED = ("dropout", "extern_call")  # never called as a spec writes its arguments


@pytest.mark.parametrize(
    "op", [op for op in registry().values() if op.name not in RESOLVED], ids=lambda op: op.name
)
def test_what_is_accepted_runs(op):
    source = random.Random(zlib.crc32(op.name.encode()))
    torch.manual_seed(0)
    for _ in range(TRIES):
        types, attrs = random_types(op, source), random_attrs(op, source)
        inferred = infer(op, types, attrs)
        if isinstance(inferred, TypeFault):
            assert inferred.message
            assert inferred.arg is None or inferred.arg < len(types)
            continue
        if op.scalar is None and types and all(t.is_number for t in types):
            continue
        lowered = lower(op.name, attrs, types, inferred, SIZES)
        kwargs = dict(lowered.kwargs)
        if "dtype" in kwargs:
            kwargs["dtype"] = TORCH[kwargs["dtype"]]
        args = values_of(op, types)
        if lowered.cast is not None:
            args = [_cast(arg, TORCH[lowered.cast]) for arg in args]
        module, _, name = lowered.target.rpartition(".")
        result = getattr(importlib.import_module(module), name)(*args, **kwargs)
        if inferred.is_number:
            assert not isinstance(result, torch.Tensor)
        else:
            assert tuple(result.shape) == inferred.shape
            assert result.dtype == TORCH[inferred.dtype]


def _cast(value, dtype):
    exact = isinstance(value, torch.Tensor) and not value.is_floating_point()
    return value.to(dtype) if exact else value


@pytest.mark.parametrize(
    "op", [op for op in registry().values() if op.name not in RESOLVED], ids=lambda op: op.name
)
def test_unknown_lengths_raise_nothing_but_faults(op):
    """A dimension that only a call binds is taken on trust."""
    source = random.Random(zlib.crc32(op.name.encode()))
    for _ in range(TRIES):
        types = tuple(_opened(t, source) for t in random_types(op, source))
        inferred = infer(op, types, random_attrs(op, source))
        if isinstance(inferred, TensorType):
            assert all(dim.size is None or dim.size >= 0 for dim in inferred.dims)


def _opened(of: TensorType, source: random.Random) -> TensorType:
    dims = (Dim(d.name, source.choice((None, d.size))) for d in of.dims)
    return TensorType(of.dtype, tuple(dims))
