"""The scope of gradients: language.md, section 7."""

import pytest

STEP = "dim B = 4, d = 3\nclock step\ninput x : [B, d] every step\n"
TOKEN = (
    "dim T = 12, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [T, d] every sequence\n"
)
MEMORY = (
    "component start : [d] = 0 { start' = start - grad(loss, start) }\n"
    "component M : [d] = 0 every token reset every sequence to start { M' = 0.9 * M + e[token] }\n"
    "loss = sum(collect(M * e[token]))\n"
)

INDEPENDENT = {
    "nothing of it is read": "component W : [d] = 1 { W' = W - grad(sum(x), W) }\n",
    "it is stopped": "component W : [d] = 1 { W' = W - grad(sum(x @ stop(W)), W) }\n",
    "it is held, for the nearest": "component W : [d] = 1 { W' = W - grad(sum(x @ hold(W)), W) }\n",
    "only its new value is read": (
        "component V : [d] = 1 { V' = V + sum(x, 0) }\n"
        "component W : [d] = 1 { W' = W - grad(sum(x @ V'), V) }\n"
    ),
    "it is replaced": (
        "component V : [d] = 1 { V' = V + sum(x, 0) }\n"
        "component W : [d] = 1 { W' = W - grad(sum(x @ W) with (W = V), W) }\n"
    ),
    "it is read by an update that outlives the tick": (
        "component V : [d] = 1 { V' = V + W }\n"
        "component W : [d] = 1 { W' = W - grad(sum(x @ V), W) }\n"
    ),
    "a signal that is not read": (
        "u = sum(x, 0)\ncomponent W : [d] = 1 { W' = W - grad(sum(x @ W), u) }\n"
    ),
    "it is read only before an update that outlives the tick": (
        "component V : [d] = 1 { V' = V + W }\n"
        "component W : [d] = 1 { W' = W - grad(sum(x @ V'), W) }\n"
    ),
}


@pytest.mark.parametrize("case", INDEPENDENT)
def test_a_gradient_that_is_always_zero_is_an_error(timed, case):
    found = timed(STEP + INDEPENDENT[case])
    assert [code for code, _ in found.codes()] == ["NL0501"]


def test_the_help_for_a_primed_target_proposes_a_with(timed):
    (fault,) = timed(STEP + INDEPENDENT["only its new value is read"]).faults
    assert "… with (V = V')" in fault.help


DEPENDENT = {
    "through signals": STEP
    + "h = x @ W\nloss = sum(h^2)\ncomponent W : [d] = 1 { W' = W - grad(loss, W) }\n",
    "by the replacement of a with": STEP
    + "component W : [d] = 1 { W' = W - grad(sum(x @ W) with (W = W + 1), W) }\n",
    "by a primed state in a replacement, which stands for its update": STEP
    + "component r : scalar = 1 { r' = r - grad(sum(x @ W) with (W = W'), r) }\n"
    + "component W : [d] = 1 { W' = W - r * grad(sum(x @ W), W) }\n",
    "what is held, for an outer gradient": STEP
    + "component V : [d] = 1 { V' = V - grad(sum(grad(sum(W * W * hold(V)), W)), V) }\n"
    + "component W : [d] = 1 { W' = W + V }\n",
    "through updates and a reset inside the tick": TOKEN + MEMORY,
    "through the new value of what lives inside": TOKEN
    + MEMORY.replace("collect(M *", "collect(M' *"),
    "through what a memory inside the tick reads": TOKEN
    + MEMORY.replace("+ e[token]", "+ W * e[token]")
    + "component W : [d] = 1 { W' = W - grad(loss, W) }\n",
    "through an inner gradient": TOKEN
    + "component W : [d] = 1 { W' = W - grad(loss, W) }\n"
    + "component M : [d] = 0 every token reset every sequence {\n"
    + "  M' = M - grad(sum((M * e[token] - W)^2), M)\n}\n"
    + "loss = sum(collect(M' * e[token]))\n",
    "through a rule's inner gradient": "use std.optim (gd)\n"
    + TOKEN
    + "component W : [d] = 1 { W' = W - grad(loss, W) }\n"
    + "component M : [d] = 0 every token reset every sequence {\n"
    + "  minimize sum((M * e[token] - W)^2) by gd(lr = 0.1)\n}\n"
    + "loss = sum(collect(M' * e[token]))\n",
    "by a signal": STEP
    + "u = x @ W\nloss = sum(u^2)\n"
    + "component W : [d] = 1 { W' = W - sum(x * reshape(grad(loss, u), [B, 1]), 0) }\n",
    "a state that is reset with the tick, in it": TOKEN
    + "component M : [d] = 0 every sequence reset every sequence {\n"
    + "  M' = M - grad(sum(e @ M), M)\n}\n",
}


@pytest.mark.parametrize("case", DEPENDENT)
def test_a_gradient_reaches_its_target(timed, case):
    assert timed(DEPENDENT[case]).faults == ()


def test_an_update_inside_a_tick_that_reads_itself_alone_cuts_nothing_else(timed):
    """Truncated backpropagation: the state goes on, its gradient does not."""
    text = (
        TOKEN
        + "component cell : [d] = 1 { cell' = cell - grad(loss, cell) }\n"
        + "component hid : [d] = 0 every token reset every sequence to hid {\n"
        + "  hid' = tanh(e[token] * cell + hid)\n}\n"
        + "loss = sum(collect(hid'))\n"
    )
    assert timed(text).faults == ()


def test_an_unreached_state_of_a_reached_bundle_is_a_warning(timed):
    (fault,) = timed(
        "use std.optim (gd)\n"
        + STEP
        + "component W {\n  state a : [d] = 1\n  state b : [d] = 1\n"
        + "  minimize sum(x @ a) by gd(lr = 0.1)\n}\n"
    ).faults
    assert (fault.code, fault.severity) == ("NL0503", "warning")
    assert "`W.b`" in fault.message
    assert "`W.a`" not in fault.message


CHANGING = {
    "a memory inside the objective's tick": (
        TOKEN
        + "component start : [d] = 1\n"
        + "component M : [d] = 0 every token reset every sequence to start {\n"
        + "  M' = 0.9 * M + e[token]\n}\n"
        + "loss = sum(collect(M * e[token]))\n"
        + "component W : [d] = 1 { W' = W - grad(loss, M) }\n",
        ("`M` changes every token", "accumulate(grad(…, M), sequence)", "by `start`"),
    ),
    "a whole window's objective": (
        STEP
        + "clock four = 4 step\n"
        + "component fast : [d] = 1 { fast' = fast - grad(sum(x @ fast), fast) }\n"
        + "component W : [d] = 1 every four { W' = W - grad(average(sum(x @ fast)), fast) }\n",
        ("`fast` changes every step", "every 4 steps (`four`)"),
    ),
    "a signal": (
        TOKEN
        + "s = sum(e[token])\n"
        + "component W : [d] = 1 { W' = W * grad(average(s, sequence), s) }\n",
        ("`s` changes every token", "differentiate by a state"),
    ),
}


@pytest.mark.parametrize("case", CHANGING)
def test_a_target_that_changes_in_the_objectives_tick_is_an_error(timed, case):
    text, words = CHANGING[case]
    found = timed(text)
    assert [code for code, _ in found.codes()] == ["NL0502"]
    (fault,) = found.faults
    for word in words:
        assert word in f"{fault.message}\n{fault.help}"


def test_thousands_of_local_objectives_are_looked_at_together(timed):
    count = 2_000
    found = timed(
        STEP
        + "z[0] = sum(x)\n"
        + f"for i in 1 .. {count} {{\n"
        + "  component c[i] : scalar = 1 { c[i]' = c[i] - grad(z[i], c[i]) }\n"
        + "  z[i] = z[i-1] * c[i]\n}\n"
    )
    assert found.faults == ()
