"""Section 5 of the language: resets at multiples of the root."""

import torch

STREAM = "clock step\ninput x : f32[] every step\n"


def trace(module, values, *names):
    rows = []
    for value in values:
        module.step(x=value)
        rows.append(torch.stack([module.state[name].clone() for name in names]))
    return torch.stack(rows).T


def test_a_reset_takes_a_state_back_to_its_initial_value(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 3 step
        component a : scalar ~ normal() reset every window { a' = a + x }
        """
    )
    x = numbers(6)
    start = module.state["a"].clone()
    (a,) = trace(module, x, "a")
    sums = torch.cat([x[:2].cumsum(0), x[:1] * 0, x[3:5].cumsum(0), x[:1] * 0])
    same(a, start + sums)


def test_readers_at_the_instant_see_the_update_before_the_reset(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 2 step
        component a : scalar = 0 reset every window { a' = a + x }
        component b : scalar = 0 every window { b' = b + a' }
        """
    )
    x = numbers(4)
    _, b = trace(module, x, "a", "b")
    same(b[-1], x.sum())


def test_a_reset_to_another_state_takes_its_updated_value(run, numbers, same):
    """Lookahead (Zhang et al. 2019): fast weights start anew from slow ones that follow them."""
    module = run(
        STREAM
        + """
        clock sync = 3 step
        component slow : scalar = 1 every sync { slow' = slow + 0.5 * (fast' - slow) }
        component fast : scalar = 9 reset every sync to slow { fast' = fast + x }
        """
    )
    x = numbers(6)
    same(module.state["fast"], 1.0)
    slow, fast = trace(module, x, "slow", "fast")
    first = 1 + 0.5 * x[:3].sum()
    second = first + 0.5 * x[3:].sum()
    same(slow, torch.stack([first * 0 + 1] * 2 + [first] * 3 + [second]))
    same(fast[[1, 2, 4, 5]], torch.stack([1 + x[:2].sum(), first, first + x[3:5].sum(), second]))


def test_resets_go_in_the_order_of_dependencies(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 2 step
        component c : scalar = 0 reset every window to 2 * b { c' = c + x }
        component b : scalar = 0 reset every window to a + 1 { b' = b + x }
        component a : scalar = 5 { a' = a + x }
        """
    )
    x = numbers(2)
    same(module.state["c"], 12.0)
    a, b, c = trace(module, x, "a", "b", "c")
    same(a[1], 5 + x.sum())
    same(b[1], 6 + x.sum())
    same(c[1], 2 * (6 + x.sum()))


def test_a_reset_of_named_states_leaves_the_others(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 2 step
        component a reset u every window {
          state u : scalar = 0
          state v : scalar = 0
          u' = u + x
          v' = v + x * tick
        }
        """
    )
    x = numbers(4)
    u, v = trace(module, x, "a.u", "a.v")
    same(u, torch.stack([x[0], x[0] * 0, x[2], x[0] * 0]))
    same(v[-1], (x * torch.arange(1, 5)).sum())


def test_tick_counts_anew_after_a_reset_of_the_whole_component(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 3 step
        component a : scalar = 0 reset every window { a' = a + tick * x }
        component b : scalar = 0 every window { b' = a' }
        """
    )
    x = numbers(6)
    _, b = trace(module, x, "a", "b")
    same(b[2], (x[:3] * torch.arange(1, 4)).sum())
    same(b[5], (x[3:] * torch.arange(1, 4)).sum())


def test_a_reset_to_its_own_name_keeps_value_and_tick(run, numbers, same):
    module = run(
        STREAM
        + """
        clock window = 2 step
        component a : scalar = 0 reset every window to a { a' = a + tick * x }
        """
    )
    x = numbers(4)
    (a,) = trace(module, x, "a")
    same(a, (x * torch.arange(1, 5)).cumsum(0))


def test_a_rule_s_memory_is_reset_with_its_host(run, numbers, same):
    module = run(
        STREAM
        + """
        rule heavy(lr) for w, g {
          component m : like w = 0 { m' = 0.5 * m + g }
          w' = w - lr * m'
        }
        clock window = 2 step
        component w : scalar = 1 reset every window { minimize x * w by heavy(lr = 0.1) }
        """
    )
    x = numbers(3)
    w, m = trace(module, x, "w", "w.m")
    same(m, torch.stack([x[0], x[0] * 0, x[2]]))
    same(w, torch.stack([1 - 0.1 * x[0], x[0] * 0 + 1, 1 - 0.1 * x[2]]))


def test_a_window_sees_the_ticks_on_both_sides_of_a_reset(run, numbers, same):
    module = run(
        STREAM
        + """
        clock short = 2 step
        component a : scalar = 0 reset every short { a' = a + x }
        component b : scalar = 0 every 4 step { b' = accumulate(a * x) }
        """
    )
    x = numbers(4)
    _, b = trace(module, x, "a", "b")
    same(b[-1], x[0] * x[1] + x[2] * x[3])
