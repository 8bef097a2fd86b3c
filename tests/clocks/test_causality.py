"""Cycles without a delay, printed step by step; and the delays that break them."""

import pytest

STEP = "dim B = 4, d = 3\nclock step\ninput x : [B, d] every step\n"
TOKEN = (
    "dim T = 12, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [T, d] every sequence\n"
)

CYCLES = {
    "two states that read each other's new value": (
        STEP + "component a : [d] = 0 { a' = b' }\ncomponent b : [d] = 0 { b' = 2 * a' }\n",
        ["a'", "b'"],
        [4, 5],
    ),
    "a state that reads its own": (
        STEP + "component a : [d] = 0 { a' = a' + 1 }\n",
        ["a'"],
        [4],
    ),
    "signals": (STEP + "s = t + sum(x)\nt = u\nu = 2 * s\n", ["s", "t", "u"], [4, 5, 6]),
    "through a signal": (
        STEP + "s = sum(x @ W')\ncomponent W : [d] = 0 { W' = W - s }\n",
        ["s", "W'"],
        [4, 5],
    ),
    "inside a gradient": (
        STEP
        + "loss = sum(x @ W + b')\ncomponent W : [d] = 0 { W' = W - grad(loss, W) }\n"
        + "component b : [d] = 0 { b' = b + W' }\n",
        ["loss", "b'", "W'"],
        [4, 6, 5],
    ),
    "a gather on the same clock is no delay": (
        STEP + "component a : [d] = 0 { a' = a - average(sum(s)) }\ns = a' * 2\n",
        ["a'", "s"],
        [4, 5],
    ),
    "a slower one that reads the last of a faster one that reads it new": (
        STEP
        + "component fast : [d] = 0 { fast' = slow' + sum(x, 0) }\n"
        + "component slow : [d] = 0 every 4 step { slow' = fast' }\n",
        ["fast'", "slow'"],
        [4, 5],
    ),
    "a memory that reads what its whole window makes": (
        TOKEN
        + "r = collect(M * e[token])\n"
        + "component M : [d] = 0 every token { M' = M + sum(r, 0) }\n",
        ["r", "M'"],
        [5, 6],
    ),
    "two memories that gather each other": (
        TOKEN
        + "component M : [d] = 0 every token { M' = M + n[token] }\n"
        + "component N : [d] = 0 every token { N' = N + m[token] }\n"
        + "m = collect(M)\nn = collect(N)\n",
        ["M'", "n", "N'", "m"],
        [5, 8, 6, 7],
    ),
}


@pytest.mark.parametrize("case", CYCLES)
def test_a_cycle_is_printed_step_by_step(timed, case):
    text, steps, lines = CYCLES[case]
    found = timed(text)
    (fault,) = [f for f in found.faults if f.code == "NL0313"]
    names = " → ".join(f"`{step}`" for step in [*steps, steps[0]])
    assert names in fault.message
    assert [label.span.line for label in fault.labels] == lines


def test_the_window_of_a_cycle_is_named(timed):
    text, _, _ = CYCLES["a memory that reads what its whole window makes"]
    (fault,) = timed(text).faults
    assert "within one tick of `sequence`" in fault.message


DELAYED = {
    "an unprimed state": STEP
    + "component a : [d] = 0 { a' = b }\ncomponent b : [d] = 0 { b' = 2 * a' }\n",
    "prev": STEP + "s = prev(s, 0) + sum(x)\n",
    "prev of another": STEP + "s = t + sum(x)\nt = prev(s, 0)\n",
    "a state in its own gradient": STEP
    + "loss = sum(x @ W)\ncomponent W : [d] = 0 { W' = W - grad(loss, W) }\n",
    "a memory that is gathered for what trains its start": TOKEN
    + "component start : [d] = 0 { start' = start - grad(sum(r), start) }\n"
    + "component M : [d] = 0 every token reset every sequence to start {\n"
    + "  M' = 0.9 * M + e[token]\n}\n"
    + "r = collect(M * e[token])\n",
    "two stacked memories": TOKEN
    + "component M : [d] = 0 every token { M' = M + e[token] }\nm = collect(M')\n"
    + "component N : [d] = 0 every token { N' = N + m[token] }\nn = collect(N')\noutput n\n",
    "a slow state inside the window": TOKEN
    + "component W : [d] = 0 { W' = W + sum(r, 0) }\n"
    + "component M : [d] = 0 every token { M' = M + W * e[token] }\nr = collect(M)\n",
    "a whole window's delay": TOKEN
    + "component M : [d] = 0 every token { M' = M + prev(r, 0) * e[token] }\n"
    + "r = average(M, sequence)\n",
}


@pytest.mark.parametrize("case", DELAYED)
def test_a_delay_breaks_a_cycle(timed, case):
    assert timed(DELAYED[case]).faults == ()


def test_each_cycle_is_one_error(timed):
    found = timed(
        STEP
        + "component a : [d] = 0 { a' = b' }\ncomponent b : [d] = 0 { b' = a' }\n"
        + "component c : [d] = 0 { c' = d2' + a' }\ncomponent d2 : [d] = 0 { d2' = c' }\n"
    )
    assert [code for code, _ in found.codes()] == ["NL0313", "NL0313"]


def test_a_long_cycle_needs_no_recursion(timed):
    count = 5_000
    found = timed(
        STEP + f"z[0] = z[{count}] + sum(x)\nfor i in 1 .. {count} {{ z[i] = z[i-1] * 2 }}\n"
    )
    (fault,) = found.faults
    assert fault.code == "NL0313"
    assert len(fault.labels) == count + 1


def test_states_that_are_reset_to_each_other(timed):
    (fault,) = timed(
        TOKEN
        + "component a : [d] = 0 every token reset every sequence to b { a' = a + e[token] }\n"
        + "component b : [d] = 0 every token reset every sequence to a { b' = b + e[token] }\n"
    ).faults
    assert fault.code == "NL0314"
    assert "`a` → `b` → `a`" in fault.message
    assert [label.span.line for label in fault.labels] == [5, 6]


def test_a_reset_to_the_own_name_is_none(timed):
    text = (
        TOKEN
        + "component a : [d] = 0 every token reset every sequence to a { a' = a + e[token] }\n"
    )
    assert timed(text).faults == ()
