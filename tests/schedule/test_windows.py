from nlgraph import limits


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


def test_what_is_no_sum_of_ticks_runs_its_window_again(text_of):
    text = text_of(
        "component V : [d, c] ~ xavier() every four {\n  V' = V - grad(sum(average(x @ V)^2), V) }"
    )
    assert "memory @collect/input" in text
    first, *_ = text.split("unit 1")
    assert "place(" in first


def test_the_update_of_a_slower_state_passes_no_gradient(faults_of):
    text = """
component V : like W = 0 every four { V' = V + rate*average(x)[0, 0] }
component rate : scalar = 1 every four { rate' = rate + 0*V[0, 0] }
component f : scalar = 1 every CLOCK { f' = f - grad(sum(W) with (W = V'), rate) }
"""
    assert faults_of(text.replace("CLOCK", "four")) == []
    assert faults_of(text.replace("CLOCK", "step")) == ["NL0708"]


def test_windows_of_more_bytes_than_there_may_be_are_refused(faults_of, monkeypatch):
    text = "component V : [B, c] = 0 every four { V' = mean(collect(x @ W, axis = 0), 0) }"
    size = 4 * 5 * 3 * 4  # four values of f32[5, 3]
    monkeypatch.setattr(limits, "KEPT_BYTES", size)
    assert faults_of(text) == []
    monkeypatch.setattr(limits, "KEPT_BYTES", size - 1)
    assert faults_of(text) == ["NL0603"]
