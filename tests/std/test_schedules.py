"""Schedules and transforms of std.optim against torch's, and against their closed forms."""

import math

import pytest
import torch
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LambdaLR,
    LinearLR,
    OneCycleLR,
    SequentialLR,
)

import nlgraph

TOLERANCE = 1e-14
TOTAL, WARM = 20, 5

SPEC = """
use std.optim (gd, {name})
clock step
input x : [3] every step
component W : [3] = 0
train W minimize dot(W, x) by gd(lr = {call})
output z = W
"""


def _rates(call, updates):
    """The rate at each update: with the gradient 1, what W loses."""
    spec = SPEC.format(name=call.partition("(")[0], call=call)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    x = torch.ones(3, dtype=torch.float64)
    found, before = [], module.state["W"].clone()
    for _ in range(updates):
        module.step(x=x)
        after = module.state["W"].clone()
        found.append((before - after)[0].item())
        before = after
    return found


def _theirs(peak, make, updates):
    """The rate that torch gives to each optimizer.step()."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=peak)
    scheduler = make(optimizer)
    found = []
    for _ in range(updates):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


def _warm(optimizer):
    return LinearLR(optimizer, start_factor=1 / WARM, total_iters=WARM - 1)


def _warmed(then):
    return lambda o: SequentialLR(o, [_warm(o), then(o)], milestones=[WARM])


@pytest.mark.filterwarnings("ignore:The epoch parameter:UserWarning")
@pytest.mark.parametrize(
    ("call", "make"),
    [
        ("constant(tick, 0.1)", lambda o: ConstantLR(o, factor=1)),
        ("warm_up(tick, 0.1, 5)", _warm),
        ("cosine(tick, 0.1, 20)", lambda o: CosineAnnealingLR(o, TOTAL)),
        ("cosine(tick, 0.1, 20, end = 0.01)", lambda o: CosineAnnealingLR(o, TOTAL, 0.01)),
        (
            "cosine(tick, 0.1, 20, warm = 5, end = 0.01)",
            _warmed(lambda o: CosineAnnealingLR(o, TOTAL - WARM, 0.01)),
        ),
        (
            "linear(tick, 0.1, 20)",
            lambda o: LinearLR(o, start_factor=1, end_factor=0, total_iters=TOTAL),
        ),
        (
            "linear(tick, 0.1, 20, warm = 5, end = 0.02)",
            _warmed(lambda o: LinearLR(o, 1, end_factor=0.2, total_iters=TOTAL - WARM)),
        ),
        (
            "inverse_sqrt(tick, 0.1, 5)",
            lambda o: LambdaLR(o, lambda k: min((k + 1) / WARM, math.sqrt(WARM / (k + 1)))),
        ),
        ("inverse_sqrt(tick, 0.1)", lambda o: LambdaLR(o, lambda k: 1 / math.sqrt(k + 1))),
    ],
)
def test_a_schedule_is_what_torchs_scheduler_gives_to_each_step(call, make):
    ours, theirs = _rates(call, TOTAL + 1), _theirs(0.1, make, TOTAL + 1)
    assert ours == pytest.approx(theirs, abs=TOLERANCE, rel=0)


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        ("", {}),
        (
            ", warm = 0.4, start = 10, end = 100",
            {"pct_start": 0.4, "div_factor": 10, "final_div_factor": 100},
        ),
    ],
)
def test_one_cycle_is_torchs(arguments, options):
    def make(optimizer):
        return OneCycleLR(optimizer, 0.1, total_steps=TOTAL + 1, cycle_momentum=False, **options)

    ours = _rates(f"one_cycle(tick, 0.1, {TOTAL + 1}{arguments})", TOTAL)
    assert ours == pytest.approx(_theirs(0.1, make, TOTAL), abs=TOLERANCE, rel=0)


@pytest.mark.parametrize(
    ("call", "end"),
    [
        ("cosine(tick, 0.1, 4, end = 0.03)", 0.03),
        ("cosine(tick, 0.1, 4, warm = 2)", 0),
        ("linear(tick, 0.1, 4, end = 0.03)", 0.03),
        ("linear(tick, 0.1, 4, warm = 2)", 0),
        ("warm_up(tick, 0.1, 4)", 0.1),
        ("one_cycle(tick, 0.1, 5, end = 100)", 0.1 / 25 / 100),
    ],
)
def test_after_its_end_a_schedule_stays_where_it_is(call, end):
    assert _rates(call, 12)[4:] == pytest.approx([end] * 8, abs=TOLERANCE, rel=0)


def test_a_slower_host_counts_its_own_updates():
    spec = """
use std.optim (gd, linear)
clock step
input x : [3] every step
component W : [3] = 0 every 3 step
train W minimize average(dot(W, x)) by gd(lr = linear(tick, 0.4, 4))
output z = W
"""
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    found = []
    for _ in range(12):
        module.step(x=torch.ones(3, dtype=torch.float64))
        found.append(-module.state["W"][0].item())
    assert found[2::3] == pytest.approx([0.4, 0.7, 0.9, 1.0])
    assert found[:2] == [0, 0]


REGRESSION = """
use std.optim ({names})
dim B = 16, d = 4
clock step
input x, y : [B, d] every step
component W : [d, d] ~ normal(0, 1)
component b : [d] ~ normal(0, 1)
loss = mse(x @ W + b, y)
train W, b minimize loss by {rule}
output z = x @ W + b
"""


@pytest.mark.parametrize(
    ("rule", "make", "clipped"),
    [
        (
            "clip_value(0.05) then gd(lr = 0.1)",
            lambda weights: torch.optim.SGD(weights, 0.1, foreach=False),
            0.05,
        ),
        (
            "weight_decay(0.2) then adam(lr = 0.01)",
            lambda weights: torch.optim.Adam(weights, 0.01, weight_decay=0.2, foreach=False),
            None,
        ),
        (
            "clip_value(0.05) then weight_decay(0.2) then momentum(lr = 0.1)",
            lambda weights: torch.optim.SGD(weights, 0.1, 0.9, weight_decay=0.2, foreach=False),
            0.05,
        ),
    ],
)
def test_a_transform_is_what_torch_does_before_the_step(rule, make, clipped):
    names = ", ".join(part.split("(")[0] for part in rule.split(" then "))
    spec = REGRESSION.format(names=names, rule=rule)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    weights = [module.state[name].detach().clone().requires_grad_() for name in ("W", "b")]
    optimizer = make(weights)
    generator = torch.Generator().manual_seed(0)
    touched = 0
    for _ in range(30):
        x, y = torch.randn(2, 16, 4, dtype=torch.float64, generator=generator)
        module.step(x=x, y=y)
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(x @ weights[0] + weights[1], y).backward()
        if clipped is not None:
            touched += sum((weight.grad.abs() > clipped).sum().item() for weight in weights)
            torch.nn.utils.clip_grad_value_(weights, clipped, foreach=False)
        optimizer.step()
        for name, weight in zip(("W", "b"), weights, strict=True):
            assert (module.state[name] - weight).abs().max().item() <= 1e-12
    assert clipped is None or touched > 0


def test_schedules_and_transforms_stand_where_a_spec_wants_them():
    rule = "clip_value(1.0) then adamw(lr = cosine(tick, 1e-3, 1000))"
    spec = REGRESSION.format(names="adamw, clip_value, cosine", rule=rule)
    module = nlgraph.compile(nlgraph.loads(spec), backend="eager", dtype=torch.float64)
    weights = [module.state[name].detach().clone().requires_grad_() for name in ("W", "b")]
    optimizer = torch.optim.AdamW(weights, lr=1e-3, foreach=False)
    scheduler = CosineAnnealingLR(optimizer, 1000)
    generator = torch.Generator().manual_seed(0)
    for _ in range(30):
        x, y = torch.randn(2, 16, 4, dtype=torch.float64, generator=generator)
        module.step(x=x, y=y)
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(x @ weights[0] + weights[1], y).backward()
        torch.nn.utils.clip_grad_value_(weights, 1.0, foreach=False)
        optimizer.step()
        scheduler.step()
    for name, weight in zip(("W", "b"), weights, strict=True):
        assert (module.state[name] - weight).abs().max().item() <= 1e-12
