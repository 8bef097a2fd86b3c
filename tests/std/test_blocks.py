"""Every block of std.blocks against torch's own module, in float64."""

import pytest
import torch
from torch.nn import functional

import nlgraph

SPEC = """
use std.blocks ({names})
use std.optim (gd)
dim B = 3, T = 5, H = 2, n = 4, size = 7, c = 3, X = 6
clock step
{inputs}
{body}
loss = mse({read}, y)
train layer minimize loss by gd(lr = 1)
output out = {read}
"""


def _step(names, inputs, body, read, data):
    """The module, and the states before and after a step; what it returns is compared first."""
    spec = SPEC.format(names=names, inputs=inputs, body=body, read=read)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    before = {name: state.clone().requires_grad_() for name, state in module.state.items()}
    return module, before, module.step(**data)["out"]


def _assert_learns_as(module, before, expected, out, y):
    assert torch.allclose(out, expected, rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(
        functional.mse_loss(expected, y), before.values(), allow_unused=True
    )
    for (name, state), gradient in zip(before.items(), gradients, strict=True):
        if gradient is not None:
            assert torch.allclose(module.state[name], state - gradient, rtol=0, atol=1e-12), name


def _normal(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def _mlp(u, w):
    hidden = functional.gelu(functional.linear(u, w["W1"].mT, w["b1"]))
    return u + functional.linear(hidden, w["W2"].mT, w["b2"])


def _swiglu(u, w):
    return (functional.silu(u @ w["W"]) * (u @ w["V"])) @ w["W2"]


BLOCKS = {
    "mlp(n, 9)": _mlp,
    "dense(n, n)": lambda u, w: functional.linear(u, w["W"].mT, w["b"]),
    "swiglu(n, 9)": _swiglu,
    "layer_norms(n)": lambda u, w: functional.layer_norm(u, (4,), w["gain"], w["bias"]),
    "rms_norms(n)": lambda u, w: functional.rms_norm(u, (4,), w["gain"]),
}


@pytest.mark.parametrize("call", BLOCKS)
def test_features(call):
    u, y = 2 * _normal(3, 4) + 1, _normal(3, 4)
    inputs = "input u, y : [B, n] every step"
    module, before, out = _step(
        call.split("(")[0], inputs, f"component layer = {call}", "layer(u)", {"u": u, "y": y}
    )
    weights = {name.removeprefix("layer."): state for name, state in before.items()}
    _assert_learns_as(module, before, BLOCKS[call](u, weights), out, y)


def test_a_token_table_is_an_embedding_and_a_tied_head():
    ids, y = torch.tensor([[1, 6, 1], [0, 2, 3], [4, 5, 6]]), _normal(3, 3, 7)
    module, before, out = _step(
        "token_table",
        "input ids : int[B, c] every step\ninput y : [B, c, size] every step",
        "component layer = token_table(size, n)",
        "layer(ids) @ layer.rows.T",
        {"ids": ids, "y": y},
    )
    (rows,) = before.values()
    expected = functional.linear(functional.embedding(ids, rows), rows)
    _assert_learns_as(module, before, expected, out, y)


def _rotated(x):
    """Pairs (i, i + n/2) as complex numbers, turned by t * base^(-2i/n)."""
    place = torch.arange(5, dtype=torch.float64)
    turns = torch.outer(place, 10000.0 ** (-place[:2] * 2 / 4))
    pairs = torch.complex(x[..., :2], x[..., 2:]) * torch.polar(torch.ones_like(turns), turns)
    return torch.cat([pairs.real, pairs.imag], -1)


def test_causal_attention():
    x, y = _normal(3, 5, 8), _normal(3, 5, 8).flip(0)
    module, before, out = _step(
        "causal_attention",
        "input x, y : [B, T, H*n] every step",
        "component layer = causal_attention(B, T, H, n)",
        "layer(x)",
        {"x": x, "y": y},
    )
    w = {name.removeprefix("layer."): state for name, state in before.items()}
    heads = [(x @ w[name]).unflatten(2, (2, 4)).transpose(1, 2) for name in ("Wq", "Wk", "Wv")]
    scores = _rotated(heads[0]) @ _rotated(heads[1]).mT / 4**0.5
    scores = scores.masked_fill(torch.ones(5, 5).triu(1).bool(), -torch.inf)
    mixed = (torch.softmax(scores, -1) @ heads[2]).transpose(1, 2).flatten(2)
    _assert_learns_as(module, before, mixed @ w["Wo"], out, y)


def test_short_convolution_sees_the_past_alone():
    x, y = _normal(3, 5, 4), _normal(3, 5, 4).flip(0)
    module, before, out = _step(
        "short_convolution",
        "input x, y : [B, T, n] every step",
        "component layer = short_convolution(n, T, 3)",
        "layer(x)",
        {"x": x, "y": y},
    )
    (kernel,) = before.values()
    rows = []
    for t in range(5):
        seen = [x[:, t - 2 + i] * kernel[:, 0, i] for i in range(3) if t - 2 + i >= 0]
        rows.append(sum(seen))
    _assert_learns_as(module, before, torch.stack(rows, 1), out, y)


def test_conv_relu_is_torchs_same_convolution():
    x, y = _normal(3, 3, 6, 6), _normal(3, 4, 6, 6)
    module, before, out = _step(
        "conv_relu",
        "input x : [B, c, X, X] every step\ninput y : [B, n, X, X] every step",
        "component layer = conv_relu(c, n, 5)",
        "layer(x)",
        {"x": x, "y": y},
    )
    expected = functional.conv2d(x, before["layer.W"], before["layer.b"], padding="same").relu()
    _assert_learns_as(module, before, expected, out, y)


def test_running_norm_is_torchs_batch_norm():
    twin = torch.nn.BatchNorm1d(4, momentum=0.2).double()
    spec = SPEC.format(
        names="running_norm",
        inputs="input u, y : [B, n] every step",
        body="component layer = running_norm(u, n, 0.2)",
        read="layer.y",
    )
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    optimizer = torch.optim.SGD(twin.parameters(), lr=1)
    for tick in range(3):
        u, y = _normal(3, 4) * (tick + 1) + tick, _normal(3, 4).flip(0)
        out = module.step(u=u, y=y)["out"]
        expected = twin(u)
        optimizer.zero_grad()
        functional.mse_loss(expected, y).backward()
        optimizer.step()
        assert torch.allclose(out, expected, rtol=0, atol=1e-12)
    twin.eval()
    u = _normal(3, 4)
    assert torch.allclose(module(u=u)["out"], twin(u), rtol=0, atol=1e-12)
    for mine, theirs in {
        "gain": twin.weight, "bias": twin.bias,
        "center": twin.running_mean, "spread": twin.running_var,
    }.items():  # fmt: skip
        assert torch.allclose(module.state[f"layer.{mine}"], theirs, rtol=0, atol=1e-12), mine
