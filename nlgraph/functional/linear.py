"""Inner products, norms, and the algebra of matrices."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def global_norm(*tensors: Tensor, p: float = 2) -> Tensor:
    """The p-norm of all elements of several tensors together."""
    norms = [torch.linalg.vector_norm(tensor, p) for tensor in tensors]
    whole: Tensor = torch.linalg.vector_norm(torch.stack(norms), p)
    return whole


def global_dot(*tensors: Tensor) -> Tensor:
    """The inner product of two bundles: the first half of the tensors with the second."""
    half = len(tensors) // 2
    products = [dot(a, b) for a, b in zip(tensors[:half], tensors[half:], strict=True)]
    return torch.stack(products).sum()


def dot(a: Tensor, b: Tensor) -> Tensor:
    """The sum of a * b over all elements."""
    return (a * b).sum()


def logsumexp(x: Tensor, *, dim: Sequence[int] | None = None, keepdim: bool = False) -> Tensor:
    """log(sum(exp(x))) over all elements, or over some dimensions."""
    return torch.logsumexp(x, tuple(range(x.dim()) if dim is None else dim), keepdim)


def cumsum(x: Tensor, *, dim: int = 0) -> Tensor:
    """The running sum along a dimension."""
    return torch.cumsum(x, dim)


def cumprod(x: Tensor, *, dim: int = 0) -> Tensor:
    """The running product along a dimension."""
    return torch.cumprod(x, dim)


def mT(x: Tensor) -> Tensor:  # noqa: N802
    """The last two dimensions transposed."""
    return x.mT


def outer(a: Tensor, b: Tensor) -> Tensor:
    """[..., n] and [..., m] to [..., n, m]."""
    return a.unsqueeze(-1) * b.unsqueeze(-2)


def add_outer(
    x: Tensor, a: Tensor, b: Tensor, *scales: Tensor | float, alpha: int = 1, beta: float = 1
) -> Tensor:
    """The sum beta * x + alpha * outer(a, b) times scales, of which each stands for all of a."""
    for scale in scales:
        short = isinstance(scale, Tensor) and scale.dim() == a.dim() - 1
        a = a * (scale.unsqueeze(-1) if short else scale)  # type: ignore[union-attr]
    left, right = a.unsqueeze(-1), b.unsqueeze(-2)
    front = x.shape[:-2]
    if left.shape[:-2] != front or right.shape[:-2] != front:
        left, right = left.expand(*front, -1, -1), right.expand(*front, -1, -1)
    if x.dim() == 2:
        return torch.addmm(x, left, right, beta=beta, alpha=alpha)
    if x.dim() == 3:
        return torch.baddbmm(x, left, right, beta=beta, alpha=alpha)
    flat = (part.flatten(0, -3) for part in (x, left, right))
    return torch.baddbmm(*flat, beta=beta, alpha=alpha).reshape(x.shape)


def einsum(*values: Tensor, equation: str) -> Tensor:
    """A sum of products in Einstein's notation."""
    return torch.einsum(equation, *values)


def solve(a: Tensor, b: Tensor) -> Tensor:
    """The x with a @ x = b: [..., n, n] and [..., n, k]; a vector [..., n] for each matrix too."""
    vector = b.dim() == a.dim() - 1
    x: Tensor = torch.linalg.solve(a, b.unsqueeze(-1) if vector else b)
    return x.squeeze(-1) if vector else x


def matrix_power(x: Tensor, *, n: float) -> Tensor:
    """[..., n, n] to a power; one that is not whole is taken of the eigenvalues."""
    if n == int(n):
        power: Tensor = torch.linalg.matrix_power(x, int(n))
        return power
    values, vectors = torch.linalg.eigh(x)
    root: Tensor = (vectors * values.pow(n).unsqueeze(-2)) @ vectors.mT
    return root


def qr(x: Tensor, *, part: str) -> Tensor:
    """`q` or `r` of x = q @ r."""
    q: Tensor
    r: Tensor
    q, r = torch.linalg.qr(x)
    return q if part == "q" else r


def eigh(x: Tensor, *, part: str) -> Tensor:
    """The eigenvalues, ascending, or the eigenvectors, as columns, of symmetric matrices."""
    found: Tensor
    found = torch.linalg.eigvalsh(x) if part == "values" else torch.linalg.eigh(x).eigenvectors
    return found


def svd(x: Tensor, *, part: str) -> Tensor:
    """`u`, `s` or `vh` of x = u @ diag(s) @ vh."""
    found: Tensor
    if part == "s":
        found = torch.linalg.svdvals(x)
    else:
        u, _, vh = torch.linalg.svd(x, full_matrices=False)
        found = u if part == "u" else vh
    return found


def diagonal(x: Tensor) -> Tensor:
    """[..., n, m] to [..., min(n, m)]."""
    return torch.diagonal(x, dim1=-2, dim2=-1)


def trace(x: Tensor) -> Tensor:
    """The sum of each matrix's diagonal."""
    return diagonal(x).sum(-1)


def newton_schulz(x: Tensor, *, steps: int = 5) -> Tensor:
    """Matrices with their singular values brought near 1 (Muon; Jordan et al. 2024).

    Computed in x's own dtype on [..., n, m], by the shorter side. The quintic does not converge to
    1: it ends between 0.7 and 1.13, and gets there in five steps.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = x.shape[-2] > x.shape[-1]
    y = x.mT if tall else x
    length: Tensor = torch.linalg.vector_norm(y, dim=(-2, -1), keepdim=True)
    y = y / (length + 1e-7)
    for _ in range(steps):
        gram = y @ y.mT
        y = a * y + (b * gram + c * (gram @ gram)) @ y
    return y.mT if tall else y
