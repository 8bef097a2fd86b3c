"""Every memory of std.memories against its recurrence, written token by token in plain torch.

Recurrences are in columns, y = M k, as the papers print them. What is compared is what each token
reads, and the gradient of an outer loss by all that makes keys, values, rates and starts.
"""

import pytest
import torch
from torch.nn.functional import gelu, mse_loss

import nlgraph

B, T, N, M, HIDDEN, CHUNK = 2, 6, 3, 4, 5, 3
TOLERANCE = 1e-10

SPEC = """
use std.memories ({names})
use std.optim (gd)
dim B = 2, T = 6, n = 3, m = 4
clock sequence
clock token = sequence along T
clock chunk = 3 token
input x : [B, T, n] every sequence
input y : [B, T, m] every sequence
component proj {{
  state Wq, Wk : [n, n] ~ xavier()
  state Wv : [n, m] ~ xavier()
  state Wr, Wf : [n, 1] ~ normal(0, 1)
  state Wa : [n, n] ~ normal(0, 1)
}}
q = (x @ proj.Wq)[token]
k = unit(x @ proj.Wk)[token]
v = (x @ proj.Wv)[token]
rate = sigmoid(x @ proj.Wr)[token]
keep = sigmoid(x @ proj.Wf + 1)[token]
keeps = sigmoid(x @ proj.Wa)[token]
{memory}
loss = mse(r, y)
train proj{trained} minimize loss by gd(lr = 1)
output r
"""

PROJ = ("Wq", "Wk", "Wv", "Wr", "Wf", "Wa")


def _outer(a, b):
    return a[:, :, None] * b[:, None, :]


def _times(matrix, vector):
    return (matrix @ vector[:, :, None])[:, :, 0]


def _zeros():
    return torch.zeros(B, M, N, dtype=torch.float64)


def _erased(memory, k, factor):
    """M (I - factor k kᵀ)."""
    return memory - factor[:, :, None] * _outer(_times(memory, k), k)


def linear_attention(k, v, **_):
    memory = _zeros()
    for t in range(T):
        memory = memory + _outer(v[:, t], k[:, t])
        yield memory


def hebbian(k, v, rate, keep, **_):
    memory = _zeros()
    for t in range(T):
        memory = keep[:, t, :, None] * memory + rate[:, t, :, None] * _outer(v[:, t], k[:, t])
        yield memory


def gated_linear_attention(k, v, keeps, **_):
    memory = _zeros()
    for t in range(T):
        memory = memory * keeps[:, t, None, :] + _outer(v[:, t], k[:, t])
        yield memory


def oja(k, v, rate, keep, **_):
    memory = _zeros()
    for t in range(T):
        left = k[:, t] - _times(memory.mT, v[:, t])
        memory = keep[:, t, :, None] * memory + rate[:, t, :, None] * _outer(v[:, t], left)
        yield memory


def delta(k, v, rate, **_):
    memory = _zeros()
    for t in range(T):
        written = rate[:, t, :, None] * _outer(v[:, t], k[:, t])
        memory = _erased(memory, k[:, t], rate[:, t]) + written
        yield memory


def gated_delta(k, v, rate, keep, **_):
    memory = _zeros()
    for t in range(T):
        written = rate[:, t, :, None] * _outer(v[:, t], k[:, t])
        memory = keep[:, t, :, None] * _erased(memory, k[:, t], rate[:, t]) + written
        yield memory


def longhorn(k, v, rate, **_):
    """The minimizer itself: S (I + rate k kᵀ) = M + rate v kᵀ."""
    memory = _zeros()
    for t in range(T):
        by = torch.eye(N, dtype=torch.float64) + rate[:, t, :, None] * _outer(k[:, t], k[:, t])
        wanted = memory + rate[:, t, :, None] * _outer(v[:, t], k[:, t])
        memory = torch.linalg.solve(by, wanted, left=False)
        yield memory


def omega(k, v, rate, keep, **_):
    memory = _zeros()
    for t in range(T):
        step = torch.zeros_like(memory)
        for i in range(max(0, t - 1), t + 1):
            step = step + _outer(_times(memory, k[:, i]) - v[:, i], k[:, i])
        memory = keep[:, t, :, None] * memory - rate[:, t, :, None] * step
        yield memory


def ttt(k, v, rate, **_):
    memory = anchor = _zeros()
    for t in range(T):
        if t % CHUNK == 0:
            anchor = memory
        missed = _times(anchor, k[:, t]) - v[:, t]
        memory = memory - rate[:, t, :, None] * _outer(missed, k[:, t])
        yield memory


def _titans(k, v, rate, keep, chunk):
    memory = anchor = momentum = _zeros()
    for t in range(T):
        if t % chunk == 0:
            anchor = memory
        surprise = 2 * _outer(_times(anchor, k[:, t]) - v[:, t], k[:, t])
        momentum = 0.9 * momentum - 0.1 * rate[:, t, :, None] * surprise
        memory = keep[:, t, :, None] * memory + momentum
        yield memory


def titans(k, v, rate, keep, **_):
    return _titans(k, v, rate, keep, chunk=1)


def titans_chunked(k, v, rate, keep, **_):
    return _titans(k, v, rate, keep, chunk=CHUNK)


def _mlp_gradients(network, k, v, factor):
    """Of factor |gelu(k W1) W2 - v|² by both layers, by hand but for gelu's own derivative."""
    first, second = network
    before = (k[:, None, :] @ first)[:, 0]
    leaf = before if before.requires_grad else before.clone().requires_grad_()
    hidden = gelu(leaf)
    slope = torch.autograd.grad(hidden.sum(), leaf, create_graph=True)[0]
    missed = 2 * factor * ((hidden[:, None, :] @ second)[:, 0] - v)
    back = (missed[:, None, :] @ second.mT)[:, 0] * slope
    return _outer(k, back), _outer(hidden, missed)


def _mlp_memory(k, v, rate, keep, start, *, chunk, momentum, factor, scale):
    network = anchor = start
    speed = tuple(torch.zeros_like(layer) for layer in start)
    for t in range(T):
        if t % chunk == 0:
            anchor = network
        steps = _mlp_gradients(anchor, k[:, t], v[:, t], factor)
        by = scale * rate[:, t, :, None]
        speed = tuple(momentum * s - by * g for s, g in zip(speed, steps, strict=True))
        kept = keep[:, t, :, None]
        network = tuple(kept * w + s for w, s in zip(network, speed, strict=True))
        yield network


def ttt_mlp(k, v, rate, keep, start, **_):
    always = torch.ones_like(keep)
    return _mlp_memory(k, v, rate, always, start, chunk=CHUNK, momentum=0, factor=0.5, scale=1)


def titans_mlp(k, v, rate, keep, start, **_):
    return _mlp_memory(k, v, rate, keep, start, chunk=1, momentum=0.9, factor=1, scale=0.1)


def titans_mlp_chunked(k, v, rate, keep, start, **_):
    return _mlp_memory(k, v, rate, keep, start, chunk=CHUNK, momentum=0.9, factor=1, scale=0.1)


def _read(memory, q):
    if isinstance(memory, tuple):
        first, second = memory
        return (gelu(q[:, None, :] @ first) @ second)[:, 0]
    return _times(memory, q)


MEMORIES = {
    linear_attention: "k, v",
    hebbian: "k, v, rate, keep",
    gated_linear_attention: "k, v, keeps",
    oja: "k, v, rate, keep",
    delta: "k, v, rate",
    gated_delta: "k, v, rate, keep",
    longhorn: "k, v, rate",
    omega: "k, v, rate, keep, 2",
    ttt: "k, v, rate, chunk",
    ttt_mlp: "k, v, rate, 5, chunk",
    titans: "k, v, 0.1 * rate, 0.9, 1 - keep",
    titans_chunked: "k, v, 0.1 * rate, 0.9, 1 - keep, chunk",
    titans_mlp: "k, v, 0.1 * rate, 0.9, 1 - keep, 5",
    titans_mlp_chunked: "k, v, 0.1 * rate, 0.9, 1 - keep, 5, chunk",
}


def _data():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(B, T, N, dtype=torch.float64, generator=generator)
    y = torch.randn(B, T, M, dtype=torch.float64, generator=generator)
    return x, y


def _made(x, weights):
    key = x @ weights["proj.Wk"]
    return {
        "k": key * torch.rsqrt((key**2).sum(-1, keepdim=True) + 1e-6),
        "v": x @ weights["proj.Wv"],
        "rate": torch.sigmoid(x @ weights["proj.Wr"]),
        "keep": torch.sigmoid(x @ weights["proj.Wf"] + 1),
        "keeps": torch.sigmoid(x @ weights["proj.Wa"]),
    }


def _compile(backend, names, memory, trained=""):
    spec = SPEC.format(names=names, memory=memory, trained=trained)
    return nlgraph.compile(nlgraph.loads(spec), backend=backend, dtype=torch.float64)


def _weights(module, names=PROJ):
    return {
        f"proj.{name}": module.state[f"proj.{name}"].detach().clone().requires_grad_()
        for name in names
    }


def _assert_same(module, weights, expected, loss, out):
    """What was read, and the gradient: what one step of gd with rate 1 took off."""
    assert torch.allclose(out["r"], expected, rtol=0, atol=TOLERANCE)
    gradients = torch.autograd.grad(loss, weights.values(), allow_unused=True)
    for (name, weight), gradient in zip(weights.items(), gradients, strict=True):
        taken = weight.detach() - module.state[name]
        wanted = torch.zeros_like(weight) if gradient is None else gradient
        assert torch.allclose(taken, wanted, rtol=0, atol=TOLERANCE), name


@pytest.mark.parametrize("backend", ["reference", "eager"])
@pytest.mark.parametrize("recurrence", MEMORIES, ids=lambda memory: memory.__name__)
def test_memory_is_its_recurrence(recurrence, backend):
    name = recurrence.__name__
    body = f"{name}({MEMORIES[recurrence]})"
    module = _compile(
        backend,
        f"{name}, unit",
        f"component memory = {body} per B every token reset every sequence\n"
        "r = collect(memory'(q))",
    )
    weights = _weights(module)
    start = None
    if "mlp" in name:
        layers = [module.state[f"memory.{layer}"].clone() for layer in ("W1", "W2")]
        start = tuple(w if w.dim() == 3 else w.expand(B, *w.shape) for w in layers)
    x, y = _data()
    out = module.step(x=x, y=y)
    states = recurrence(**_made(x, weights), start=start)
    query = x @ weights["proj.Wq"]
    read = torch.stack([_read(state, query[:, t]) for t, state in enumerate(states)], 1)
    _assert_same(module, weights, read, mse_loss(read, y), out)


@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_self_modifying_memories_are_their_recurrence(backend):
    module = _compile(
        backend,
        "self_modifying, unit",
        """
component start {
  state Mk, Mv, Mem : [n, n] ~ xavier()
  state Mrate, Mkeep : [n] ~ normal(0, 1)
}
component memory = self_modifying(x[token]) per B every token reset every sequence to start
r = collect(memory(q)) @ proj.Wv
""",
        trained=", start",
    )
    weights = _weights(module)
    for name in ("Mk", "Mv", "Mem", "Mrate", "Mkeep"):
        weights[f"start.{name}"] = module.state[f"start.{name}"].clone().requires_grad_()
    x, y = _data()
    out = module.step(x=x, y=y)

    def unit(z):
        return z * torch.rsqrt((z**2).sum(-1, keepdim=True) + 1e-6)

    matrices = {m: weights[f"start.{m}"].mT.expand(B, N, N) for m in ("Mk", "Mv", "Mem")}
    vectors = {m: weights[f"start.{m}"].expand(B, 1, N) for m in ("Mrate", "Mkeep")}
    memories = matrices | vectors
    read = []
    for t in range(T):
        k, v = (unit(_times(memories[m], x[:, t])) for m in ("Mk", "Mv"))
        rate = torch.sigmoid(_times(memories["Mrate"], x[:, t]))
        keep = torch.sigmoid(_times(memories["Mkeep"], x[:, t]) + 4)
        read.append(_times(memories["Mem"], x[:, t] @ weights["proj.Wq"]))
        memories = {
            name: keep[:, :, None] * memory
            - rate[:, :, None] * _outer(_times(memory, k) - _times(memory, v), k)
            for name, memory in memories.items()
        }
    expected = torch.stack(read, 1) @ weights["proj.Wv"]
    _assert_same(module, weights, expected, mse_loss(expected, y), out)


@pytest.mark.parametrize("backend", ["reference", "eager"])
@pytest.mark.parametrize(
    ("name", "args", "window"), [("softmax_attention", "", T), ("sliding_attention", "T, 2", 2)]
)
def test_attention_looks_at_its_window(name, args, window, backend):
    module = _compile(
        backend,
        f"{name}, unit",
        f"component look = {name}({args})\nr = look(x @ proj.Wq, unit(x @ proj.Wk), x @ proj.Wv)",
    )
    weights = _weights(module)
    x, y = _data()
    out = module.step(x=x, y=y)
    made = _made(x, weights)
    query, rows = x @ weights["proj.Wq"], []
    for t in range(T):
        seen = slice(max(0, t + 1 - window), t + 1)
        scores = (made["k"][:, seen] @ query[:, t, :, None])[:, :, 0] / N**0.5
        rows.append((torch.softmax(scores, 1)[:, :, None] * made["v"][:, seen]).sum(1))
    read = torch.stack(rows, 1)
    _assert_same(module, weights, read, mse_loss(read, y), out)


@pytest.mark.parametrize(
    ("body", "levels"),
    [
        # What is learned reads nothing that is new at the same token.
        ("delta(k, v, rate)", [("6", "memory")]),
        ("gated_delta(k, v, rate, keep)", [("6", "memory")]),
        # Its window is updated before it is learned from, but is a state of the same component.
        ("omega(k, v, rate, keep, 2)", [("6", "memory")]),
        # The memory needs its new momentum.
        ("titans(k, v, rate, 0.9, 1 - keep)", [("6", "memory.S"), ("6", "memory")]),
        # The anchor is slower by its frequency alone.
        ("ttt(k, v, rate, chunk)", [("6", "memory"), ("2", "memory.anchor")]),
        (
            "titans_chunked(k, v, rate, 0.9, 1 - keep, chunk)",
            [("6", "memory.S"), ("6", "memory"), ("2", "memory.anchor")],
        ),
        ("softmax_attention()", [("None", "memory")]),
    ],
)
def test_levels(body, levels):
    name = body.split("(")[0]
    clock = "" if name == "softmax_attention" else " per B every token reset every sequence"
    read = "memory(x, x, x)" if name == "softmax_attention" else "collect(memory'(q))"
    spec = SPEC.format(
        names=f"{name}, unit", memory=f"component memory = {body}{clock}\nr = {read}", trained=""
    )
    if name == "softmax_attention":
        spec = spec.replace("mse(r, y)", "mse(r @ proj.Wv, y)")
    found = nlgraph.loads(spec).levels
    memories = [level for level in found if any("memory" in c for c in level.components)]
    assert [(str(level.frequency), *level.components) for level in memories] == levels


def test_a_chunk_learns_at_once():
    """At a slower clock than a token the gradients of a chunk are summed, and q reads what was."""
    module = _compile(
        "eager",
        "delta, unit",
        "component memory = delta(k, v, rate) per B every chunk reset every sequence\n"
        "r = collect(memory(q))",
    )
    weights = _weights(module)
    x, y = _data()
    out = module.step(x=x, y=y)
    made = _made(x, weights)
    first = _outer(made["v"][:, 0], made["k"][:, 0]) * 0
    second = first
    for t in range(CHUNK):
        second = second + made["rate"][:, t, :, None] * _outer(made["v"][:, t], made["k"][:, t])
    query = x @ weights["proj.Wq"]
    read = [_times(first if t < CHUNK else second, query[:, t]) for t in range(T)]
    expected = torch.stack(read, 1)
    _assert_same(module, weights, expected, mse_loss(expected, y), out)


def test_a_key_that_is_no_vector_is_told_at_the_users_line():
    memory = "component memory = delta(x, v, rate) per B every token reset every sequence"
    with pytest.raises(
        nlgraph.SpecError, match=r"(?s)memory = delta.*expanded from here"
    ) as caught:
        _compile("eager", "delta, unit", f"{memory}\nr = collect(memory'(q))")
    assert caught.value.diagnostics[0].code == "NL0403"
