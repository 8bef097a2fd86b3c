"""Section 4 of the language: clocks, primes, reading across clocks, `prev`, `tick`."""

import pytest
import torch

STREAM = "clock step\ninput x : f32[] every step\n"


def run_all(module, values):
    return [module.step(x=value) for value in values]


def test_a_prime_is_the_value_after_this_tick(run, numbers, same):
    module = run(
        STREAM
        + """
        component a : scalar = 0 { a' = a + x }
        component seen : scalar = 0 { seen' = a }
        component fresh : scalar = 0 { fresh' = a' }
        """
    )
    x = numbers(3)
    run_all(module, x)
    same(module.state["seen"], x[:2].sum())
    same(module.state["fresh"], x.sum())


def test_components_swap_their_values(run, same):
    module = run(
        """
        clock step
        component a : scalar = 1 { a' = b }
        component b : scalar = 2 { b' = a }
        """
    )
    module.step()
    same(module.state["a"], 2.0)
    same(module.state["b"], 1.0)


def test_a_slow_component_updates_at_the_end_of_its_tick_and_holds(run, numbers, same):
    module = run(
        STREAM
        + """
        component slow : scalar = 0 every 3 step { slow' = slow + accumulate(x) }
        component before : scalar = 0 every step { before' = slow }
        component after : scalar = 0 every step { after' = slow' }
        """
    )
    x = numbers(7)
    held, fresh = [], []
    for value in x:
        module.step(x=value)
        held.append(module.state["before"].item())
        fresh.append(module.state["after"].item())
    three, six = x[:3].sum(), x[:6].sum()
    same(torch.tensor(held, dtype=x.dtype), torch.stack([x[0] * 0] * 3 + [three] * 3 + [six]))
    same(torch.tensor(fresh, dtype=x.dtype), torch.stack([x[0] * 0] * 2 + [three] * 3 + [six] * 2))


@pytest.mark.parametrize(
    ("gather", "of"),
    [
        ("accumulate", lambda window: window.sum(0)),
        ("average", lambda window: window.mean(0)),
        ("product", lambda window: window.prod(0)),
        ("latest", lambda window: window[-1]),
    ],
)
def test_a_gather_runs_over_the_window_of_its_reader(run, numbers, same, gather, of):
    module = run(
        f"""
        dim d = 3
        clock step
        input x : [d] every step
        component fast : [d] = 1 {{ fast' = fast + x }}
        component slow : [d] = 0 every 4 step {{ slow' = {gather}(x * fast) }}
        """
    )
    x = numbers(8, 3)
    fast = 1 + torch.cat([torch.zeros(1, 3, dtype=x.dtype), x.cumsum(0)])[:8]
    run_all(module, x[:4])
    same(module.state["slow"], of((x * fast)[:4]))
    run_all(module, x[4:])
    same(module.state["slow"], of((x * fast)[4:]))


def test_collect_stacks_the_values_of_a_window(run, numbers, same):
    module = run(
        """
        dim d = 3
        clock step
        input x : [d] every step
        component slow : [d, 2] = 0 every 2 step { slow' = collect(x, axis = 1) }
        """
    )
    x = numbers(2, 3)
    run_all(module, x)
    same(module.state["slow"], x.T)


def test_a_gather_sees_the_updated_state_of_each_tick(run, numbers, same):
    module = run(
        STREAM
        + """
        component fast : scalar = 0 { fast' = 0.5 * fast + x }
        component slow : scalar = 0 every 3 step { slow' = accumulate(fast' - fast) }
        component last : scalar = 0 every 3 step { last' = fast' }
        """
    )
    x = numbers(6)
    fast = [torch.zeros((), dtype=x.dtype)]
    for value in x:
        fast.append(0.5 * fast[-1] + value)
    run_all(module, x)
    same(module.state["slow"], fast[6] - fast[3])
    same(module.state["last"], fast[6])


def test_a_gather_of_gathers_sees_the_ticks_between(run, numbers, same):
    module = run(
        STREAM
        + """
        clock short = 2 step
        pairs = accumulate(x, short)
        component slow : scalar = 0 every 6 step { slow' = product(pairs) }
        """
    )
    x = numbers(6)
    run_all(module, x)
    same(module.state["slow"], x.reshape(3, 2).sum(1).prod())


def test_a_signal_on_a_slow_clock_is_given_when_it_is_renewed(run, numbers, same):
    module = run(
        STREAM
        + """
        clock slow = 3 step
        output mean = average(x, slow)
        output twice = 2 * x
        """
    )
    x = numbers(6)
    results = run_all(module, x)
    assert [sorted(r) for r in results] == [["twice"], ["twice"], ["mean", "twice"]] * 2
    same(results[5]["mean"], x[3:].mean())


def test_a_slow_input_comes_first_and_is_held(run, numbers, same):
    module = run(
        """
        clock step
        clock slow = 2 step
        input x : f32[] every step
        input z : f32[] every slow
        component a : scalar = 0 { a' = a + x * z }
        component b : scalar = 0 every slow { b' = b + z }
        """
    )
    x, z = numbers(4), numbers(2)
    module.step(x=x[0], z=z[0])
    same(module.state["b"], 0.0)
    module.step(x=x[1])
    same(module.state["b"], z[0])
    module.step(x=x[2], z=z[1])
    module.step(x=x[3])
    same(module.state["a"], (x[:2] * z[0] + x[2:] * z[1]).sum())
    same(module.state["b"], z.sum())


def test_a_multiple_of_a_component_counts_its_updates(run, numbers, same):
    module = run(
        STREAM
        + """
        component critic : scalar = 0 every 2 step { critic' = critic + accumulate(x) }
        component actor : scalar = 0 every 3 critic { actor' = actor + critic' }
        """
    )
    x = numbers(12)
    run_all(module, x)
    same(module.state["actor"], x[:6].sum() + x.sum())


def test_prev_is_the_value_at_the_tick_before(run, numbers, same):
    module = run(
        STREAM
        + """
        clock slow = 2 step
        sums = accumulate(x, slow)
        component a : scalar = 0 { a' = a + x * prev(x, 10) }
        component b : scalar = 0 { b' = prev(prev(x, 1), 2) }
        component c : scalar = 0 every step { c' = prev(sums, -1) }
        """
    )
    x = numbers(5)
    seen = []
    for value in x:
        module.step(x=value)
        seen.append([module.state["b"].item(), module.state["c"].item()])
    same(module.state["a"], 10 * x[0] + (x[1:] * x[:-1]).sum())
    same(torch.tensor([b for b, _ in seen], dtype=x.dtype), [2.0, 1.0, *x[:3]])
    first, second = x[:2].sum(), x[2:4].sum()
    same(torch.tensor([c for _, c in seen], dtype=x.dtype), [-1.0, -1.0, first, first, second])


def test_prev_of_a_signal_is_that_of_each_tick_of_a_window(run, numbers, same):
    module = run(
        STREAM + "component slow : scalar = 0 every 3 step { slow' = accumulate(x * prev(x, 0)) }"
    )
    x = numbers(6)
    run_all(module, x)
    same(module.state["slow"], (x[3:] * x[2:5]).sum())


def test_tick_counts_the_updates_of_its_component(run, same):
    module = run(
        STREAM
        + """
        clock slow = 3 step
        component a : scalar = 0 { a' = a + tick }
        component b : scalar = 0 every slow { b' = b + 10 * tick }
        component c : scalar = 0 every step { c' = tick(slow) }
        component d : scalar = 0 every slow { d' = accumulate(tick(step) * x) }
        """
    )
    for _ in range(7):
        module.step(x=1.0)
    same(module.state["a"], 28.0)
    same(module.state["b"], 30.0)
    same(module.state["c"], 3.0)
    same(module.state["d"], 15.0)


def test_the_order_of_the_file_never_matters(run, numbers):
    lines = [
        "clock step",
        "clock slow = 2 step",
        "input x : f32[4] every step",
        "loss = sum((x - w)^2)",
        "component m : like w = 0 { m' = 0.9 * m + grad(loss, w) }",
        "component w : f32[4] ~ normal() { w' = w - 0.1 * m' + 0.01 * normal([4]) }",
        "component s : f32[4] = w every slow { s' = average(w') }",
    ]
    x = numbers(4, 4)
    found = []
    for order in (lines, lines[::-1]):
        module = run("\n".join(order))
        run_all(module, x)
        found.append({name: tensor.clone() for name, tensor in module.state.items()})
    for name in found[0]:
        assert torch.equal(found[0][name], found[1][name])


def test_a_chain_of_thousands_of_components_is_no_deeper_than_one(run, same):
    module = run(
        STREAM
        + """
        component a[1] : scalar = 0 { a[1]' = x }
        for i in 2 .. 3000 { component a[i] : scalar = 0 { a[i]' = a[i - 1]' + 1 } }
        """
    )
    module.step(x=2.0)
    same(module.state["a[3000]"], 3001.0)


def test_a_chain_of_thousands_of_signals_is_no_deeper_than_one(run, same):
    module = run(
        STREAM
        + """
        z[1] = x * w
        for i in 2 .. 3000 { z[i] = z[i - 1] + 1 }
        component w : scalar = 1 { w' = w - 0.1 * grad(z[3000], w) }
        """
    )
    module.step(x=2.0)
    same(module.state["w"], 1 - 0.1 * 2)


def test_a_shape_follows_the_length_that_a_call_brings(oracle, numbers, same):
    module = oracle(
        """
        dim B = 4
        clock step
        input x : [B] every step
        output y = x + full(2, [B]) + normal([B]) * 0
        """
    )
    for size in (4, 2):
        x = numbers(size)
        same(module.step(x=x)["y"], x + 2)
