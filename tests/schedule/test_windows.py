import pytest


def test_a_gradient_over_a_window_is_gathered_tick_by_tick(text_of):
    text = text_of(
        "component V : [d, c] ~ xavier() every four { V' = V - 0.1*grad(average(e), V) }\n"
        "e = mse(x @ V, x @ W)"
    )
    first, second = text.split("unit 1")
    assert "updated @average/grad(V)/" in first
    assert "mse(" in first
    assert "mse(" not in second
    assert "div(average_grad_V_next, 4)" in second
    assert "started @average/grad(V)/" in second


def test_what_scales_a_window_is_found_at_its_end(text_of):
    text = text_of(
        "component V : [d, c] ~ xavier() every four { V' = V - grad(exp(average(e)), V) }\n"
        "e = mse(x @ V, x @ W)"
    )
    _, second = text.split("unit 1")
    assert "exp(" in second
    assert "cross_entropy" not in second
    assert text.count("memory @average/e") == text.count("memory @average/grad(V)") == 1


def test_the_last_tick_of_a_window_needs_no_memory(text_of):
    text = text_of(
        "component V : [d, c] ~ xavier() every four { minimize latest(e) by gd(lr = 0.1) }\n"
        "e = mse(x @ V, x @ W)"
    )
    assert "memory" not in text
    assert text.startswith("unit 0, every four")


@pytest.mark.parametrize(
    "gathered",
    [
        "sum(average(x @ V))",
        "product(mse(x @ V, x @ W))",
        "sum(collect(mse(x @ V, x @ W), axis = 0))",
    ],
)
def test_a_window_of_more_than_numbers_is_refused(faults_of, gathered):
    text = f"component V : [d, c] ~ xavier() every four {{ V' = V - grad({gathered}, V) }}"
    assert faults_of(text) == ["NL0706"]


def test_a_gradient_from_tick_to_tick_is_refused(faults_of):
    text = """
component V : [d, c] ~ xavier() every four { V' = V - grad(average(s), V) }
s = 0.5*prev(s, 0) + mse(x @ V, x @ W)
"""
    assert faults_of(text) == ["NL0706"]
    assert faults_of(text.replace("0.5*prev(s, 0)", "0.5*prev(loss, 0)")) == []


def test_a_gradient_at_a_point_over_a_window_is_refused(faults_of):
    text = "component V : [d, c] ~ xavier() every four { V' = V - grad(average(e), V, at = 2*V) }"
    assert faults_of(f"{text}\ne = mse(x @ V, x @ W)") == ["NL0706"]


def test_a_state_cannot_be_replaced_in_ticks_that_are_over(faults_of):
    text = """
component V : [d, c] ~ xavier() every four { V' = V - average(e) with (V = 2*V) }
e = mse(x @ V, x @ W)
"""
    assert faults_of(text) == ["NL0707"]
    inside = "average(e with (V = 2*V))"
    assert faults_of(text.replace("average(e) with (V = 2*V)", inside)) == []


def test_the_update_of_a_slower_state_passes_no_gradient(faults_of):
    text = """
component V : like W = 0 every four { V' = V + rate*average(x)[0, 0] }
component rate : scalar = 1 every four { rate' = rate + 0*V[0, 0] }
component f : scalar = 1 every CLOCK { f' = f - grad(sum(W) with (W = V'), rate) }
"""
    assert faults_of(text.replace("CLOCK", "four")) == []
    assert faults_of(text.replace("CLOCK", "step")) == ["NL0708"]
