"""Types of values: dimensions by name, dtypes, and what clocks and copies do to them."""

import pytest
import torch


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("x @ W + b", "f32[B, classes]"),
        ("x * v", "f32[B, d]"),
        ("W.T @ W", "f32[classes, classes]"),
        ("seq @ seq.T", "f32[B, T, T]"),
        ("softmax(seq @ seq.T, -1) @ seq", "f32[B, T, d]"),
        ("x[0]", "f32[d]"),
        ("x[:, 0]", "f32[B]"),
        ("seq[..., 0]", "f32[B, T]"),
        ("x[1:3]", "f32[2, d]"),
        ("x[:-1] - x[1:]", "f32[3, d]"),
        ("sum(x)", "f32[]"),
        ("sum(x, -1)", "f32[B]"),
        ("sum(x, d)", "f32[B]"),
        ("sum(x, axis = B, keepdim = true)", "f32[1, d]"),
        ("x - mean(x, d, keepdim = true)", "f32[B, d]"),
        ("sum(seq, [B, T])", "f32[d]"),
        ("max(x, d)", "f32[B]"),
        ("max(x, axis = 0)", "f32[d]"),
        ("max(x, 0)", "f32[B, d]"),
        ("min(x, v)", "f32[B, d]"),
        ("sum(mask)", "f32[]"),
        ("mean(argmax(x @ W, -1) == y)", "f32[]"),
        ("argmax(x)", "int[]"),
        ("y + 1", "int[B]"),
        ("y / 2", "f32[B]"),
        ("0.5 * y", "f32[B]"),
        ("if mask then 1 else 0", "int[B]"),
        ("if mask then 1.0 else 0", "f32[B]"),
        ("if mask then y else 0.5", "f32[B]"),
        ("x[:, 0] > 0 and mask", "bool[B]"),
        ("int(x)", "int[B, d]"),
        ("bf16(x) @ bf16(W)", "bf16[B, classes]"),
        ("bf16(x) * sum(v)", "bf16[B, d]"),
        ("bf16(x) * v", "f32[B, d]"),
        ("outer(v, v)", "f32[d, d]"),
        ("dot(x, x)", "f32[]"),
        ("reshape(seq, [B, T, H, 4])", "f32[B, T, H, 4]"),
        ("transpose(reshape(seq, [B, T, H, 4]), 1, 2)", "f32[B, H, T, 4]"),
        ("transpose(x)", "f32[d, B]"),
        ("concat([x, x @ W], -1)", "f32[B, 18]"),
        ("stack([v, v])", "f32[2, d]"),
        ("one_hot(y, classes)", "f32[B, classes]"),
        ("embedding(y, W)", "f32[B, classes]"),
        ('einsum("bd,dk->bk", x, W)', "f32[B, classes]"),
        ("attention(seq, seq, seq, causal = true)", "f32[B, T, d]"),
        ("layer_norm(seq) * v", "f32[B, T, d]"),
        ("cross_entropy(x @ W, y)", "f32[]"),
        ('cross_entropy(x @ W, y, reduction = "none")', "f32[B]"),
        ("x + reshape(v, [1, d])", "f32[B, d]"),
        ("reshape(x, [B, 8]) + x", "f32[B, d]"),
        ("full(1, [B, d]) + eye(d)[0]", "f32[B, d]"),
        ("normal([B, d])", "f32[B, d]"),
        ("randint(0, 9, [B])", "int[B]"),
        ("dropout(x, 0.1)", "f32[B, d]"),
        ("clip(x, -1, v)", "f32[B, d]"),
        ("stop(x) + hold(x)", "f32[B, d]"),
        ("prev(x, 0)", "f32[B, d]"),
        ("x with (W = 0)", "f32[B, d]"),
        ("tick(step)", "a whole number"),
        ("size(seq, T) / 4", "a number"),
        ("0.9 ^ tick(step)", "a number"),
        ("learning", "true or false"),
    ],
)
def test_type_of(snippet, expression, wanted):
    assert snippet(f"z = {expression}").signal("z") == wanted


def test_a_sliced_bound_keeps_the_length_alone(snippet):
    """A slice with bounds makes an unnamed dimension, whose length is checked."""
    (fault,) = snippet("z = x[:, :4] @ W").errors
    assert fault.code == "NL0402"
    assert "length 4 is not `d` (length 8)" in fault.message


def test_equal_lengths_are_not_equal_dimensions(check):
    (fault,) = check(
        """
        dim B = 4, d = 64, k = 64, h = 2
        clock step
        input x : [B, d] every step
        component V : [k, h] ~ xavier()
        output z = x @ V
        """
    ).errors
    assert fault.code == "NL0402"
    assert "`d` is not `k`" in fault.message


def test_a_dimension_of_length_1_meets_any_other(check):
    checked = check(
        """
        dim B = 4, d = 64, one = 1
        clock step
        input x : [B, d] every step
        input w : [B, one] every step
        z = x * w
        """
    )
    assert checked.signal("z") == "f32[B, d]"


def test_a_dimension_without_a_number_is_bound_by_the_call(check):
    checked = check(
        """
        dim B, T, d = 8
        clock step
        input x : [B, T, d] every step
        z = reshape(x, [B, T, 2, 4])
        n = B * 2
        """
    )
    assert checked.signal("z") == "f32[B, T, 2, 4]"
    assert checked.signal("n") == "a whole number"


def test_order_in_the_file_never_matters(check):
    lines = [
        "dim B = 4, d = 8, k = 3",
        "clock step",
        "input x : [B, d] every step",
        "component W : [d, k] ~ xavier() { W' = W + m' }",
        "component m : like W = 0 { m' = 0.9 * m - grad(loss, W) }",
        "z = relu(h)",
        "h = x @ W",
        "loss = mean(z^2)",
    ]
    forward, backward = check("\n".join(lines)), check("\n".join(reversed(lines)))
    assert not forward.errors
    assert not backward.errors
    assert forward.shaped is not None
    assert backward.shaped is not None
    assert {n: str(t) for n, t in forward.shaped.states.items()} == {
        n: str(t) for n, t in backward.shaped.states.items()
    }
    assert forward.signal("z") == backward.signal("z") == "f32[B, k]"


def test_a_chain_of_ten_thousand_signals(check):
    lines = [f"s{i} = s{i + 1} + 1" for i in range(10_000)]
    text = "dim d = 8\nclock step\ninput x : [d] every step\n" + "\n".join(lines)
    checked = check(text + "\ns10000 = x\n")
    assert checked.signal("s0") == "f32[d]"


def test_a_fault_has_no_echo(snippet):
    """What meets the unknown value stays silent; an independent fault is reported too."""
    checked = snippet("z = x @ x\nu = z @ z\nq = u + 1\nw = sum(x, k)")
    assert [fault.code for fault in checked.errors] == ["NL0402", "NL0404"]


def test_a_value_reads_itself_through_prev(snippet):
    checked = snippet("s = prev(s, 0) + x\nu = prev(w, 0)\nw = u + prev(s, 0)")
    assert checked.signal("s") == "f32[B, d]"
    assert checked.signal("w") == "f32[B, d]"


def test_a_branch_that_is_chosen_by_rank_is_alone_checked(snippet):
    """`.T` of a vector is an error, but only where it is computed."""
    text = "fn f(u) = if rank(u) == 2 then u @ u.T else dot(u, u)\n"
    checked = snippet(text + "p = f(W)\nq = f(v)")
    assert checked.signal("p") == "f32[d, d]"
    assert checked.signal("q") == "f32[]"


def test_a_number_that_sizes_tell_is_known(snippet):
    checked = snippet("n = sqrt(max(1, size(W, 0) / size(W, classes)))\nr = rank(seq) + 1")
    assert checked.shaped is not None
    constants = {
        name: checked.shaped.constants[checked.shaped.clocked.equations.signals[name].value, ()]
        for name in ("n", "r")
    }
    assert constants == {"n": 1, "r": 4}


def test_a_state_is_like_an_expression(snippet):
    checked = snippet(
        "component r : like W[:, 0] = 0\ncomponent s : like W.T @ W = 0\ncomponent t : like W = W"
    )
    assert checked.shaped is not None
    assert not checked.errors
    assert {n: str(t) for n, t in checked.shaped.states.items() if n in "rst"} == {
        "r": "f32[d]",
        "s": "f32[classes, classes]",
        "t": "f32[d, classes]",
    }


MEMORY = """\
dim B = 4, T = 32, H = 2, d = 8
clock sequence
clock token = sequence along T
clock chunk = 16 token
input q, e : [B, T, d] every sequence
component M : [d, d] = 0 per B every token reset every sequence {
  map (u) = u @ M
  err = e[token] @ M - e[token]
  minimize sum(err^2) by gd(lr = 1)
}
rule gd(lr) for w, g { w' = w - accumulate(lr * g) }
"""


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("e[token]", "f32[B, d]"),
        ("M", "f32[B, d, d]"),
        ("M.err", "f32[B, d]"),
        ("M(q[token])", "f32[B, d]"),
        ("M'(q[token])", "f32[B, d]"),
        ("M(q)", "f32[B, T, d]"),
        ("collect(M'(q[token]))", "f32[B, T, d]"),
        ("collect(M')", "f32[B, T, d, d]"),
        ("collect(sum(M(q[token]), d))", "f32[B, T]"),
        ("collect(sum(e[token]))", "f32[T]"),
        ("collect(e[token], chunk)", "f32[B, 16, d]"),
        ("collect(M'(q[token]), axis = 0)", "f32[T, B, d]"),
        ("collect(M'(q[token]), axis = -1)", "f32[B, d, T]"),
        ("collect(latest(e[token], chunk), sequence, axis = 1)", "f32[B, 2, d]"),
        ("latest(e[token], sequence)", "f32[B, d]"),
        ("average(e[token], sequence)", "f32[B, d]"),
        ("accumulate(e[token] > 0, sequence)", "f32[B, d]"),
        ("collect(e, sequence)", "f32[B, T, d]"),
    ],
)
def test_clocks_and_copies(check, expression, wanted):
    assert check(f"{MEMORY}z = {expression}").signal("z") == wanted


def test_a_draw_inside_copies_is_seen_without_their_dimension(check):
    checked = check(
        MEMORY + "component N : [d] = 0 per B every token { N' = N + normal([B, d]) + e[token] }"
    )
    assert not checked.errors


def test_a_shape_inside_copies_is_seen_without_their_dimension(check):
    checked = check(
        MEMORY + "component N : [d] = 0 per B every token { N' = reshape(e[token], [B, d]) }"
    )
    assert not checked.errors


def test_copies_for_two_dimensions(check):
    checked = check(
        """
        dim B = 4, T = 32, H = 2, h = 4
        clock sequence
        clock token = sequence along T
        input q : [B, T, H, h] every sequence
        component M : [h, h] = 0 per B, H every token reset every sequence {
          map (u) = u @ M
          M' = M + outer(q[token], q[token])
        }
        z = collect(M'(q[token]))
        whole = M
        """
    )
    assert checked.signal("z") == "f32[B, T, H, h]"
    assert checked.signal("whole") == "f32[B, H, h, h]"


def test_a_rule_adds_states_of_its_host(check):
    checked = check(
        """
        use std.optim (adamw)
        dim B = 4, d = 8, k = 3
        clock step
        input x : [B, d] every step
        component W : [d, k] ~ xavier()
        loss = mean((x @ W)^2)
        train W minimize loss by adamw()
        """
    )
    assert not checked.errors
    assert checked.shaped is not None
    assert {n: str(t) for n, t in checked.shaped.states.items()} == {
        "W": "f32[d, k]",
        "W.m": "f32[d, k]",
        "W.v": "f32[d, k]",
    }


def test_types_agree_with_torch():
    """What the table above says of dtypes is what torch does."""
    x, y = torch.zeros(2, 3), torch.zeros(2, dtype=torch.int64)
    assert (y + 1).dtype == torch.int64
    assert (y / 2).dtype == (0.5 * y).dtype == torch.float32
    assert (x.bfloat16() * x.sum()).dtype == torch.bfloat16
    assert (x.bfloat16() * x).dtype == torch.float32
