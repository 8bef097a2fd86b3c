"""Entries: products, and the algebra of matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nlgraph.ops import faults
from nlgraph.ops.contraction import einsum, matmul
from nlgraph.ops.dims import broadcast, fits, merge
from nlgraph.ops.dtypes import need_float, need_one_dtype, need_precise, promote
from nlgraph.ops.op import Infer, Op, Param, Sample, register
from nlgraph.ops.reductions import dot
from nlgraph.ops.types import Dim, TensorType

Types = tuple[TensorType, ...]
Attrs = Mapping[str, Any]

_X = (Param("x"),)
_PAIR = (Param("a"), Param("b"))
_SQUARE = (Sample(("f32[n, n] square",), {}), Sample(("f32[B, n, n] square",), {}))


def need_matrix(op: str, of: TensorType, arg: int = 0) -> None:
    """Raise a TypeFault where a type has no two dimensions to be a matrix's."""
    if len(of.dims) < 2:
        raise faults.wrong_rank(op, of, "a matrix (two dimensions or more)", arg)


def _need_square(op: str, of: TensorType) -> None:
    need_matrix(op, of)
    rows, columns = of.dims[-2:]
    if not fits(rows, columns) and rows.size != columns.size:
        raise faults.wrong_rank(op, of, "a square matrix", 0)
    need_precise(op, of, 0)


def _transposed(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    (of,) = types
    if len(of.dims) < 2:
        raise faults.wrong_rank(
            ".T", of, "a matrix (two dimensions or more)", 0, "a vector is the same transposed"
        )
    *batch, rows, columns = of.dims
    return TensorType(of.dtype, (*batch, columns, rows))


def _outer(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    a, b = types
    for i, t in enumerate(types):
        if not t.dims:
            raise faults.wrong_rank("outer", t, "vectors", i)
    batch = broadcast((TensorType(a.dtype, a.dims[:-1]), TensorType(b.dtype, b.dims[:-1])))
    return TensorType(promote(types), (*batch, a.dims[-1], b.dims[-1]))


def _square(op: str) -> Infer:
    def infer(types: Types, attrs: Attrs) -> TensorType:
        del attrs
        _need_square(op, types[0])
        return types[0]

    return infer


def _inverse(types: Types, attrs: Attrs) -> TensorType:
    _need_square("inverse", types[0])
    return _transposed(types, attrs)


def _solve(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    a, b = types
    _need_square("solve", a)
    need_precise("solve", b, 1)
    need_one_dtype("solve", a, b)
    rows, columns = a.dims[-2:]
    vector = len(b.dims) == len(a.dims) - 1
    if not vector and len(b.dims) != len(a.dims):
        raise faults.wrong_rank("solve", b, "a right side with as many dimensions as the matrix", 1)
    side = b.dims[-1] if vector else b.dims[-2]
    if not fits(rows, side):
        raise faults.not_contracted("solve", a, b, rows, side, None)
    before = b.dims[:-1] if vector else b.dims[:-2]
    batch = broadcast((TensorType(a.dtype, a.dims[:-2]), TensorType(b.dtype, before)))
    after = () if vector else (b.dims[-1],)
    return TensorType(a.dtype, (*batch, columns, *after))


def _qr(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_matrix("qr", of)
    need_precise("qr", of, 0)
    *batch, rows, columns = of.dims
    inner = _shorter(rows, columns)
    match attrs["part"]:
        case "q":
            return TensorType(of.dtype, (*batch, rows, inner))
        case "r":
            return TensorType(of.dtype, (*batch, inner, columns))
        case other:
            raise faults.wrong_option("qr", "part", other, ('"q"', '"r"'))


def _eigh(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    _need_square("eigh", of)
    match attrs["part"]:
        case "values":
            return TensorType(of.dtype, of.dims[:-1])
        case "vectors":
            return of
        case other:
            raise faults.wrong_option("eigh", "part", other, ('"values"', '"vectors"'))


def _svd(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    need_matrix("svd", of)
    need_precise("svd", of, 0)
    *batch, rows, columns = of.dims
    inner = _shorter(rows, columns)
    match attrs["part"]:
        case "s":
            return TensorType(of.dtype, (*batch, inner))
        case "u":
            return TensorType(of.dtype, (*batch, rows, inner))
        case "vh":
            return TensorType(of.dtype, (*batch, inner, columns))
        case other:
            raise faults.wrong_option("svd", "part", other, ('"s"', '"u"', '"vh"'))


def _shorter(rows: Dim, columns: Dim) -> Dim:
    if fits(rows, columns):
        return merge(rows, columns)
    if rows.size is None or columns.size is None:
        return Dim(None, None)
    return rows if rows.size <= columns.size else columns


def _trace(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    (of,) = types
    need_matrix("trace", of)
    return TensorType("f32" if of.dtype == "bool" else of.dtype, of.dims[:-2])


def _newton_schulz(types: Types, attrs: Attrs) -> TensorType:
    (of,) = types
    if len(of.dims) < 2:
        raise faults.wrong_rank(
            "newton_schulz", of, "a matrix (two dimensions or more)", 0,
            "use another rule for vectors: train them apart",
        )  # fmt: skip
    need_float("newton_schulz", of, 0)
    if not isinstance(attrs["steps"], int) or attrs["steps"] < 1:
        raise faults.wrong_option("newton_schulz", "steps", attrs["steps"], ("a number from 1",))
    return of


def _diagonal(types: Types, attrs: Attrs) -> TensorType:
    del attrs
    (of,) = types
    need_matrix("diagonal", of)
    *batch, rows, columns = of.dims
    return TensorType(of.dtype, (*batch, _shorter(rows, columns)))


register(
    Op(
        "matmul",
        _PAIR,
        matmul,
        "operator.matmul",
        "The matrix product `a @ b`: sums over a's last dimension and b's last but one.",
        "a[..., n, k], b[..., k, m] -> [..., n, m]",
        (
            Sample(("f32[B, d]", "f32[d, k]"), {}),
            Sample(("f32[B, T, d]", "f32[d, k]"), {}),
            Sample(("f32[B, T, d]", "f32[B, d, k]"), {}),
            Sample(("f32[d]", "f32[d, k]"), {}),
            Sample(("f32[B, d]", "f32[d]"), {}),
            Sample(("f32[d]", "f32[d]"), {}),
        ),
    )
)
register(
    Op(
        "mT",
        _X,
        _transposed,
        "nlgraph.functional.mT",
        "The last two dimensions transposed, `x.T`.",
        "x[..., n, m] -> [..., m, n]",
        (Sample(("f32[B, d]",), {}), Sample(("f32[B, T, d]",), {})),
        bundled="leaf",
    )
)
register(
    Op(
        "outer",
        _PAIR,
        _outer,
        "nlgraph.functional.outer",
        "The outer product: every element of a vector with every element of another.",
        "a[..., n], b[..., m] -> [..., n, m]",
        (Sample(("f32[d]", "f32[k]"), {}), Sample(("f32[B, d]", "f32[B, k]"), {})),
        promotes=True,
    )
)
register(
    Op(
        "dot",
        _PAIR,
        dot,
        "nlgraph.functional.dot",
        "The full inner product <a, b>: the sum of a * b; over bundles, of all their tensors.",
        "a[...], b[...] -> []",
        (Sample(("f32[d]", "f32[d]"), {}), Sample(("f32[B, d]", "f32[B, d]"), {})),
        promotes=True,
        bundled="all",
    )
)
register(
    Op(
        "einsum",
        (Param("equation", "text"), Param("*values", "values")),
        einsum,
        "nlgraph.functional.einsum",
        "A sum of products in Einstein's notation, as torch has it.",
        '"bd,dk->bk", a[b, d], c[d, k] -> [b, k]',
        (
            Sample(("f32[B, d]", "f32[d, k]"), {"equation": "bd,dk->bk"}),
            Sample(("f32[B, T, d]", "f32[d]"), {"equation": "...d,d->..."}),
            Sample(("f32[n, n]",), {"equation": "ii"}),
        ),
    )
)
register(
    Op(
        "inverse",
        _X,
        _inverse,
        "torch.linalg.inv",
        "The inverse of a square matrix.",
        "x[..., n, n] -> [..., n, n]",
        _SQUARE,
    )
)
register(
    Op(
        "cholesky",
        _X,
        _square("cholesky"),
        "torch.linalg.cholesky",
        "The lower triangular L with L @ L.T = x, for a symmetric positive definite x.",
        "x[..., n, n] -> [..., n, n]",
        _SQUARE,
    )
)
register(
    Op(
        "matrix_power",
        (Param("x"), Param("n", "number")),
        _square("matrix_power"),
        "nlgraph.functional.matrix_power",
        "A square matrix to the power n. A power that is not whole (-1/4) takes x to be symmetric "
        "and positive definite.",
        "x[..., n, n] -> [..., n, n]",
        tuple(Sample(sample.args, {"n": n}) for sample in _SQUARE for n in (2, -1, -0.25)),
    )
)
register(
    Op(
        "solve",
        _PAIR,
        _solve,
        "nlgraph.functional.solve",
        "The x with a @ x = b.",
        "a[..., n, n], b[..., n, k] -> [..., n, k]",
        (
            Sample(("f32[n, n] square", "f32[n, k]"), {}),
            Sample(("f32[n, n] square", "f32[n]"), {}),
            Sample(("f32[B, n, n] square", "f32[B, n]"), {}),
        ),
    )
)
register(
    Op(
        "qr",
        (Param("x"), Param("part", "text", "q")),
        _qr,
        "nlgraph.functional.qr",
        'The orthonormal part of x = q @ r; part = "r" for the triangular one.',
        "x[..., n, m] -> [..., n, min(n, m)]",
        (Sample(("f32[n, k]",), {"part": "q"}), Sample(("f32[n, k]",), {"part": "r"})),
    )
)
register(
    Op(
        "eigh",
        (Param("x"), Param("part", "text", "values")),
        _eigh,
        "nlgraph.functional.eigh",
        'The eigenvalues of a symmetric matrix, ascending; part = "vectors" for the eigenvectors, '
        "as columns.",
        "x[..., n, n] -> [..., n]",
        (
            Sample(("f32[n, n] square",), {"part": "values"}),
            Sample(("f32[B, n, n] square",), {"part": "vectors"}),
        ),
    )
)
register(
    Op(
        "svd",
        (Param("x"), Param("part", "text", "s")),
        _svd,
        "nlgraph.functional.svd",
        'The singular values, descending; part = "u" or "vh" for the singular vectors.',
        "x[..., n, m] -> [..., min(n, m)]",
        (
            Sample(("f32[n, k]",), {"part": "s"}),
            Sample(("f32[n, k]",), {"part": "u"}),
            Sample(("f32[B, n, k]",), {"part": "vh"}),
        ),
    )
)
register(
    Op(
        "trace",
        _X,
        _trace,
        "nlgraph.functional.trace",
        "The sum of a matrix's diagonal.",
        "x[..., n, m] -> [...]",
        (Sample(("f32[n, n]",), {}), Sample(("f32[B, n, n]",), {})),
        promotes=True,
    )
)
register(
    Op(
        "diagonal",
        _X,
        _diagonal,
        "nlgraph.functional.diagonal",
        "A matrix's diagonal.",
        "x[..., n, m] -> [..., min(n, m)]",
        (Sample(("f32[n, n]",), {}), Sample(("f32[B, n, n]",), {})),
    )
)
register(
    Op(
        "newton_schulz",
        (Param("x"), Param("steps", "integer", 5)),
        _newton_schulz,
        "nlgraph.functional.newton_schulz",
        "x with its singular values brought near 1, by Muon's quintic iteration.",
        "x[..., n, m] -> [..., n, m]",
        (
            Sample(("f32[n, k]",), {"steps": 5}),
            Sample(("f32[k, n]",), {"steps": 5}),
            Sample(("f32[B, n, k]",), {"steps": 2}),
        ),
    )
)
