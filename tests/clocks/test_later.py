"""What only a later call could decide."""

import pytest

HEAD = (
    "dim B = 4, d = 3\nclock step\nclock four = 4 step\nclock eight = 8 step\n"
    "input x : [B, d] every step\ng = average(sum(x), four)\n"
)

FAULTS = {
    "a signal at a faster clock": ("s = g * sum(x)\n", [7], "`g` is known only at the end"),
    "a component at a faster clock": (
        "component W : scalar = 0 every 2 step { W' = W + g }\n",
        [7],
        "read every 2 steps",
    ),
    "the gather itself": ("s = average(sum(x), four) * sum(x)\n", [7], "this `average`"),
    "through another signal": ("h = 2 * g\ns = h * sum(x)\n", [8], "`h` is known only"),
    "inside a gather over another window": (
        "s = average(g * sum(x), eight)\n",
        [7],
        "`g` is known only",
    ),
    "inside a gradient": (
        "component W : [d] = 0 { W' = W - grad(g * sum(x @ W), W) }\n",
        [7],
        "`g` is known only",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_window_that_has_not_ended_cannot_be_read(timed, case):
    text, lines, words = FAULTS[case]
    found = timed(HEAD + text)
    assert found.codes() == [("NL0315", line) for line in lines]
    assert words in found.faults[0].message


SOUND = {
    "at its own clock": "component W : scalar = 0 every four { W' = W + g }\n",
    "at a slower clock": "component W : scalar = 0 every eight { W' = W + accumulate(g) }\n",
    "the window before": "s = prev(g, 0) * sum(x)\n",
    "a state that gathers is held": (
        "component W : scalar = 0 every four { W' = W + g }\ns = W * sum(x)\n"
    ),
    "an output": "output g\n",
    "an input that comes as slowly is there from the start": (
        "input z : [d] every four\ns = sum(z) * sum(x)\n"
    ),
}


@pytest.mark.parametrize("case", SOUND)
def test_a_window_that_has_ended_can_be_read(timed, case):
    assert timed(HEAD + SOUND[case]).faults == ()


def test_a_window_inside_a_call_is_whole_for_all_of_it(timed):
    found = timed(
        "dim T = 8, d = 3\nclock sequence\nclock token = sequence along T\n"
        "input e : [T, d] every sequence\ns = average(sum(e[token]), sequence)\n"
        "component M : [d] = 0 { M' = M + s * e[token] }\n"
    )
    assert found.faults == ()
