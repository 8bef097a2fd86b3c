import torch

STEP = "clock step\n"


def test_a_copied_state_starts_as_the_other_one(build):
    module = build(
        STEP
        + "dim d = 3\ncomponent a : like b = b { a' = a + 1 }\n"
        + "component c : [d] = 2 * a + b { c' = c }\n"
        + "component b : [d] ~ normal() { b' = b - 1 }\n"
    )
    assert torch.equal(module.state["a"], module.state["b"])
    assert module.state["a"] is not module.state["b"]
    torch.testing.assert_close(module.state["c"], 3 * module.state["b"])


def test_constants_fill_the_whole_state(build):
    module = build(
        STEP
        + "dim d = 3\ncomponent a : [d, d] = eye() { a' = a }\n"
        + "component b : int[d] = 1 { b' = b }\ncomponent c : f64[] = 0.1 { c' = c }\n"
    )
    assert torch.equal(module.state["a"], torch.eye(3))
    assert torch.equal(module.state["b"], torch.ones(3, dtype=torch.int64))
    assert module.state["c"].dtype == torch.float64
    assert module.state["c"].item() == 0.1


def test_a_long_chain_of_copies(build):
    module = build(
        STEP
        + "component a[1] : scalar = 7 { a[1]' = a[1] }\n"
        + "for i in 2 .. 2000 { component a[i] : scalar = a[i - 1] + 1 { a[i]' = a[i] } }\n"
    )
    assert module.state["a[2000]"].item() == 2006


def test_initial_values_do_not_depend_on_the_order_of_the_file(build):
    lines = [f"component {name} : f32[4] ~ normal() {{ {name}' = {name} }}" for name in "abc"]
    one, two = build(STEP + "\n".join(lines)), build(STEP + "\n".join(lines[::-1]))
    for name in "abc":
        assert torch.equal(one.state[name], two.state[name])
    assert not torch.equal(one.state["a"], one.state["b"])
