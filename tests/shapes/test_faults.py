"""The faults of dimensions and dtypes: code, place and words."""

import pytest

GD = "rule gd(lr) for w, g { w' = w - lr * g }\n"

FAULTS = [
    # what is written, the code, what is underlined, words of the message, words of the help
    ("z = x @ W + v", "NL0401", "x @ W + v", "`classes` is not `d`", None),
    ("z = x + y", "NL0401", "x + y", "`d` is not `B`", "reshape(…, [B, 1])"),
    ("z = W + W.T", "NL0401", "W + W.T", "`d` is not `classes`", "transposed fits"),
    ("z = x == y", "NL0401", "x == y", "`d` is not `B`", None),
    ("z = maximum_of(x, y)\nfn maximum_of(a, b) = max(a, b)", "NL0401", "max(a, b)", "`B`", None),
    ("z = mse(x, v)", "NL0401", "mse(x, v)", "the same dimensions", None),
    ("z = mse(x[:, :1], y)", "NL0401", "mse(x[:, :1], y)", "`f32[B, 1]` and `int[B]`", None),
    ("z = dot(x, v)", "NL0401", "dot(x, v)", "`f32[B, d]` and `f32[d]`", None),
    ("z = W @ x", "NL0402", "W @ x", "`classes` is not `B`", "swap the two sides"),
    ("z = x @ W.T", "NL0402", "x @ W.T", "`d` is not `classes`", "the right side transposed"),
    ("z = W @ W", "NL0402", "W @ W", "`classes` is not `d`", "transposed fits"),
    ("z = attention(seq, seq, x)", "NL0402", None, "`T` is not `B`", None),
    ('z = einsum("bd,kd->bk", x, W)', "NL0402", None, "`d` is not `classes`", "the letter d"),
    (
        "z = x @ reshape(stack([v, v, v, v]), [B, d, 1]) @ full(1, [B, 1, d])",
        "NL0403",
        "x @ reshape(stack([v, v, v, v]), [B, d, 1])",
        "would pair every B of one with every B of the other",
        "`per B`",
    ),
    ("z = sum(x, classes)", "NL0404", "x", "no dimension `classes`", "`B`, `d`"),
    ("z = mean(x, 2)", "NL0404", "x", "no such dimension", "-2 to -1"),
    ("z = sum(W.T @ W, classes)", "NL0404", "W.T @ W", "`classes` twice", "0 or 1"),
    ("z = softmax(v, B)", "NL0404", "v", "no dimension `B`", "`d`"),
    ("z = transpose(seq, 0, 3)", "NL0404", "seq", "no such dimension", None),
    ("z = v.T", "NL0405", "v", "not `f32[d]`", "the same transposed"),
    ("z = newton_schulz(v)", "NL0405", "v", "takes a matrix", None),
    ("z = x[0, 0, 0]", "NL0405", "x", "at least 3 dimensions", None),
    ("z = solve(W, x)", "NL0405", "W", "a square matrix", None),
    ("z = cumsum(x)", "NL0405", "x", "a vector where no dimension is given", "cumsum(x, -1)"),
    ("z = embedding(y, v)", "NL0405", "v", "a table", None),
    ("z = mask + mask", "NL0406", "mask", "takes numbers", "f32(…)"),
    ("z = x and mask", "NL0406", "x", "takes true or false", "x > 0"),
    ("z = if y then 1 else 0", "NL0406", "y", "takes true or false", None),
    ("z = if tick(step) then x else v", "NL0406", "tick(step)", "not a whole number", None),
    ("z = embedding(x, W)", "NL0406", "x", "a tensor of integers", "int(…)"),
    ("z = bf16(x) @ W", "NL0406", "bf16(x) @ W", "one dtype", "casts"),
    ("z = layer_norm(y)", "NL0406", "y", "a floating tensor", "f32(…)"),
    ("z = sum(3)", "NL0406", "3", "takes a tensor, not a whole number", None),
    ("z = gelu(tick(step))", "NL0406", "tick(step)", "takes a tensor", None),
    ("z = cross_entropy(x @ W, mask)", "NL0406", "mask", "class numbers", None),
    ("z = cross_entropy(seq @ W, y)", "NL0407", "y", "a target `int[B, T]`, not `int[B]`", None),
    ("z = reshape(x, [B, T, k])", "NL0407", None, "(32 elements)", "`d`"),
    ("z = concat([x, x @ W], 0)", "NL0407", "x @ W", "differ elsewhere", None),
    ("z = stack([x, W])", "NL0407", "W", "the same dimensions", None),
    ("z = x[4]", "NL0407", "x[4]", "its `B` has 4", "from 0 to 3"),
    ("z = split(x, k, -1)", "NL0407", None, "do not fill it", None),
    ("z = max_pool2d(reshape(x, [B, 1, 2, 4]), 3)", "NL0407", None, "does not fit", None),
    ("z = eye()", "NL0407", "eye()", "initial value", "eye(d)"),
    ('z = gelu(x, "fast")', "NL0408", None, '"fast"', '"none" or "tanh"'),
    ('z = mse(x, x, reduction = "avg")', "NL0408", None, "`reduction` of `mse`", '"sum"'),
    ("z = dropout(x, 1)", "NL0408", None, "`p` of `dropout` cannot be 1", None),
    ('z = einsum("bd->bx", x)', "NL0408", None, "has `x` in its result only", None),
    (
        "component U : [d] = 0 { U' = U + W }",
        "NL0401",
        "U + W",
        "`d` is not `classes`",
        "reshape(…, [d, 1])",
    ),
    (
        "component U : [d] = 0 { U' = W @ b * x }",
        "NL0410",
        "W @ b * x",
        "the update of `U` is `f32[B, d]`, and `U` is `f32[d]`",
        "`B` is left over",
    ),
    ("component U : int[d] = 0 { U' = 0.5 * U }", "NL0410", "0.5 * U", "`int[d]`", "int(…)"),
    ("component U : int[] = 0 { U' = tick / 2 }", "NL0410", "tick / 2", "a number", None),
    ("component U : [d, classes] = W.T", "NL0411", "W.T", "would start from", "transposed"),
    ("component U : int[d] = 0.5", "NL0411", "0.5", "a number", None),
    ("component U : [d] = 0 reset every 4 step to b", "NL0412", "b", "be reset to", None),
    ("z = (x @ W) with (W = v)", "NL0413", "v", "cannot stand for `W`", None),
    (
        f"{GD}component U : [d] = 0 {{ U' = U - grad(dot(U, U), U, at = b) }}",
        "NL0413",
        "b",
        "cannot stand for `U`",
        None,
    ),
    ("z = prev(x, b)", "NL0414", "b", "would start from `f32[classes]`", None),
    ("z = prev(z, b) + x[0]", "NL0401", None, "`classes` is not `d`", None),
    ("z = prev(outer(z, v), 0)", "NL0405", None, "`outer` takes vectors", None),
    ("z = one_hot(int(prev(z, 0)), k)", "NL0414", None, "another shape", "full(0, […])"),
    (
        f"{GD}component U : [d] = 0 {{ minimize (x @ U)^2 by gd(lr = 1) }}",
        "NL0415",
        "(x @ U)^2",
        "a gradient is that of one number, and this is `f32[B]`",
        "mean(…) or sum(…)",
    ),
    (
        f"{GD}component U : [d] = 0 {{ minimize sum(int(x @ U)) by gd(lr = 1) }}",
        "NL0416",
        "sum(int(x @ U))",
        "`int[]` has no derivative",
        None,
    ),
    (
        f"{GD}component U : int[d] = 0 {{ minimize sum(0.5 * U) by gd(lr = 1) }}",
        "NL0416",
        None,
        "with respect to that",
        None,
    ),
    ("metric a = x", "NL0419", "metric a = x", "a metric is one number", "mean(…)"),
    ("component Q : like 3 = 0", "NL0421", "3", "like a plain number", ": scalar"),
    ("z = normal(0, -1, [B])", "NL0422", None, "standard deviation", None),
    ("z = randint(3, 3, [B])", "NL0422", None, "no integer", None),
    ("z = bernoulli(2, [B])", "NL0422", None, "a probability", None),
    (
        "fn f(u) = if 1 / (rank(u) - 1) > 1 then u else 2 * u\nz = f(v)",
        "NL0423",
        "1 / (rank(u) - 1)",
        "cannot be computed",
        None,
    ),
]


@pytest.mark.parametrize(
    ("text", "code", "underlined", "words", "advice"),
    FAULTS,
    ids=[text.splitlines()[-1] for text, *_ in FAULTS],
)
def test_fault(snippet, text, code, underlined, words, advice):
    (fault,) = snippet(text).errors
    assert fault.code == code
    if underlined is not None:
        assert underlined in [label.span.text for label in fault.labels]
    assert words in fault.message
    if advice is not None:
        assert fault.help is not None
        assert advice in fault.help


MEMORY = """\
dim B = 4, T = 32, d = 8
clock sequence
clock token = sequence along T
clock chunk = 16 token
input e : [B, T, d] every sequence
input s : [B, d] every sequence
"""


@pytest.mark.parametrize(
    ("text", "code", "words", "advice"),
    [
        ("z = s[token]", "NL0417", "`f32[B, d]` has no dimension `T`", None),
        ("z = e[token][token]", "NL0417", "no dimension `T`", "leave the slice out"),
        ("z = e[chunk]", "NL0417", "`chunk` runs along no dimension", "[…[token]]"),
        ("z = (e @ e.T)[token]", "NL0417", "has it twice", None),
        (
            "z = collect(latest(e[token], chunk), sequence)",
            "NL0418",
            "`chunk` runs along no dimension",
            "axis = 0",
        ),
        ("z = collect(e[token], axis = 5)", "NL0418", "it has no dimension 5", None),
        (
            "component M : [d] = 0 per B every token { M' = M + e }",
            "NL0410",
            "the update of `M` is `f32[T, d]`",
            "`T` is left over",
        ),
        (
            "component M : [B, d] = 0 per B every token { M' = M + e[token] }",
            "NL0420",
            "a copy for each B already",
            "leave `B` out",
        ),
        (
            "component M : [d] = 0 per B every token { M' = M + mean(e[token], B) }",
            "NL0404",
            "one copy for each B",
            "outside of the component",
        ),
    ],
)
def test_fault_of_time_and_copies(check, text, code, words, advice):
    fault = check(MEMORY + text).errors[0]
    assert fault.code == code
    assert words in fault.message
    if advice is not None:
        assert fault.help is not None
        assert advice in fault.help


def test_a_collect_whose_inputs_disagree_asks_for_its_axis(check):
    (fault,) = check(
        """
        dim B = 4, T = 32, d = 8
        clock sequence
        clock token = sequence along T
        input e : [B, T, d] every sequence
        input p : [T, d] every sequence
        z = collect(e[token])
        """
    ).errors
    assert fault.code == "NL0418"
    assert "the inputs of `sequence` do not tell where `T` is" in fault.message


def test_states_that_are_like_each_other(snippet):
    (fault,) = snippet("component P : like 2 * R = 0\ncomponent R : like 2 * P = 0").errors
    assert fault.code in ("NL0421", "NL0211")
    assert "defined by each other" in fault.message


def test_a_fault_inside_a_rule_shows_both_lines(snippet):
    (fault,) = snippet(
        "rule odd() for w, g { w' = w - g @ g }\ncomponent U : [d, k] = 0 {\n"
        "  minimize sum(U) by odd()\n}"
    ).errors
    assert fault.code == "NL0402"
    places = [(label.span.line, label.span.text) for label in fault.labels]
    assert places[0] == (12, "odd()")
    assert (10, "g @ g") in places


def test_both_sides_of_a_fault_are_shown_with_their_types(snippet):
    (fault,) = snippet("z = x @ W + v").errors
    assert [(label.span.text, label.text) for label in fault.labels[1:]] == [
        ("x @ W", "f32[B, classes]"),
        ("v", "f32[d]"),
    ]


def test_one_fault_for_all_tensors_of_a_bundle(check):
    """A rule that does not fit is reported once, however many tensors it serves."""
    errors = check(
        """
        rule odd() for w, g { w' = w - stack([g, g]) }
        dim B = 4, d = 8
        clock step
        input x : [B, d] every step
        component m { state W1, W2, W3 : [d, d] ~ xavier() }
        train m minimize mean((x @ m.W1 @ m.W2 @ m.W3)^2) by odd()
        """
    ).errors
    assert len({(fault.code, fault.labels[-1].span) for fault in errors}) == len(errors)
