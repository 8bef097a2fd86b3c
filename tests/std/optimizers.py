"""What each rule of std.optim is proved to be: its source, its oracle, its levels.

The reference page of the library is made from this table: `python -m tests.std.optimizers` prints
it, and a test compares `docs/reference/library.md` with it.
"""

# ruff: noqa: E501 - a row is a line

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch

from tests.std import recurrences


@dataclass(frozen=True)
class Row:
    """A rule as it is called, and what it must equal.

    `oracle` is an optimizer of torch, or a recurrence over one tensor, and `options` its settings.
    `levels` are those of one weight W, fastest first, `@` a frequency other than 1; `reason` says
    why. `bound` is the largest difference over 50 steps in float64. `matrices`: it takes no vector.
    """

    call: str
    source: str
    oracle: Callable[..., Any]
    options: dict[str, Any] = field(default_factory=dict)
    levels: str = ""
    reason: str = ""
    bound: float = 1e-13
    matrices: bool = False

    @property
    def rule(self) -> str:
        """The name of the rule, the last of the chain."""
        return self.call.rpartition(" then ")[2].partition("(")[0]


O = torch.optim  # noqa: E741
NEEDS = "W' reads what the memories have learned at the same tick"
MOMENTS = "neither memory reads the other; W' reads both"

ROWS = (
    Row("gd(lr = 0.1)", "Behrouz et al. 2025, (3)", O.SGD, {"lr": 0.1}, "W", "nothing else has a state"),
    Row("gd(lr = 0.1, retain = 0.97)", "(3) with forgetting", recurrences.forgetting, {"lr": 0.1, "retain": 0.97}),
    Row("momentum(lr = 0.1)", "Behrouz et al. 2025, (17) and (18)", recurrences.heavy_ball, {"lr": 0.1}, "m > W", "W' = W + m'"),
    Row("momentum(lr = 0.1, alpha = 0.7)", "at a constant rate torch's", O.SGD, {"lr": 0.1, "momentum": 0.7}),
    Row("sgd(lr = 0.1)", "torch.optim.SGD", O.SGD, {"lr": 0.1}, "W m", "without momentum W' does not read m"),
    Row("sgd(lr = 0.1, momentum = 0.9)", "torch.optim.SGD", O.SGD, {"lr": 0.1, "momentum": 0.9}, "m > W", NEEDS),
    Row("sgd(lr = 0.1, momentum = 0.9, dampening = 0.4, decay = 0.03)", "torch.optim.SGD", O.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.03}),
    Row("sgd(lr = 0.1, momentum = 0.9, nesterov = true, decay = 0.03)", "torch.optim.SGD", O.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.03}),
    Row("nesterov(lr = 0.1, alpha = 0.7)", "torch.optim.SGD", O.SGD, {"lr": 0.1, "momentum": 0.7, "nesterov": True}, "m > W", NEEDS),
    Row("adam()", "Kingma & Ba 2015, algorithm 1", O.Adam, {}, "m v > W", MOMENTS),
    Row("adam(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6)", "", O.Adam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6}),
    Row("weight_decay(0.03) then adam()", "", O.Adam, {"weight_decay": 0.03}),
    Row("adamw()", "Loshchilov & Hutter 2019, algorithm 2", O.AdamW, {}, "m v > W", MOMENTS),
    Row("adamw(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6, decay = 0.1)", "", O.AdamW, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1}),
    Row("amsgrad()", "Reddi et al. 2018, algorithm 2", O.Adam, {"amsgrad": True}, "m v > most > W", "the largest v counts this tick's v'"),
    Row("weight_decay(0.03) then amsgrad()", "", O.Adam, {"amsgrad": True, "weight_decay": 0.03}),
    Row("amsgrad(lr = 0.02, beta1 = 0.8, beta2 = 0.6, eps = 1e-6, decay = 0.1)", "", O.AdamW, {"lr": 0.02, "betas": (0.8, 0.6), "eps": 1e-6, "amsgrad": True, "weight_decay": 0.1}),
    Row("nadam()", "Dozat 2016, algorithm 2", O.NAdam, {}, "m v p > W", "the product p reads itself alone"),
    Row("weight_decay(0.03) then nadam()", "", O.NAdam, {"weight_decay": 0.03}),
    Row("nadam(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6, psi = 0.01, decay = 0.1)", "", O.NAdam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "momentum_decay": 0.01, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    Row("radam()", "Liu et al. 2020, algorithm 2", O.RAdam, {}, "m v > W", MOMENTS),
    Row("weight_decay(0.03) then radam(beta2 = 0.9)", "", O.RAdam, {"betas": (0.9, 0.9), "weight_decay": 0.03}),
    Row("radam(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6, decay = 0.1)", "", O.RAdam, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    Row("adamax()", "Kingma & Ba 2015, algorithm 2", O.Adamax, {}, "m u > W", MOMENTS),
    Row("weight_decay(0.03) then adamax(lr = 0.02, beta1 = 0.8, beta2 = 0.95, eps = 1e-6)", "", O.Adamax, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-6, "weight_decay": 0.03}),
    Row("adagrad()", "Duchi et al. 2011, figure 1", O.Adagrad, {}, "s > W", "W' divides by the root of s'"),
    Row("weight_decay(0.03) then adagrad(lr = 0.1, eps = 1e-7, lr_decay = 0.1, start = 0.2)", "", O.Adagrad, {"lr": 0.1, "eps": 1e-7, "lr_decay": 0.1, "initial_accumulator_value": 0.2, "weight_decay": 0.03}),
    Row("adadelta()", "Zeiler 2012, algorithm 1", O.Adadelta, {}, "v > W u", "W' and u' read v' and the old u"),
    Row("weight_decay(0.03) then adadelta(lr = 0.5, rho = 0.8, eps = 1e-5)", "", O.Adadelta, {"lr": 0.5, "rho": 0.8, "eps": 1e-5, "weight_decay": 0.03}),
    Row("rmsprop()", "Tieleman & Hinton 2012", O.RMSprop, {}, "v > W", "W' divides by the root of v'"),
    Row("weight_decay(0.03) then rmsprop(lr = 0.02, alpha = 0.9, eps = 1e-6)", "", O.RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.03}),
    Row("rmsprop_momentum()", "torch.optim.RMSprop", O.RMSprop, {"momentum": 0.9}, "v > b > W", "b' reads the gradient divided by v'"),
    Row("rmsprop_centered()", "Graves 2013, (38) to (42)", O.RMSprop, {"centered": True}, "v a > b > W", "b' divides by the variance, of v' and a'"),
    Row("rmsprop_centered(lr = 0.02, alpha = 0.9, eps = 1e-6, momentum = 0.5)", "", O.RMSprop, {"lr": 0.02, "alpha": 0.9, "eps": 1e-6, "momentum": 0.5, "centered": True}),
    Row("rprop()", "Riedmiller & Braun 1993", O.Rprop, {}, "p s > W", "the step s' and the sign p' both read the old p"),
    Row("rprop(lr = 0.02, shrink = 0.4, grow = 1.3, least = 1e-3, most = 0.05)", "", O.Rprop, {"lr": 0.02, "etas": (0.4, 1.3), "step_sizes": (1e-3, 0.05)}),
    Row("adafactor()", "Shazeer & Stern 2018, algorithm 4", O.Adafactor, {"eps": (1e-15, 1e-3)}, "R C > W", "rows and columns are summed apart"),
    Row("adafactor(lr = 0.3, power = 0.7, eps = 1e-12, least = 0.5, d = 1.2, decay = 0.1)", "", O.Adafactor, {"lr": 0.3, "beta2_decay": -0.7, "eps": (1e-12, 0.5), "d": 1.2, "weight_decay": 0.1}),
    Row("delta_momentum(lr = 0.01)", "Behrouz et al. 2025, (21) and (22), mended", recurrences.delta_momentum, {"lr": 0.01}, "m > W", "W' = W + m'", matrices=True),
    Row("deep_momentum(lr = 0.1)", "Behrouz et al. 2025, (23)", recurrences.deep_momentum, {"lr": 0.1}, "memory > W", "W' reads the answer of the updated memory", matrices=True),
    Row("m3(lr = 0.01, alpha = 0.5, k = 4, eps = 1e-2)", "Behrouz et al., extended, algorithm 1", recurrences.m3, {"lr": 0.01, "alpha": 0.5, "k": 4, "eps": 1e-2}, "fast v > W > slow@1/4", "W' reads the old slow momentum", matrices=True),
    Row("lion()", "Chen et al. 2023, algorithm 2", recurrences.lion, {}, "W m", "W' reads the old m, and m' the gradient at the old W"),
    Row("lion(lr = 0.01, beta1 = 0.8, beta2 = 0.95, decay = 0.1)", "", recurrences.lion, {"lr": 0.01, "beta1": 0.8, "beta2": 0.95, "decay": 0.1}),
    Row("muon(lr = 0.02, decay = 0.1)", "Jordan et al. 2024", recurrences.muon, {"lr": 0.02, "decay": 0.1}, "m > W", "W' reads m' made orthogonal", matrices=True),
    Row("muon(lr = 0.02, mu = 0.8, nesterov = false)", "", recurrences.muon, {"lr": 0.02, "mu": 0.8, "nesterov": False}, matrices=True),
    Row("shampoo(lr = 0.1, k = 3)", "Gupta et al. 2018, algorithm 1", recurrences.shampoo, {"lr": 0.1, "k": 3}, "L R > W > left right@1/3", "the roots are taken every third update", matrices=True),
    Row("shampoo(lr = 0.1, eps = 1e-2)", "", recurrences.shampoo, {"lr": 0.1, "eps": 1e-2}, "L R > left right > W", "with roots at every update W' reads them fresh", matrices=True),
    Row("soap(decay = 0.1)", "Vyas et al. 2024, algorithms 3 and 4", recurrences.soap, {"decay": 0.1}, "m v L R > W > P Q@1/10", "what is read of the basis is the old one", matrices=True),
    Row("schedule_free_sgd(lr = 0.1)", "Defazio et al. 2024, (3) to (5)", recurrences.schedule_free_sgd, {"lr": 0.1}, "z > x > W", "the average x' reads z', and W' reads both"),
    Row("schedule_free_adamw(decay = 0.1, warm = 8)", "Defazio et al. 2024, algorithm 1", recurrences.schedule_free_adamw, {"decay": 0.1, "warm": 8}, "v s > z > x > W", "z' divides by the root of v'; x' reads z' and s'"),
    Row("lookahead(lr = 0.1)", "Zhang et al. 2019, algorithm 1", recurrences.lookahead, {"lr": 0.1}, "W > slow@1/5", "W' reads the old slow weights"),
    Row("ademamix(lr = 0.02, decay = 0.1)", "Pagliardini et al. 2024, algorithm 1", recurrences.ademamix, {"lr": 0.02, "decay": 0.1}, "m slow v > W", "no memory reads another"),
)  # fmt: skip

ELSEWHERE = (
    ("`sam`", "Foret et al. 2021, (2) and (3)", "recurrence", "W: the moved point is no state"),
    ("`hypergradient`", "Baydin et al. 2018, (3) and (4)", "recurrence", "last rate > W: W' reads the new rate"),
    ("`delta_descent`", "Behrouz et al. 2025, (27) to (29), exact step", "recurrence", "W: nothing else has a state"),
    ("`clip_norm`", "Pascanu et al. 2013, algorithm 1", "recurrence", ""),
    ("`clip_value`", "torch.nn.utils.clip_grad_value_", "torch", ""),
    ("`weight_decay`", "torch's weight_decay", "torch", ""),
    ("`centralize`", "Yong et al. 2020, (1)", "recurrence", ""),
    ("`ema`", "the exponential average", "recurrence", "W > average of W': it reads W'"),
)  # fmt: skip
"""What has a test of its own, beside the table's: `test_optimizers.py`, and `test_schedules.py`."""

_HEAD = """\
# Library

What `std.optim` holds, and what each rule is proved to be. A rule runs for 50 steps on new data in
float64, and no weight differs from the oracle's by more than the bound: an optimizer of
`torch.optim`, or its paper's recurrence in plain torch. Levels are those of one weight W, the
fastest first; @ marks a frequency other than W's. Arguments are in the
[language](language.md#8-the-standard-library) and in the file itself.

| rule | source | oracle | bound | levels, and why |
| --- | --- | --- | --- | --- |
"""


def library_page() -> str:
    """The page: a row for each call."""
    lines = []
    for row in ROWS:
        is_theirs = row.oracle.__module__.startswith("torch")
        oracle = f"torch.optim.{row.oracle.__name__}" if is_theirs else "recurrence"
        levels = f"{row.levels}: {row.reason}" if row.levels else ""
        lines.append(f"| `{row.call}` | {row.source} | {oracle} | {row.bound:.0e} | {levels} |")
    lines += [
        f"| {name} | {source} | {of} | 1e-12 | {why} |" for name, source, of, why in ELSEWHERE
    ]
    return _HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(library_page())
