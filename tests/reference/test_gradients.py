"""Section 7 of the language: what a gradient differentiates, and what it holds constant."""

import pytest
import torch
from torch.autograd import grad

HEAD = """
dim B = 5, d = 3
clock step
clock slow = 3 step
input x : [B, d] every step
input y : [B] every step
"""


def leaf(tensor):
    return tensor.detach().clone().requires_grad_()


def loss_of(w, x, y):
    return ((x @ w - y) ** 2).mean()


LOSS = """
out = x @ w
loss = mean((out - y)^2)
"""


def test_the_gradient_of_a_loss_flows_through_signals(run, numbers, same):
    module = run(HEAD + LOSS + "component w : [d] ~ normal() { w' = w - 0.1 * grad(loss, w) }")
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    same(module.state["w"], w - 0.1 * grad(loss_of(w, x, y), w)[0])


def test_other_states_are_constants_primed_or_not(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((x @ w - y)^2) + sum(w * v') + sum(w * v)
        component w : [d] ~ normal() { w' = w - 0.1 * grad(loss, w) }
        component v : [d] ~ normal() { v' = v + sum(w) * w }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w, v = leaf(module.state["w"]), module.state["v"].clone()
    module.step(x=x, y=y)
    new = (v + w.sum() * w).detach()
    expected = grad(loss_of(w, x, y) + (w * new).sum() + (w * v).sum(), w)[0]
    same(module.state["w"], w - 0.1 * expected)
    same(module.state["v"], new)


def test_a_gradient_with_respect_to_a_signal_is_the_local_surprise(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component w : [d] ~ normal() {
          w' = w - 0.1 * sum(x * reshape(grad(loss, out), [B, 1]), 0)
        }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    same(module.state["w"], w - 0.1 * grad(loss_of(w, x, y), w)[0])


def test_a_gradient_at_a_point(run, numbers, same):
    module = run(
        HEAD + LOSS + "component w : [d] ~ normal() { w' = w - 0.1 * grad(loss, w, at = 2 * w) }"
    )
    x, y = numbers(5, 3), numbers(5)
    w = module.state["w"].clone()
    module.step(x=x, y=y)
    point = leaf(2 * w)
    same(module.state["w"], w - 0.1 * grad(loss_of(point, x, y), point)[0])


def test_an_outer_gradient_flows_through_the_point(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component w : [d] ~ normal() {
          w' = w - 0.1 * grad(sum(grad(loss, w, at = w^2)^2), w)
        }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    point = w**2
    inner = grad(loss_of(point, x, y), point, create_graph=True)[0]
    same(module.state["w"], w - 0.1 * grad((inner**2).sum(), w)[0])


def test_with_replaces_a_state_through_all_signals(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component w : [d] ~ normal() { w' = w - 0.1 * grad(loss, w) }
        component avg : like w = 0 { avg' = 0.9 * avg + 0.1 * w' }
        metric smooth = loss with (w = avg + 1)
        metric now = loss
        """
    )
    x, y = numbers(2, 5, 3), numbers(2, 5)
    module.step(x=x[0], y=y[0])
    w, avg = module.state["w"].clone(), module.state["avg"].clone()
    results = module.step(x=x[1], y=y[1])
    same(results["smooth"], loss_of(avg + 1, x[1], y[1]))
    same(results["now"], loss_of(w, x[1], y[1]))


def test_a_gradient_flows_through_a_replacement(run, numbers, same):
    module = run(
        HEAD + LOSS + "component w : [d] ~ normal() { w' = w - 0.1 * grad(loss with (w = w^3), w) }"
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    same(module.state["w"], w - 0.1 * grad(loss_of(w**3, x, y), w)[0])


def test_sharpness_aware_minimisation_holds_its_own_gradient(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        rule sam(rho, lr) for W, g, L {
          W' = W - average(lr * grad(L with (W = W + rho * g / norm(g)), W))
        }
        component w : [d] ~ normal() { minimize loss by sam(rho = 0.5, lr = 0.1) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    g = grad(loss_of(w, x, y), w)[0]
    point = leaf(w + 0.5 * g / g.norm())
    same(module.state["w"], w - 0.1 * grad(loss_of(point, x, y), point)[0])


def test_a_primed_state_in_a_replacement_stands_for_its_update(run, numbers, same):
    """A hypergradient: the learning rate descends the loss after the step that it made."""
    module = run(
        HEAD
        + LOSS
        + """
        component lr : scalar = 0.1 { lr' = lr - 0.01 * grad(loss with (w = w'), lr) }
        component w : [d] ~ normal() { w' = w - lr * grad(loss, w) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w, lr = leaf(module.state["w"]), leaf(module.state["lr"])
    module.step(x=x, y=y)
    new = w - lr * grad(loss_of(w, x, y), w)[0]
    same(module.state["w"], new)
    same(module.state["lr"], lr - 0.01 * grad(loss_of(new, x, y), lr)[0])


def test_an_update_in_a_replacement_flows_through_the_updates_that_it_needs(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component lr : scalar = 0.1 { lr' = lr - 0.01 * grad(loss with (w = w'), lr) }
        component m : like w = 1 { m' = 0.9 * m - lr^2 * grad(loss, w) }
        component w : [d] ~ normal() { w' = w + m' }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w, lr, m = (leaf(module.state[name]) for name in ("w", "lr", "m"))
    module.step(x=x, y=y)
    new = w + 0.9 * m - lr**2 * grad(loss_of(w, x, y), w)[0]
    same(module.state["lr"], lr - 0.01 * grad(loss_of(new, x, y), lr)[0])


@pytest.mark.parametrize("body", ["w' = w - 0.2 * grad(fit, w)", "minimize fit by gd(lr = 0.2)"])
def test_second_order_architecture_search(run, numbers, same, body):
    """DARTS (Liu et al. 2019, (7)): the gradient flows through the inner gradient, too."""
    module = run(
        "use std.optim (gd)"
        + HEAD
        + f"""
        fit = mean((x @ w - y)^2) + sum(exp(a) * w^2)
        check = mean((x @ w + y)^2)
        component a : [d] ~ normal() {{ a' = a - 0.1 * grad(check with (w = w'), a) }}
        component w : [d] ~ normal() {{ {body} }}
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w, a = leaf(module.state["w"]), leaf(module.state["a"])
    module.step(x=x, y=y)
    fit = loss_of(w, x, y) + (a.exp() * w**2).sum()
    new = w - 0.2 * grad(fit, w, create_graph=True)[0]
    same(module.state["a"], a - 0.1 * grad(loss_of(new, x, -y), a)[0])


def test_stop_is_a_constant_to_every_gradient(run, numbers, same):
    module = run(
        HEAD
        + """
        target = x @ (2 * w)
        loss = mean((x @ w - stop(target))^2)
        component w : [d] ~ normal() { w' = w - 0.1 * grad(sum(grad(loss, w)^2), w) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    loss = ((x @ w - (x @ (2 * w)).detach()) ** 2).mean()
    inner = grad(loss, w, create_graph=True)[0]
    same(module.state["w"], w - 0.1 * grad((inner**2).sum(), w)[0])


def test_hold_is_a_constant_to_the_nearest_gradient_only(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((x @ w - hold(x @ (w^2)))^2)
        component w : [d] ~ normal() { w' = w - 0.1 * grad(sum(grad(loss, w)^2), w) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    held = x @ (w**2)
    inner = 2 / 5 * x.T @ (x @ w - held)
    same(module.state["w"], w - 0.1 * grad((inner**2).sum(), w)[0])


def test_hold_twice_is_a_constant_to_the_two_nearest_gradients(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((x @ w - hold(hold(x @ (w^2))))^2)
        component w : [d] ~ normal() {
          w' = w - 0.1 * grad(sum(grad(sum(grad(loss, w)^2), w)^3), w)
        }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    held = x @ (w**2)
    inner = 2 / 5 * x.T @ (x @ w - held)
    # d/dw of sum(inner^2) with `held` a constant.
    middle = 2 * (2 / 5 * x.T @ x) @ inner
    same(module.state["w"], w - 0.1 * grad((middle**3).sum(), w)[0])


def test_hold_keeps_a_replaced_state_replaced(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((x @ w - hold(x @ (w^2)))^2)
        component w : [d] ~ normal() { w' = w - 0.1 * grad(loss with (w = 3 * w), w) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    loss = ((x @ (3 * w) - (x @ ((3 * w) ** 2)).detach()) ** 2).mean()
    same(module.state["w"], w - 0.1 * grad(loss, w)[0])


def test_second_order(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((tanh(x @ w) - y)^2)
        penalty = loss + sum(grad(loss, w)^2)
        component w : [d] ~ normal() { w' = w - 0.1 * grad(penalty, w) }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w = leaf(module.state["w"])
    module.step(x=x, y=y)
    loss = ((torch.tanh(x @ w) - y) ** 2).mean()
    inner = grad(loss, w, create_graph=True)[0]
    same(module.state["w"], w - 0.1 * grad(loss + (inner**2).sum(), w)[0])


def test_an_inner_state_is_a_constant_to_the_inner_gradient_and_flows_outside(run, numbers, same):
    module = run(
        HEAD
        + """
        inner = mean((x @ (w * v) - y)^2)
        component v : [d] ~ normal() { v' = v - 0.1 * grad(sum(grad(inner, w)^2), v) }
        component w : [d] ~ normal() { w' = w }
        """
    )
    x, y = numbers(5, 3), numbers(5)
    w, v = leaf(module.state["w"]), leaf(module.state["v"])
    module.step(x=x, y=y)
    g = grad(loss_of(w * v, x, y), w, create_graph=True)[0]
    same(module.state["v"], v - 0.1 * grad((g**2).sum(), v)[0])


def test_the_gradient_of_an_average_is_the_average_of_gradients(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component w : [d] ~ normal() every slow {
          component one : like w = 0 { one' = grad(average(loss), w) }
          component two : like w = 0 { two' = average(grad(loss, w)) }
          w' = w - 0.1 * one'
        }
        """
    )
    x, y = numbers(3, 5, 3), numbers(3, 5)
    w = leaf(module.state["w"])
    for i in range(3):
        module.step(x=x[i], y=y[i])
    expected = grad(sum(loss_of(w, x[i], y[i]) for i in range(3)) / 3, w)[0]
    same(module.state["w.one"], expected)
    same(module.state["w.two"], expected)
    same(module.state["w"], w - 0.1 * expected)


def test_a_gradient_of_what_is_nonlinear_in_a_gather(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        component w : [d] ~ normal() every slow {
          w' = w - 0.1 * grad(accumulate(loss)^2 + product(loss) + latest(loss)
                              + sum(collect(out, axis = 0)^3), w)
        }
        """
    )
    for _ in range(2):
        x, y = numbers(3, 5, 3), numbers(3, 5)
        w = leaf(module.state["w"])
        for i in range(3):
            module.step(x=x[i], y=y[i])
        losses = torch.stack([loss_of(w, x[i], y[i]) for i in range(3)])
        outs = torch.stack([x[i] @ w for i in range(3)])
        value = losses.sum() ** 2 + losses.prod() + losses[-1] + (outs**3).sum()
        same(module.state["w"], w - 0.1 * grad(value, w)[0])


def test_a_window_sees_faster_states_as_they_were_at_each_tick(run, numbers, same):
    module = run(
        HEAD
        + """
        loss = mean((x @ (w * v) - y)^2)
        component v : [d] ~ normal() { v' = v - 0.5 * grad(loss, v) }
        component w : [d] ~ normal() every slow { w' = w - 0.1 * grad(accumulate(loss), w) }
        """
    )
    x, y = numbers(6, 5, 3), numbers(6, 5)
    w, v = module.state["w"].clone(), module.state["v"].clone()
    for start in (0, 3):
        at, total = leaf(w), 0
        for i in range(start, start + 3):
            u = leaf(v)
            value = loss_of(at * u, x[i], y[i])
            total = total + loss_of(at * v, x[i], y[i])
            v = v - 0.5 * grad(value, u)[0]
            module.step(x=x[i], y=y[i])
        w = w - 0.1 * grad(total, at)[0]
    same(module.state["v"], v)
    same(module.state["w"], w)


def test_a_bundle_has_one_gradient_and_one_norm(run, numbers, same):
    module = run(
        HEAD
        + """
        use std.optim (clip_norm, gd)
        component net {
          state u : [d, 4] ~ normal()
          state v : [4] ~ normal()
        }
        loss = mean((tanh(x @ net.u) @ net.v - y)^2)
        train net minimize loss by clip_norm(0.1) then gd(lr = 1)
        """
    )
    x, y = numbers(5, 3), numbers(5)
    u, v = leaf(module.state["net.u"]), leaf(module.state["net.v"])
    module.step(x=x, y=y)
    gu, gv = grad(((torch.tanh(x @ u) @ v - y) ** 2).mean(), [u, v])
    norm = torch.sqrt((gu**2).sum() + (gv**2).sum())
    scale = min(1, 0.1 / norm)
    same(module.state["net.u"], u - scale * gu)
    same(module.state["net.v"], v - scale * gv)


def test_a_state_of_a_bundle_that_is_not_reached_has_no_gradient(run, numbers, same):
    module = run(
        HEAD
        + """
        use std.optim (gd)
        component net {
          state u : [d] ~ normal()
          state v : [4] ~ normal()
        }
        loss = mean((x @ net.u - y)^2)
        train net minimize loss by gd(lr = 1)
        """
    )
    v = module.state["net.v"].clone()
    module.step(x=numbers(5, 3), y=numbers(5))
    same(module.state["net.v"], v)


def test_a_draw_is_one_for_all_readers_of_a_tick(run, numbers, same):
    module = run(
        HEAD
        + """
        noise = normal([d])
        loss = mean((x @ (w + noise) - y)^2)
        component w : [d] ~ normal() {
          w' = w - 0.1 * (grad(loss, w) + grad(loss, w, at = 2 * w))
        }
        component seen : [d] = 0 { seen' = noise }
        component late : [d] = 0 every slow { late' = accumulate(noise) }
        """
    )
    total, last = 0, None
    for _ in range(3):
        x, y = numbers(5, 3), numbers(5)
        w = module.state["w"].clone()
        module.step(x=x, y=y)
        noise = module.state["seen"].clone()
        assert last is None or not torch.equal(noise, last)
        total, last = total + noise, noise
        one, two = leaf(w), leaf(2 * w)
        step = grad(loss_of(one + noise, x, y), one)[0] + grad(loss_of(two + noise, x, y), two)[0]
        same(module.state["w"], w - 0.1 * step)
    same(module.state["late"], total)


def test_a_slow_draw_is_the_same_for_all_of_its_tick(run, numbers):
    module = run(
        HEAD
        + """
        component s : [d] = 0 every slow { s' = normal([d]) + 0 * average(sum(x)) }
        component seen : [d] = 0 { seen' = s }
        """
    )
    values = []
    for _ in range(6):
        module.step(x=numbers(5, 3), y=numbers(5))
        values.append(module.state["s"].clone())
    assert not torch.equal(values[2], values[5])
    assert torch.equal(values[2], values[4])


def test_what_a_faster_reader_descends_holds_the_slow_gradient(run, numbers, same):
    """`latest` of a primed state: five critic updates for each of the generator's."""
    module = run(
        HEAD
        + """
        component gen : [d] ~ normal() every 3 critic {
          minimize latest(-mean(x @ gen * critic')) by step_down(lr = 0.1)
        }
        component critic : scalar = 1 {
          minimize mean(x @ gen * critic) by step_down(lr = 0.2)
        }
        rule step_down(lr) for w, g { w' = w - lr * g }
        """
    )
    gen, critic = leaf(module.state["gen"]), module.state["critic"].clone()
    for _ in range(3):
        x = numbers(5, 3)
        module.step(x=x, y=numbers(5))
        critic = (critic - 0.2 * (x @ gen).mean()).detach()
    same(module.state["critic"], critic)
    same(module.state["gen"], gen - 0.1 * grad(-(x @ gen * critic).mean(), gen)[0])


def test_with_replaces_a_whole_bundle(run, numbers, same):
    module = run(
        HEAD
        + """
        component net {
          state u : [d] ~ normal()
          state v : scalar = 1
          map (z) = v * (z @ u)
          u' = u - 0.1 * grad(mean((net(x) - y)^2), u)
          v' = v + 1
        }
        component old : like net = net every slow { old' = net' }
        metric m = mean(net(x)) with (net = old)
        """
    )
    first = module.state["net.u"].clone()
    for tick in range(1, 6):
        if tick == 4:
            first = module.state["net.u"].clone()
        x, y = numbers(5, 3), numbers(5)
        scale = 1 if tick < 4 else 4
        same(module.step(x=x, y=y)["m"], scale * (x @ first).mean())


def test_a_gradient_over_a_window_flows_through_what_is_reset_with_it(run, numbers, same):
    module = run(
        HEAD
        + """
        component w : [d] ~ normal() every slow {
          w' = w - 0.1 * grad(accumulate(mean((x @ m - y)^2)), w)
        }
        component m : like w = w reset every slow to 2 * w {
          m' = m - 0.2 * grad(mean((x @ m - y)^2), m) + 0.1 * w
        }
        """
    )
    for _ in range(2):
        w = leaf(module.state["w"])
        x, y = numbers(3, 5, 3), numbers(3, 5)
        m, total = 2 * w, 0
        for i in range(3):
            loss = loss_of(m, x[i], y[i])
            total = total + loss
            m = m - 0.2 * grad(loss, m, create_graph=True)[0] + 0.1 * w
            module.step(x=x[i], y=y[i])
        new = (w - 0.1 * grad(total, w)[0]).detach()
        same(module.state["w"], new)
        same(module.state["m"], 2 * new)


def test_with_replaces_a_state_in_all_ticks_of_a_window(run, numbers, same):
    module = run(
        HEAD
        + LOSS
        + """
        total = average(loss * u, slow)
        component u : scalar = 1 { u' = u + 1 }
        component w : [d] ~ normal() every slow { w' = w - 0.1 * average(grad(loss, w)) }
        component rate : scalar = 0 every slow { rate' = total with (w = w') }
        """
    )
    x, y = numbers(3, 5, 3), numbers(3, 5)
    for i in range(3):
        module.step(x=x[i], y=y[i])
    w = module.state["w"]
    same(module.state["rate"], sum((i + 1) * loss_of(w, x[i], y[i]) for i in range(3)) / 3)


def test_prev_is_a_constant_to_a_window_s_gradient(run, numbers, same):
    module = run(
        HEAD
        + """
        out = x @ w
        component w : [d] ~ normal() every slow {
          w' = w - 0.1 * grad(accumulate(mean((out - prev(out, 0))^2)), w)
        }
        """
    )
    x, y = numbers(3, 5, 3), numbers(5)
    w = leaf(module.state["w"])
    for i in range(3):
        module.step(x=x[i], y=y)
    outs = [x[i] @ w for i in range(3)]
    before = [torch.zeros(5, dtype=x.dtype), outs[0].detach(), outs[1].detach()]
    total = sum(((out - last) ** 2).mean() for out, last in zip(outs, before, strict=True))
    same(module.state["w"], w - 0.1 * grad(total, w)[0])
