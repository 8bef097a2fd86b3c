"""Every operator's entry, from its samples: types against torch, gradients, names, scalars."""

import importlib
import re
import zlib
from dataclasses import dataclass, replace
from typing import Any

import pytest
import torch

from nlgraph.ops.lower import lower
from nlgraph.ops.op import Op, Sample, TypeFault, registry
from nlgraph.ops.types import NUMBER, TRUTH, Dim, TensorType

SIZES = {"B": 3, "T": 5, "d": 4, "k": 2, "n": 3, "C": 2, "X": 4, "Y": 3}
TORCH = {
    "f32": torch.float64,  # as a system compiled in float64 has it
    "bf16": torch.bfloat16,
    "f16": torch.float16,
    "f64": torch.float64,
    "int": torch.int64,
    "bool": torch.bool,
}
CONSTANT = {"sign", "floor", "ceil", "round", "trunc"}  # between their steps
PARTS = {"qr", "svd", "eigh"}  # decompositions, unique up to signs
BY_LENGTH = ("conv2d-2", "global_norm-0")  # a group's channels; tensors that never meet


@dataclass(frozen=True)
class Argument:
    """A sample's argument: its type, and a value."""

    type: TensorType
    value: Any
    domain: str


def parse_type(text: str) -> tuple[TensorType, str]:
    name, _, domain = text.partition(" ")
    if name in ("true", "false"):
        return TensorType(TRUTH), name
    if name == "number":
        return TensorType(NUMBER), domain
    # the dimensions hold spaces: split at the bracket instead
    match = re.fullmatch(r"(\w+)\[([^\]]*)\]\s*(.*)", text)
    assert match, text
    dims = tuple(
        Dim(None, int(dim)) if dim.isdigit() else Dim(dim, SIZES[dim])
        for dim in (part.strip() for part in match[2].split(","))
        if dim
    )
    return TensorType(match[1], dims), match[3]


def argument(text: str, generator: torch.Generator) -> Argument:
    type_, domain = parse_type(text)
    if type_.dtype == TRUTH:
        return Argument(type_, domain == "true", domain)
    if type_.is_number:
        return Argument(type_, 0.7 if domain else -0.4, domain)
    shape = type_.shape
    if type_.dtype == "bool":
        return Argument(type_, torch.rand(shape, generator=generator) < 0.5, domain)
    if type_.dtype == "int":
        top = int(domain.removeprefix("< ")) if domain.startswith("<") else 7
        return Argument(
            type_, torch.randint(1 if top == 7 else 0, top, shape, generator=generator), domain
        )
    value = torch.rand(shape, generator=generator, dtype=torch.float64) * 0.8 + 0.1
    if domain == "square":
        value = value @ value.mT + torch.eye(shape[-1], dtype=torch.float64)
    elif not domain:
        signs = torch.randint(0, 2, shape, generator=generator) * 2 - 1
        value = value * signs
    return Argument(type_, value, domain)


def samples(applies=None):
    """Each entry's samples, those to which a test applies."""
    return pytest.mark.parametrize(
        ("op", "sample"),
        [
            pytest.param(op, sample, id=f"{op.name}-{i}")
            for op in registry().values()
            for i, sample in enumerate(op.samples)
            if applies is None or applies(op, sample)
        ],
    )


def types_of(sample: Sample) -> tuple[TensorType, ...]:
    return tuple(parse_type(text)[0] for text in sample.args)


def is_differentiable(op: Op, sample: Sample) -> bool:
    types = types_of(sample)
    floating = [t for t in types if t.dtype == "f32"]
    return (
        bool(floating) and op.infer(types, sample.attrs).dtype == "f32" and op.name not in CONSTANT
    )


def has_tensors(op: Op, sample: Sample) -> bool:
    types = types_of(sample)
    return any(not t.is_number for t in types) and not op.infer(types, sample.attrs).is_number


def arguments(op: Op, sample: Sample) -> list[Argument]:
    generator = torch.Generator().manual_seed(zlib.crc32(f"{op.name}{sample}".encode()))
    return [argument(text, generator) for text in sample.args]


def resolve(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


def call_of(op: Op, sample: Sample, types: tuple[TensorType, ...]) -> tuple[Any, str | None]:
    """The target with its keyword arguments, as builders of graphs call it."""
    result = op.infer(types, sample.attrs)
    lowered = lower(op.name, sample.attrs, types, result, SIZES)
    kwargs = dict(lowered.kwargs)
    if "dtype" in kwargs:
        kwargs["dtype"] = TORCH[kwargs["dtype"]]
    target = resolve(lowered.target)

    def run(*args):
        if lowered.cast is not None:
            args = tuple(
                a.to(TORCH[lowered.cast])
                if isinstance(a, torch.Tensor) and not a.is_floating_point()
                else a
                for a in args
            )
        return target(*args, **kwargs)

    return run, lowered.cast


@samples()
def test_inferred_type_is_that_of_torch(op, sample):
    given = arguments(op, sample)
    types = tuple(a.type for a in given)
    inferred = op.infer(types, sample.attrs)
    run, _ = call_of(op, sample, types)
    value = run(*(a.value for a in given))
    if inferred.is_number:
        assert isinstance(value, int | float | bool)
        return
    assert tuple(value.shape) == inferred.shape
    assert value.dtype == TORCH[inferred.dtype]


@samples(is_differentiable)
def test_gradients_agree_with_finite_differences(op, sample):
    given = arguments(op, sample)
    types = tuple(a.type for a in given)
    places = [i for i, a in enumerate(given) if a.type.dtype == "f32"]
    run, _ = call_of(op, sample, types)

    def function(*inputs):
        values = [a.value for a in given]
        for i, value in zip(places, inputs, strict=True):
            values[i] = _symmetric(value) if given[i].domain == "square" else value
        result = run(*values)
        # What a decomposition fixes only up to a sign is compared without it.
        return result.square() if op.name in PARTS else result

    inputs = [given[i].value.clone().requires_grad_() for i in places]
    assert torch.autograd.gradcheck(function, inputs)
    if op.name not in PARTS:
        assert torch.autograd.gradgradcheck(function, inputs, fast_mode=True)


def _symmetric(x):
    return (x + x.mT) / 2


@samples(has_tensors)
def test_batches_under_vmap(op, sample):
    given = arguments(op, sample)
    types = tuple(a.type for a in given)
    places = [i for i, a in enumerate(given) if isinstance(a.value, torch.Tensor)]
    run, _ = call_of(op, sample, types)

    def function(*inputs):
        values = [a.value for a in given]
        for i, value in zip(places, inputs, strict=True):
            values[i] = value
        return run(*values)

    one = [given[i].value for i in places]
    other = [
        x.flip(0) if x.dim() and given[i].domain != "square" else x
        for i, x in zip(places, one, strict=True)
    ]
    batched = torch.func.vmap(function)(
        *(torch.stack(pair) for pair in zip(one, other, strict=True))
    )
    expected = torch.stack([function(*one), function(*other)])
    torch.testing.assert_close(batched, expected, rtol=1e-12, atol=1e-12)


def _has(of, name):
    return any(dim.name == name for dim in of.dims)


def _names(value):
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [v for v in value if isinstance(v, str)]
    return []


def meeting(sample: Sample) -> list[tuple[int, int]]:
    """The dimensions, by argument and place, whose name another has too, or an axis."""
    types = types_of(sample)
    asked = {name for value in sample.attrs.values() for name in _names(value)}
    return [
        (i, j)
        for i, t in enumerate(types)
        for j, dim in enumerate(t.dims)
        if dim.name is not None
        and (
            any(_has(other, dim.name) for o, other in enumerate(types) if o != i)
            or (i == 0 and dim.name in asked)
        )
    ]


def must_agree(op: Op, sample: Sample) -> bool:
    return bool(meeting(sample)) and f"{op.name}-{op.samples.index(sample)}" not in BY_LENGTH


@samples(must_agree)
def test_a_wrongly_named_dimension_is_an_error(op, sample):
    types = types_of(sample)
    faults = []
    for i, j in meeting(sample):
        dims = list(types[i].dims)
        dims[j] = replace(dims[j], name="other")
        changed = (*types[:i], TensorType(types[i].dtype, tuple(dims)), *types[i + 1 :])
        try:
            op.infer(changed, sample.attrs)
        except TypeFault as fault:
            faults.append(fault)
    assert faults, "no place is checked by name"
    for fault in faults:
        assert fault.code in ("NL0401", "NL0402", "NL0403", "NL0404", "NL0405", "NL0407")
        assert "other" in fault.message


@pytest.mark.parametrize(
    "op",
    [op for op in registry().values() if op.scalar and op.name not in ("full", "cast", "rank")],
    ids=lambda op: op.name,
)
def test_plain_numbers_give_what_tensors_give(op):
    count = len([p for p in op.params if p.kind == "value"])
    values = (True, False)[:count] if op.name in ("and", "or", "not") else (0.7, 0.3, 0.9)[:count]
    if op.name == "where":
        values = (True, 0.3, 0.9)
    scalar = resolve(op.scalar)(*values)
    tensors = [
        torch.tensor(v, dtype=torch.bool if isinstance(v, bool) else torch.float64) for v in values
    ]
    assert isinstance(scalar, int | float | bool)
    assert float(resolve(op.target)(*tensors)) == pytest.approx(float(scalar), rel=1e-12)


@pytest.mark.parametrize(
    "op", [op for op in registry().values() if op.foreach is not None], ids=lambda op: op.name
)
def test_a_bundle_at_once_gives_what_its_leaves_give(op):
    generator = torch.Generator().manual_seed(0)
    leaves = [
        torch.rand(shape, generator=generator, dtype=torch.float64) * 0.8 + 0.1
        for shape in ((3, 4), (2,), ())
    ]
    count = len(op.params)
    cases: list[tuple] = [(leaves, [x * 0.5 for x in leaves])[:count]]
    if count == 2:
        cases.append((leaves, 0.3))
    for case in cases:
        together = resolve(op.foreach)(*case)
        alone = [
            resolve(op.target if isinstance(case[-1], list) or op.mixed is None else op.mixed)(
                *(part[i] if isinstance(part, list) else part for part in case)
            )
            for i in range(len(leaves))
        ]
        for a, b in zip(together, alone, strict=True):
            torch.testing.assert_close(a, b, rtol=1e-12, atol=1e-12)


def test_every_target_exists():
    for op in registry().values():
        for target in (op.target, op.scalar, op.mixed, op.foreach):
            assert target is None or callable(resolve(target))


def test_every_entry_is_documented_and_sampled():
    for op in registry().values():
        assert op.doc.endswith("."), op.name
        assert op.signature, op.name
        assert op.samples or op.name in ("dropout", "extern_call"), op.name


def test_a_name_has_one_entry():
    from nlgraph.ops.op import register

    with pytest.raises(ValueError, match="'add' is registered twice"):
        register(registry()["add"])
