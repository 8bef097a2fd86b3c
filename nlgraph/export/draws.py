"""Random numbers in a file of its own: the same ones that nlgraph draws, by the same names."""

from __future__ import annotations

from nlgraph.export.code import Code, call, method, number

SOURCES = {
    "generator": '''\
def generator(
    seed: int, name: str, tick: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """The source of one draw. It depends on nothing else, so that a run can stop and go on."""
    digest = sha256(f"{seed}\\0{name}\\0{tick}".encode()).digest()
    return torch.Generator(device).manual_seed(int.from_bytes(digest[:4], "little"))''',
    "normal": '''\
def normal(mean: float, std: float, shape: Sequence[int], source: torch.Generator) -> Tensor:
    """A normal distribution."""
    return mean + std * torch.randn(shape, generator=source, device=source.device)''',
    "uniform": '''\
def uniform(low: float, high: float, shape: Sequence[int], source: torch.Generator) -> Tensor:
    """A uniform distribution."""
    return low + (high - low) * torch.rand(shape, generator=source, device=source.device)''',
    "randint": '''\
def randint(low: int, high: int, shape: Sequence[int], source: torch.Generator) -> Tensor:
    """Whole numbers from low to high - 1."""
    return torch.randint(low, high, shape, generator=source, device=source.device)''',
    "bernoulli": '''\
def bernoulli(p: float, shape: Sequence[int], source: torch.Generator) -> Tensor:
    """True with probability p."""
    return torch.rand(shape, generator=source, device=source.device) < p''',
    "xavier": '''\
def xavier(shape: Sequence[int], source: torch.Generator) -> Tensor:
    """Uniform with variance 2 / (fan-in + fan-out): Glorot and Bengio 2010, (16)."""
    bound = math.sqrt(6 / sum(fans(shape)))
    return uniform(-bound, bound, shape, source)''',
    "kaiming": '''\
def kaiming(shape: Sequence[int], source: torch.Generator) -> Tensor:
    """Uniform with variance 2 / fan-in: He et al. 2015, (10)."""
    bound = math.sqrt(6 / fans(shape)[0])
    return uniform(-bound, bound, shape, source)''',
    "orthogonal": '''\
def orthogonal(shape: Sequence[int], source: torch.Generator) -> Tensor:
    """Orthonormal columns, or rows where these are fewer: Saxe et al. 2014."""
    rows, columns = shape[0], math.prod(shape[1:])
    matrix = torch.randn(rows, columns, generator=source, device=source.device)
    q, r = torch.linalg.qr((matrix.T if rows < columns else matrix).double())
    signed = q * r.diagonal().sign()
    return (signed.T if rows < columns else signed).reshape(shape)''',
    "fans": '''\
def fans(shape: Sequence[int]) -> tuple[int, int]:
    """Fan-in and fan-out: the sides of a matrix; of a convolution, [out, in, ...], as in torch."""
    if len(shape) > 2:
        field = math.prod(shape[2:])
        return shape[1] * field, shape[0] * field
    padded = (*shape, 1, 1)
    return max(padded[0], 1), max(padded[1], 1)''',
}
"""What `nlgraph.module.draws` and `seeds` do, as one would write it for a single model."""

_NEEDS = {
    "generator": ("from hashlib import sha256",),
    "normal": (),
    "uniform": (),
    "randint": (),
    "bernoulli": (),
    "xavier": ("uniform", "fans", "import math"),
    "kaiming": ("uniform", "fans", "import math"),
    "orthogonal": ("import math",),
    "fans": ("import math",),
}


def draw_code(
    kind: str,
    args: tuple[int | float, ...],
    shape: str,
    sides: tuple[str, ...],
    source: Code,
    used: set[str],
) -> Code:
    """The code of a draw; what it needs is added to what the file uses."""
    if kind == "eye":
        *front, rows, columns = sides
        made = call("torch.eye", rows, columns)
        return method(made, "expand", shape) if front else made
    _need(kind, used)
    return call(kind, *(number(arg) for arg in args), shape, source)


def generator_code(
    seed: str, name: str, tick: str | None, device: str | None, used: set[str]
) -> Code:
    """The code of the generator of a draw; without a tick it is that of an initial value."""
    _need("generator", used)
    return call("generator", seed, name, *(arg for arg in (tick, device) if arg is not None))


def _need(name: str, used: set[str]) -> None:
    used.add(name)
    if name != "generator":
        used.add("from collections.abc import Sequence")
    for other in _NEEDS[name]:
        if other in _NEEDS:
            _need(other, used)
        else:
            used.add(other)
