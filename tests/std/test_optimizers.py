"""Every rule of std.optim against its oracle, by the table; its levels; its length; its misuse."""

import re
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

import nlgraph
from tests.std.optimizers import ROWS, library_page

ROOT = Path(__file__).parents[2]
STEPS = 50
NAMES = ("A", "b", "C")

SPEC = """
use std.optim ({names})
dim B = 16, d = 6, h = 5, classes = 4
clock step
input x : [B, d] every step
input y : int[B] every step
component A : [d, h] ~ normal(0, 1)
component b : [h] ~ normal(0, 1)
component C : [h, classes] ~ normal(0, 1)
logits = tanh(x @ A + b) @ C
loss = cross_entropy(logits, y)
train {trained} minimize loss by {call}
output logits
"""


def _spec(call, trained=NAMES):
    names = {part.split("(")[0].strip() for part in call.split(" then ")}
    return SPEC.format(names=", ".join(sorted(names)), call=call, trained=", ".join(trained))


def _data(steps=STEPS):
    generator = torch.Generator().manual_seed(0)
    for _ in range(steps):
        x = torch.randn(16, 6, dtype=torch.float64, generator=generator)
        yield x, torch.randint(4, (16,), generator=generator)


def _loss(weights, x, y):
    return cross_entropy(torch.tanh(x @ weights["A"] + weights["b"]) @ weights["C"], y)


def _weights(module):
    return {name: module.state[name].detach().clone().requires_grad_() for name in NAMES}


def _assert_follows(module, weights, trained, step, bound, steps=STEPS):
    for tick, (x, y) in enumerate(_data(steps), 1):
        module.step(x=x, y=y)
        parts = [weights[name] for name in trained]
        gradients = torch.autograd.grad(_loss(weights, x, y), parts)
        with torch.no_grad():
            step(gradients, x, y)
        for name in trained:
            error = (module.state[name] - weights[name]).abs().max().item()
            assert error <= bound, f"{name} is off by {error} after tick {tick}"


def _stepper(row, module, weights, trained):
    parts = [weights[name] for name in trained]
    if row.oracle.__module__.startswith("torch"):
        theirs = row.oracle(parts, foreach=False, **row.options)

        def step(gradients, *_):
            for weight, gradient in zip(parts, gradients, strict=True):
                weight.grad = gradient
            theirs.step()

        return step
    with torch.no_grad():
        recurrences = []
        for name in trained:
            options = dict(row.options)
            if row.rule == "deep_momentum":
                options["starts"] = [module.state[f"{name}.memory.{of}"] for of in ("A1", "A2")]
            recurrences.append(row.oracle(weights[name].detach(), **options))
        for recurrence in recurrences:
            next(recurrence)

    def follow(gradients, *_):
        for recurrence, gradient in zip(recurrences, gradients, strict=True):
            recurrence.send(gradient)

    return follow


@pytest.fixture
def _double():
    """Torch keeps NAdam's product in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.call)
def test_a_rule_is_its_oracle(row):
    trained = ("A", "C") if row.matrices else NAMES
    system = nlgraph.loads(_spec(row.call, trained))
    module = nlgraph.compile(system, backend="eager", dtype=torch.float64)
    weights = _weights(module)
    step = _stepper(row, module, weights, trained)
    _assert_follows(module, weights, trained, step, row.bound)


FIRST = tuple({row.rule: row for row in reversed(ROWS)}.values())


@pytest.mark.usefixtures("_double")
@pytest.mark.parametrize("row", FIRST, ids=lambda row: row.rule)
def test_the_plain_reading_gives_the_same(row):
    trained = ("A", "C") if row.matrices else NAMES
    system = nlgraph.loads(_spec(row.call, trained))
    module = nlgraph.compile(system, backend="reference", dtype=torch.float64)
    weights = _weights(module)
    step = _stepper(row, module, weights, trained)
    _assert_follows(module, weights, trained, step, row.bound, steps=6)


def _levels(system, host, name):
    """The levels of one host and its memories, as the table writes them."""
    found = []
    for level in system.levels:
        parts = [
            name if part == host else part.rpartition(".")[2]
            for part in level.components
            if part == host or part.startswith(f"{host}.")
        ]
        if parts:
            pace = "" if level.frequency == 1 else f"@{level.frequency}"
            found.append(" ".join(parts) + pace)
    return " > ".join(found)


@pytest.mark.parametrize("row", [row for row in ROWS if row.levels], ids=lambda row: row.call)
def test_a_rule_has_the_levels_that_its_equations_give(row):
    system = nlgraph.loads(_spec(row.call, ("A", "C") if row.matrices else NAMES))
    assert _levels(system, "A", "W") == row.levels


def test_every_rule_has_a_row_and_is_short():
    text = (ROOT / "nlgraph/std/optim.nl").read_text()
    rules = re.findall(r"(?ms)^rule (\w+).*?^}", text)
    proved = {row.rule for row in ROWS} | {"sam", "hypergradient", "delta_descent"}
    assert set(rules) == proved
    for block in re.finditer(r"(?ms)^(rule|transform|fn|block) (\w+)[^\n]*\{\n.*?^}", text):
        assert block.group().count("\n") < 20, block.group(2)


def test_the_page_is_what_the_table_says():
    assert (ROOT / "docs/reference/library.md").read_text() == library_page(), (
        "run: python -m tests.std.optimizers > docs/reference/library.md"
    )


# --------------------------------------------------------------------------- rules of several parts


BACKENDS = pytest.mark.parametrize(("backend", "steps"), [("eager", STEPS), ("reference", 6)])


@BACKENDS
def test_sam_takes_the_gradient_at_a_worse_point(backend, steps):
    """W' = W - lr ∇L(W + rho g / |g|), with one norm for all weights."""
    system = nlgraph.loads(_spec("sam(rho = 0.05, lr = 0.1)"))
    assert _levels(system, "A", "W") == "W"
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    weights = _weights(module)

    def step(gradients, x, y):
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        moved = {
            name: (weights[name] + 0.05 * g / norm).requires_grad_()
            for name, g in zip(NAMES, gradients, strict=True)
        }
        with torch.enable_grad():
            there = torch.autograd.grad(_loss(moved, x, y), list(moved.values()))
        for name, g in zip(NAMES, there, strict=True):
            weights[name].sub_(0.1 * g)

    _assert_follows(module, weights, NAMES, step, 1e-12, steps)


@BACKENDS
def test_a_hypergradient_is_how_two_gradients_agree(backend, steps):
    """rate' = rate + beta <g, last g>, over the whole bundle; W' = W - rate' g."""
    system = nlgraph.loads(_spec("hypergradient(lr = 0.1, beta = 0.01)"))
    assert _levels(system, "A", "W") == "last rate > W"
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    weights = _weights(module)
    last = [torch.zeros_like(weights[name]) for name in NAMES]
    rate = 0.1

    def step(gradients, *_):
        nonlocal rate, last
        rate += 0.01 * sum((g * p).sum() for g, p in zip(gradients, last, strict=True)).item()
        last = gradients
        for name, g in zip(NAMES, gradients, strict=True):
            weights[name].sub_(rate * g)

    _assert_follows(module, weights, NAMES, step, 1e-12, steps)


POINT = """
use std.optim (delta_descent, gd)
dim d = 6, classes = 4
clock step
input x : [d] every step
input y : int[] every step
component W : [d, classes] ~ normal(0, 1)
logits = x @ W
loss = cross_entropy(logits, y)
train W minimize {by}
output logits
"""


@BACKENDS
@pytest.mark.parametrize(
    "by",
    [
        "loss by delta_descent(lr = 0.3, x = x)",
        # As plain descent on the loss and |W x|^2 / 2.
        "loss + 0.5 * sum((x @ W)^2) by gd(lr = 0.3 / (1 + 0.3 * sum(x^2)))",
    ],
)
def test_delta_descent_takes_the_exact_step(by, backend, steps):
    """W' = argmin |W x + u|^2 / 2 + |W - W_t|^2 / (2 lr), solved as a linear system."""
    system = nlgraph.loads(POINT.format(by=by))
    assert [level.components for level in system.levels] == [("W",)]
    module = nlgraph.compile(system, backend=backend, dtype=torch.float64)
    w = module.state["W"].detach().clone()
    for x, y in _data(steps):
        point, label = x[0], y[0]
        module.step(x=point, y=label)
        u = torch.softmax(point @ w, 0) - one_hot(label, 4)
        left = torch.outer(point, point) + torch.eye(6, dtype=torch.float64) / 0.3
        w = torch.linalg.solve(left, w / 0.3 - torch.outer(point, u))
        assert (module.state["W"] - w).abs().max().item() <= 1e-12


@pytest.mark.parametrize("limit", [0.05, 100.0])
def test_clip_norm_has_one_norm_for_the_whole_bundle(limit):
    """g min(1, max / |g|): torch's clip_grad_norm_ but for the 1e-6 it adds to the norm."""
    spec = _spec(f"clip_norm({limit}) then gd(lr = 0.5)")
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    weights = _weights(module)
    scales = []

    def step(gradients, *_):
        norm = torch.sqrt(sum((gradient**2).sum() for gradient in gradients))
        scales.append(min(1.0, limit / norm.item()))
        for name, gradient in zip(NAMES, gradients, strict=True):
            weights[name].sub_(0.5 * scales[-1] * gradient)

    _assert_follows(module, weights, NAMES, step, 1e-12)
    assert all(scale == 1 for scale in scales) == (limit == 100.0)


@pytest.mark.parametrize("trained", [NAMES, ("A",), ("b",)])
def test_centralization_takes_each_columns_mean_off_a_matrix(trained):
    """One tensor of a bundle at a time: C and A have no dimension in common."""
    spec = _spec("centralize() then gd(lr = 0.1)", trained)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    weights = _weights(module)

    def step(gradients, *_):
        for name, g in zip(trained, gradients, strict=True):
            weights[name].sub_(0.1 * (g - g.mean(0, keepdim=True) if g.dim() > 1 else g))

    _assert_follows(module, weights, trained, step, 1e-12)


def test_a_transform_for_each_tensor_may_remember():
    """Each tensor's gradient smoothed and brought to length 1, then one step for the bundle."""
    smooth = """transform smooth(keep) for each W, g {
  component m : like W = 0 { m' = keep * m + g }
  g' = m' / norm(m')
}
"""
    spec = smooth + _spec("gd(lr = 0.1)").replace("by gd", "by smooth(0.5) then gd")
    system = nlgraph.loads(spec)
    assert _levels(system, "A", "W") == "m > W"
    module = nlgraph.compile(system, backend="eager", dtype=torch.float64)
    weights = _weights(module)
    memories = [torch.zeros_like(weights[name]) for name in NAMES]

    def step(gradients, *_):
        for name, m, g in zip(NAMES, memories, gradients, strict=True):
            m.mul_(0.5).add_(g)
            weights[name].sub_(0.1 * m / m.norm())

    _assert_follows(module, weights, NAMES, step, 1e-12)


@pytest.mark.parametrize(("read", "levels"), [("W'", [("W",), ("mean",)]), ("W", [("W", "mean")])])
def test_an_exponential_average_is_slower_only_than_what_it_reads_fresh(read, levels):
    spec = f"""
use std.optim (ema, gd)
clock step
input x : [3] every step
component W : [3] ~ normal(0, 1)
component mean = ema({read}, 0.9)
train W minimize 0.5 * sum((W - x)^2) by gd(lr = 0.1)
output z = W
"""
    system = nlgraph.loads(spec)
    assert [level.components for level in system.levels] == levels
    module = nlgraph.compile(system, backend="eager", dtype=torch.float64)
    w = module.state["W"].detach().clone()
    mean = w.clone()
    for x, _ in _data():
        module.step(x=x[0, :3])
        old, w = w, w - 0.1 * (w - x[0, :3])
        mean = 0.9 * mean + 0.1 * (w if read == "W'" else old)
        assert (module.state["mean"] - mean).abs().max().item() <= 1e-12


# --------------------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("call", "code", "says"),
    [
        ("shampoo(lr = 0.1)", "NL0405", "matrix"),
        ("soap()", "NL0405", "matrix"),
        ("delta_momentum(lr = 0.1)", "NL0405", "matrix"),
        ("muon(lr = 0.1, k = 3)", None, "`muon`"),
        ("muon()", "NL0214", "`muon` needs `lr`"),
        ("adamw() then gd(lr = 0.1)", None, "a transform"),
    ],
)
def test_misuse_is_told_at_the_users_line(call, code, says):
    spec = _spec(call)
    line = 1 + spec[: spec.index("train ")].count("\n")
    with pytest.raises(nlgraph.SpecError) as caught:
        nlgraph.loads(spec)
    for fault in caught.value.diagnostics:
        if fault.severity == "error":
            assert code is None or fault.code == code
    shown = str(caught.value)
    assert says in shown
    assert f"<text>:{line}:" in shown
