"""Shape signatures as text: what they accept, what they give, and what cannot be read."""

import re

import pytest

from nlgraph.ops.op import TypeFault
from nlgraph.ops.signature import check_signature, parse_signature
from nlgraph.ops.types import NUMBER, Dim, TensorType

SIZES = {"B": 3, "T": 5, "c": 4, "d": 6, "k": 4}


def type_of(text):
    if text == "number":
        return TensorType(NUMBER)
    dtype, dims = re.fullmatch(r"(\w+)\[(.*)\]", text).groups()
    words = [word.strip() for word in dims.split(",") if word.strip()]
    return TensorType(
        dtype,
        tuple(Dim(None, int(w)) if w.isdigit() else Dim(w, SIZES.get(w)) for w in words),
    )


def infer(signature, *args, **attrs):
    read = parse_signature(signature)
    check_signature(read, attrs)
    return str(read.infer("f", tuple(map(type_of, args)), attrs))


@pytest.mark.parametrize(
    ("signature", "args", "attrs", "result"),
    [
        ("[...] -> [...]", ("f32[B, T, d]",), {}, "f32[B, T, d]"),
        ("[...], [...] -> [...]", ("f32[B, d]", "f32[d]"), {}, "f32[B, d]"),
        ("[...], [...] -> [...]", ("f32[B, d]", "number"), {}, "f32[B, d]"),
        ("[...], [...] -> [...]", ("f64[B, d]", "f32[d]"), {}, "f64[B, d]"),
        ("[...], [] -> [...]", ("f32[B]", "f32[]"), {}, "f32[B]"),
        ("[..., n] -> [...]", ("f32[B, T, d]",), {}, "f32[B, T]"),
        ("[...] -> []", ("f32[B, T, d]",), {}, "f32[]"),
        ("[n, ...] -> [..., n]", ("f32[B, T, d]",), {}, "f32[T, d, B]"),
        ("[..., n], [n, m] -> [..., m]", ("f32[B, T, c]", "f32[c, d]"), {}, "f32[B, T, d]"),
        ("[..., n], [..., n] -> [...]", ("f32[B, T, c]", "f32[T, c]"), {}, "f32[B, T]"),
        ("[n], [m] -> [n, m]", ("f32[c]", "f32[d]"), {}, "f32[c, d]"),
        ("[n, n] -> [n]", ("f32[d, d]",), {}, "f32[d]"),
        ("[..., axis, ...] -> [..., ...]", ("f32[B, T, d]",), {"axis": "T"}, "f32[B, d]"),
        ("[..., axis, ...] -> [..., axis, ...]", ("f32[B, T]",), {"axis": -1}, "f32[B, T]"),
        ("[..., axis, ...], [axis] -> [..., ...]", ("f32[B, T]", "f32[B]"), {"axis": 0}, "f32[T]"),
        ("[..., axis, ...] -> [..., 2, ...]", ("f32[B, T]",), {"axis": "B"}, "f32[2, T]"),
        ("[..., n] -> [..., n, k]", ("f32[B, d]",), {"k": 7}, "f32[B, d, 7]"),
        ("[..., n] -> [..., n/2]", ("f32[B, d]",), {}, "f32[B, 3]"),
        ("[..., n] -> [..., 2*n]", ("f32[B, d]",), {}, "f32[B, 12]"),
        ("[..., 3] -> [..., 1]", ("f32[B, 3]",), {}, "f32[B, 1]"),
        ("[..., k] -> [...]", ("f32[B, 7]",), {"k": 7}, "f32[B]"),
        ("int[...], [n, m] -> [..., m]", ("int[B, T]", "f32[k, d]"), {}, "f32[B, T, d]"),
        ("[...] -> bool[...]", ("f32[B]",), {}, "bool[B]"),
        ("int[n] -> f32[n, n]", ("int[d]",), {}, "f32[d, d]"),
        ("[...] -> [...]", ("f32[M]",), {}, "f32[M]"),
        ("[..., n] -> [..., 2*n]", ("f32[M]",), {}, "f32[?]"),
    ],
)
def test_a_call_has_the_type_that_its_signature_gives(signature, args, attrs, result):
    assert infer(signature, *args, **attrs) == result


@pytest.mark.parametrize(
    ("signature", "args", "attrs", "code", "said"),
    [
        ("[...], [...] -> [...]", ("f32[B, c]", "f32[B, k]"), {}, "NL0401", "`c` is not `k`"),
        ("[..., n], [n] -> [...]", ("f32[B, c]", "f32[k]"), {}, "NL0409", "one `n` for both"),
        ("[n, n] -> [n]", ("f32[c, k]",), {}, "NL0409", "`c` is not `k`"),
        ("[..., 3] -> [...]", ("f32[B, 4]",), {}, "NL0409", "length 3 is not length 4"),
        ("[..., k] -> [...]", ("f32[B, 4]",), {"k": 3}, "NL0409", "one `k` for both"),
        ("[..., n, m] -> [...]", ("f32[B]",), {}, "NL0405", "takes 2 or more dimensions"),
        ("[n, m] -> [n]", ("f32[B]",), {}, "NL0405", "takes 2 dimensions"),
        ("[] -> []", ("f32[B]",), {}, "NL0405", "takes 0 dimensions"),
        ("[...] -> [...]", ("int[B]",), {}, "NL0406", "a floating tensor"),
        ("[n] -> [n]", ("number",), {}, "NL0406", "a floating tensor, not a number"),
        ("int[n] -> int[n]", ("f32[B]",), {}, "NL0406", "takes int values"),
        ("[..., n] -> [..., n/4]", ("f32[d]",), {}, "NL0407", "would divide 6 by 4"),
        (
            "[..., axis, ...] -> [..., ...]",
            ("f32[B]",),
            {"axis": "T"},
            "NL0404",
            "no dimension `T`",
        ),
    ],
)
def test_what_does_not_fit_is_told_in_words(signature, args, attrs, code, said):
    with pytest.raises(TypeFault) as raised:
        infer(signature, *args, **attrs)
    assert raised.value.code == code
    assert said in raised.value.message


@pytest.mark.parametrize(
    ("signature", "keywords", "said"),
    [
        ("[...]", (), "it has the form"),
        ("[...] - [...]", (), "it has the form"),
        ("-> [...]", (), "it has the form"),
        ("[..., ?] -> []", (), "'?' is no dimension"),
        ("[a b] -> []", (), "'a b' is no dimension"),
        ("f8[...] -> []", (), "'f8' is no dtype"),
        ("[n] -> [m]", (), "nothing gives the `m`"),
        ("int[n] -> [n]", (), "its result needs a dtype"),
        ("[..., n, ...] -> [...]", (), "`...` stands twice only"),
        ("[..., axis, ...] -> [..., ...]", (), "where `axis` is a keyword"),
        ("[...] -> [...]", ("axis",), "where `axis` is a keyword"),
        ("[..., axis, ...] -> [...]", ("axis",), "another number of `...`"),
        ("[n] -> [..., n]", (), "another number of `...`"),
        ("[2*n] -> [n]", (), "arithmetic stands in the result only"),
    ],
)
def test_what_cannot_be_read_is_told_in_words(signature, keywords, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        check_signature(parse_signature(signature), keywords)
