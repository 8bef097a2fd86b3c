"""The eager backend against plain torch by hand: values, states and gradients of several ticks."""

import torch
from torch.nn.functional import cross_entropy, relu

import nlgraph

HEAD = """
use std.optim (adamw, clip_norm, gd, sgd)
dim B = 5, d = 4, h = 6, c = 3
clock step
clock four = 4 step
input x : [B, d] every step
input y : int[B] every step
"""
LINEAR = (
    HEAD
    + """
component W : [d, c] ~ xavier()
logits = x @ W
loss = cross_entropy(logits, y)
output logits
metric loss
"""
)


def compiled(text):
    return nlgraph.compile(nlgraph.loads(text), backend="eager", dtype=torch.float64, seed=3)


def batches(count, d=4, c=3):
    generator = torch.Generator().manual_seed(7)
    for _ in range(count):
        x = torch.randn(5, d, dtype=torch.float64, generator=generator)
        yield x, torch.randint(0, c, (5,), generator=generator)


def equal(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)


def start(module, *names):
    """Copies of states, to differentiate by."""
    return [module.state[name].detach().clone().requires_grad_() for name in names]


def test_clip_and_adamw_over_a_network():
    names = ("net.W1", "net.b1", "net.W2", "net.b2")
    module = compiled(
        HEAD
        + """
component net {
  state W1 : [d, h] ~ kaiming(); state b1 : [h] = 0
  state W2 : [h, c] ~ kaiming(); state b2 : [c] = 0
  map (u) = relu(u @ W1 + b1) @ W2 + b2
}
logits = net(x)
loss = cross_entropy(logits, y)
train net minimize loss by clip_norm(0.5) then adamw(lr = 0.05)
output logits
metric loss
"""
    )
    leaves = start(module, *names)
    optimizer = torch.optim.AdamW(leaves, lr=0.05, weight_decay=0.01)
    for x, y in batches(8):
        W1, b1, W2, b2 = leaves
        logits = relu(x @ W1 + b1) @ W2 + b2
        loss = cross_entropy(logits, y)
        gradients = torch.autograd.grad(loss, leaves)
        norm = torch.sqrt(sum((g**2).sum() for g in gradients))
        for leaf, g in zip(leaves, gradients, strict=True):
            leaf.grad = g * min(1.0, 0.5 / norm.item())
        results = module.step(x=x, y=y)
        optimizer.step()
        equal(results["logits"], logits.detach())
        equal(results["loss"], loss.detach())
        for name, leaf in zip(names, leaves, strict=True):
            equal(module.state[name], leaf.detach())


def test_torchs_sgd_with_momentum():
    module = compiled(
        LINEAR + "train W minimize loss by sgd(lr = 0.1, momentum = 0.9, decay = 0.01)\n"
    )
    (W,) = start(module, "W")
    optimizer = torch.optim.SGD([W], lr=0.1, momentum=0.9, weight_decay=0.01)
    for x, y in batches(6):
        loss = cross_entropy(x @ W, y)
        (W.grad,) = torch.autograd.grad(loss, [W])
        module.step(x=x, y=y)
        optimizer.step()
        equal(module.state["W"], W.detach())


def test_four_batches_for_each_update():
    module = compiled(
        LINEAR.replace("~ xavier()", "~ xavier() every four")
        + "train W minimize average(loss) by clip_norm(0.1) then adamw(lr = 0.1)\n"
        + "metric mean_loss = average(loss, four)\n"
    )
    (W,) = start(module, "W")
    optimizer = torch.optim.AdamW([W], lr=0.1, weight_decay=0.01)
    losses = []
    for tick, (x, y) in enumerate(batches(13), 1):
        losses.append(cross_entropy(x @ W, y))
        results = module.step(x=x, y=y)
        assert ("mean_loss" in results) == (tick % 4 == 0)
        if tick % 4 == 0:
            mean = torch.stack(losses).mean()
            equal(results["mean_loss"], mean.detach())
            (g,) = torch.autograd.grad(mean, [W])
            W.grad = g * min(1.0, 0.1 / g.norm().item())
            optimizer.step()
            losses = []
        equal(module.state["W"], W.detach())


def test_a_continuum_of_two_speeds():
    module = compiled(
        HEAD
        + """
component fast : [d, d] = eye() { minimize loss by gd(lr = 0.1) }
component slow : [d, c] ~ xavier() every four { minimize loss by gd(lr = 0.05) }
loss = cross_entropy(tanh(x @ fast) @ slow, y)
"""
    )
    fast, slow = start(module, "fast", "slow")
    summed = torch.zeros_like(slow)
    for tick, (x, y) in enumerate(batches(9), 1):
        loss = cross_entropy(torch.tanh(x @ fast) @ slow, y)
        by_fast, by_slow = torch.autograd.grad(loss, [fast, slow])
        module.step(x=x, y=y)
        with torch.no_grad():
            fast -= 0.1 * by_fast
            summed += 0.05 * by_slow
            if tick % 4 == 0:
                slow -= summed
                summed.zero_()
        equal(module.state["fast"], fast.detach())
        equal(module.state["slow"], slow.detach())


def test_a_generator_against_an_updated_critic():
    module = compiled(
        HEAD
        + """
input seed : [B, h] every step
component gen : [h, d] ~ xavier() every 3 critic {
  minimize latest(-mean(fake @ critic')) by gd(lr = 1)
}
component critic : [d, 1] ~ xavier() {
  minimize mean(tanh(fake @ critic)) - mean(tanh(x @ critic)) by gd(lr = 0.5)
}
fake = seed @ gen
output fake
"""
    )
    gen, critic = start(module, "gen", "critic")
    generator = torch.Generator().manual_seed(1)
    for tick, (x, y) in enumerate(batches(7), 1):
        seed = torch.randn(5, 6, dtype=torch.float64, generator=generator)
        fake = (seed @ gen).detach()
        gap = torch.tanh(fake @ critic).mean() - torch.tanh(x @ critic).mean()
        (g,) = torch.autograd.grad(gap, [critic])
        equal(module.step(x=x, y=y, seed=seed)["fake"], fake)
        with torch.no_grad():
            critic -= 0.5 * g
        if tick % 3 == 0:
            (g,) = torch.autograd.grad(-(seed @ gen @ critic.detach()).mean(), [gen])
            with torch.no_grad():
                gen -= g
        equal(module.state["critic"], critic.detach())
        equal(module.state["gen"], gen.detach())


def test_lookahead():
    module = compiled(
        HEAD
        + """
component slow : [d, c] ~ xavier() every four { slow' = slow + 0.5*(fast' - slow) }
component fast : like slow = slow reset every four to slow { minimize loss by gd(lr = 0.2) }
logits = x @ fast
loss = cross_entropy(logits, y)
output calm = logits with (fast = slow)
"""
    )
    slow, fast = start(module, "slow", "fast")
    for tick, (x, y) in enumerate(batches(9), 1):
        (g,) = torch.autograd.grad(cross_entropy(x @ fast, y), [fast])
        equal(module.step(x=x, y=y)["calm"], (x @ slow).detach())
        with torch.no_grad():
            fast -= 0.2 * g
            if tick % 4 == 0:
                slow += 0.5 * (fast - slow)
                fast.copy_(slow)
        equal(module.state["slow"], slow.detach())
        equal(module.state["fast"], fast.detach())


def test_sharpness_aware_minimisation():
    module = compiled(
        LINEAR
        + """
train W minimize loss by sam(rho = 0.1, lr = 0.2)
rule sam(rho, lr) for w, g, L {
  w' = w - lr*grad(L with (w = w + rho*g/norm(g)), w)
}
"""
    )
    (W,) = start(module, "W")
    for x, y in batches(5):
        (g,) = torch.autograd.grad(cross_entropy(x @ W, y), [W])
        (other,) = torch.autograd.grad(cross_entropy(x @ (W + 0.1 * g / g.norm()), y), [W])
        module.step(x=x, y=y)
        with torch.no_grad():
            W -= 0.2 * other
        equal(module.state["W"], W.detach())


def test_a_penalty_on_the_gradient():
    module = compiled(
        LINEAR
        + "penalty = norm(grad(loss, W))^2\nmetric penalty\n"
        + "train W minimize loss + 0.3*penalty by gd(lr = 0.1)\n"
    )
    (W,) = start(module, "W")
    for x, y in batches(5):
        loss = cross_entropy(x @ W, y)
        (g,) = torch.autograd.grad(loss, [W], create_graph=True)
        penalty = (g**2).sum()
        (total,) = torch.autograd.grad(loss + 0.3 * penalty, [W])
        equal(module.step(x=x, y=y)["penalty"], penalty.detach())
        with torch.no_grad():
            W -= 0.1 * total
        equal(module.state["W"], W.detach())


def test_a_held_target_is_constant_to_the_inner_gradient_alone():
    module = compiled(
        LINEAR
        + """
component M : [d, c] = 0.1 { M' = M - 0.1*grad(0.5*sum((x @ M - hold(x @ (W*M)))^2), M) }
inner = norm(grad(0.5*sum((tanh(x @ M) - hold(x @ (W*M)))^2), M))
train W minimize loss + inner by gd(lr = 0.05)
"""
    )
    W, M = start(module, "W", "M")
    for x, y in batches(4):
        target = x @ (W * M)
        (direct,) = torch.autograd.grad(0.5 * ((x @ M - target.detach()) ** 2).sum(), [M])
        free = M.detach().clone().requires_grad_()
        error = 0.5 * ((torch.tanh(x @ free) - target) ** 2).sum()
        (by_m,) = torch.autograd.grad(error, [free], create_graph=True)
        (by_w,) = torch.autograd.grad(cross_entropy(x @ W, y) + by_m.norm(), [W])
        module.step(x=x, y=y)
        with torch.no_grad():
            M -= 0.1 * direct
            W -= 0.05 * by_w
        equal(module.state["W"], W.detach())
        equal(module.state["M"], M.detach())


def test_the_gradient_at_a_signal():
    module = compiled(
        LINEAR
        + """
u = x @ W
E = 0.5*sum((tanh(u) - u)^2) + sum(u^3)
component M : [d, c] = 0 { M' = M - x.T @ grad(E, u) + 0.1*grad(E, W) }
"""
    )
    (W,) = start(module, "W")
    M = torch.zeros(4, 3, dtype=torch.float64)
    for x, y in batches(3):
        u = x @ W
        E = 0.5 * ((torch.tanh(u) - u) ** 2).sum() + (u**3).sum()
        by_u, by_w = torch.autograd.grad(E, [u, W])
        module.step(x=x, y=y)
        M = M - x.T @ by_u + 0.1 * by_w
        equal(module.state["M"], M)


def test_last_values_and_stacked_windows():
    module = compiled(
        HEAD
        + """
s = mean(x, 0)
smooth = 0.9*prev(smooth, 0*s) + 0.1*s
component seen : [4, d] = 0 every four { seen' = collect(smooth, axis = 0) }
output smooth
"""
    )
    smooth = torch.zeros(4, dtype=torch.float64)
    rows = []
    for tick, (x, y) in enumerate(batches(8), 1):
        smooth = 0.9 * smooth + 0.1 * x.mean(0)
        rows.append(smooth)
        equal(module.step(x=x, y=y)["smooth"], smooth)
        if tick % 4 == 0:
            equal(module.state["seen"], torch.stack(rows[-4:]))
