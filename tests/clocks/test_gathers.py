"""Reading across clocks: language.md, section 4. Each case: a text, and code, line and words."""

import pytest

STEP = "dim B = 4, d = 3\nclock step\ninput x : [B, d] every step\n"  # 3 lines
TOKEN = (
    "dim B = 4, T = 12, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [B, T, d] every sequence\n"
)  # 4 lines

FAULTS = {
    "a slow component reads a stream": (
        STEP + "component W : [d] = 0 every 16 step {\n  W' = W - sum(x, 0)\n}\n",
        ("NL0301", 5),
        ("`x` ticks every step, but `W` updates every 16 steps", "16 values of a window"),
    ),
    "a slow component reads a gradient": (
        STEP
        + "loss = sum(x @ W)\ncomponent W : [d] = 0 every 16 step {\n"
        + "  W' = W - grad(loss, W)\n}\n",
        ("NL0301", 6),
        ("the loss ticks every step", "the 16 gradients of a window", "accumulate(grad(…))"),
    ),
    "a slow component reads what a faster state was a tick before": (
        STEP
        + "component a : [d] = 0 { a' = a + sum(x, 0) }\n"
        + "component b : [d] = 0 every 4 step { b' = b + prev(a', 0) }\n",
        ("NL0301", 5),
        ("`prev(a', 0)` ticks every step", "the 4 values of a window"),
    ),
    "it counts another's updates": (
        STEP
        + "component a : [d] = 0 { a' = a + sum(x, 0) }\n"
        + "component b : [d] = 0 every 5 a { b' = b + sum(x, 0) }\n",
        ("NL0301", 5),
        ("`b` updates every 5 updates of `a`",),
    ),
    "a slow component reads tick of a faster clock": (
        TOKEN + "component W : scalar = 0 every sequence { W' = W + tick(token) }\n",
        ("NL0301", 5),
        ("`tick(token)` ticks every token",),
    ),
    "a slow component reads a signal that depends on an input": (
        TOKEN + "s = sum(e[token])\ncomponent W : scalar = 0 every sequence { W' = W + s }\n",
        ("NL0301", 6),
        ("`s` ticks every token, but `W` updates every sequence", "12 values"),
    ),
    "a slow component reads a faster state without a prime": (
        STEP
        + "component fast : [d] = 0 { fast' = fast + sum(x, 0) }\n"
        + "component slow : [d] = 0 every 4 step { slow' = slow + fast }\n",
        ("NL0302", 5),
        (
            "`fast` changes every step, but `slow` updates every 4 steps",
            "fast'` for the last value",
        ),
    ),
    "… through a signal that reads states only": (
        STEP
        + "component fast : [d] = 0 { fast' = fast + sum(x, 0) }\ntwice = 2 * fast\n"
        + "component slow : [d] = 0 every 4 step { slow' = slow + twice }\n",
        ("NL0302", 5),
        ("`fast` changes every step",),
    ),
    "a state beside the reader": (
        STEP
        + "component two : [d] = 0 every 2 step { two' = 0.5 * two }\n"
        + "component three : [d] = 0 every 3 step { three' = three + two }\n",
        ("NL0302", 5),
        ("`two` changes every 2 steps", "neither is made of whole ticks of the other"),
    ),
    "a stream beside the reader": (
        STEP
        + "clock pair = 2 step\ns = average(sum(x), pair)\n"
        + "component three : scalar = 0 every 3 step { three' = three + s }\n",
        ("NL0303", 6),
        ("`s` ticks every 2 steps (`pair`) and `three` updates every 3 steps", "slower than both"),
    ),
    "two streams beside each other in a signal": (
        STEP
        + "clock pair = 2 step\nclock triple = 3 step\n"
        + "s = average(sum(x), pair) + average(sum(x), triple)\n",
        ("NL0303", 6),
        (
            "ticks every 2 steps (`pair`)",
            "every 3 steps (`triple`)",
            "neither is made of whole ticks",
        ),
    ),
    "two states beside each other in an unstated component": (
        STEP
        + "component two : [d] = 0 every 2 step { two' = 0.5 * two }\n"
        + "component three : [d] = 0 every 3 step { three' = 0.5 * three }\n"
        + "component both : [d] = 0 { both' = two + three }\n",
        ("NL0303", 6),
        ("`two` ticks every 2 steps and `three` every 3 steps",),
    ),
    "two updates of one rule beside each other": (
        STEP
        + "component two : [d] = 0 every 2 step { two' = 0.5 * two }\n"
        + "component three : [d] = 0 every 3 step { three' = 0.5 * three }\n"
        + "component both {\n  state a, b : [d] = 0\n  a' = two\n  b' = three\n}\n",
        ("NL0303", 9),
        ("`two` ticks every 2 steps and `three` every 3 steps",),
    ),
    "a window that is no whole number of ticks": (
        STEP
        + "clock pair = 2 step\nclock triple = 3 step\ns = average(sum(x), pair)\n"
        + "t = average(s, triple)\n",
        ("NL0305", 7),
        ("is one tick of `triple`", "no whole number of ticks of `s`"),
    ),
    "a reset that is no whole number of updates": (
        STEP + "component m : [d] = 0 every 4 step reset every 6 step { m' = 0.5 * m }\n",
        ("NL0306", 4),
        ("`m` is reset every 6 steps", "updates, every 4 steps"),
    ),
    "a reset that is faster than the updates": (
        STEP + "component m : [d] = 0 every 4 step reset every step { m' = 0.5 * m }\n",
        ("NL0306", 4),
        ("`m` is reset every step",),
    ),
    "a reset to a stream that is faster than it": (
        TOKEN
        + "component m : [d] = 0 reset every sequence to sum(e[token], 0) {\n"
        + "  m' = m + sum(e[token], 0)\n}\n",
        ("NL0301", 5),
        ("ticks every token",),
    ),
    "a slice of what is not held": (
        TOKEN + "s = e[token]\nt = s[token]\n",
        ("NL0311", 6),
        ("`s` ticks every token", "inside `sequence`"),
    ),
    "an output that is faster than a call": (
        TOKEN + "output y = e[token]\n",
        ("NL0312", 5),
        ("`y` is returned every sequence, but `y` ticks every token", "collect(…)"),
    ),
    "an output of a state that is faster than a call": (
        TOKEN + "component M : [d] = 0 { M' = M + sum(e[token], 0) }\noutput y = M + 1\n",
        ("NL0312", 6),
        ("write M' for its last value",),
    ),
    "a collect over a clock that runs along nothing": (
        TOKEN + "clock chunk = 4 token\ns = average(e[token], chunk)\nr = collect(s)\n",
        ("NL0309", 7),
        ("names no clock", "`chunk`, along no dimension"),
    ),
    "a collect of a constant": (
        STEP + "r = collect(2 + 3)\n",
        ("NL0309", 4),
        ("never changes",),
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_read_across_clocks_that_says_not_which_value_is_one_error(timed, case):
    text, place, words = FAULTS[case]
    found = timed(text)
    assert found.codes() == [place]
    (fault,) = found.faults
    for word in words:
        assert word in f"{fault.message}\n{fault.help}"


def test_the_message_has_both_sides_and_a_fix(timed):
    text = (
        "dim T = 64, d = 4\nclock sequence\nclock token = sequence along T\n"
        "input e : [T, d] every sequence\n"
        "component low : [d, d] = 1 every 16 token {\n"
        "  loss = sum(e[token] @ low)\n"
        "  low' = low - 0.1 * grad(loss, low)\n}\n"
    )
    (fault,) = timed(text).faults
    assert fault.message == "`low.loss` ticks every token, but `low` updates every 16 tokens"
    primary, reader = fault.labels
    assert (primary.span.text, primary.text) == ("grad(loss, low)", "one gradient for every token")
    assert (reader.span.text, reader.text) == ("16 token", "`low` updates here")
    assert fault.help == (
        "say how the 16 gradients of a window are gathered:\n"
        "accumulate(grad(…)), average(grad(…)), latest(grad(…)) or collect(grad(…))"
    )


SOUND = {
    "a faster reader sees a stream held": TOKEN
    + "component M : [d] = 0 every token { M' = M + sum(sum(e, 0), 0) }\n",
    "a slower state is held": STEP
    + "component slow : [d] = 0 every 4 step { slow' = 0.5 * slow }\n"
    + "component fast : [d] = 0 { fast' = fast + slow + sum(x, 0) }\n",
    "a faster state is read primed": STEP
    + "component fast : [d] = 0 { fast' = fast + sum(x, 0) }\n"
    + "component slow : [d] = 0 every 4 step { slow' = slow + fast' }\n",
    "… through a signal": STEP
    + "component fast : [d] = 0 { fast' = fast + sum(x, 0) }\ntwice = 2 * fast'\n"
    + "component slow : [d] = 0 every 4 step { slow' = slow + twice }\n",
    "a faster state is gathered": STEP
    + "component fast : [d] = 0 { fast' = fast + sum(x, 0) }\n"
    + "component slow : [d] = 0 every 4 step { slow' = slow + average(fast) }\n",
    "a state beside the reader is read primed": STEP
    + "component two : [d] = 0 every 2 step { two' = 0.5 * two }\n"
    + "component three : [d] = 0 every 3 step { three' = three + two' }\n",
    "a stream beside the reader is gathered to a slower clock": STEP
    + "clock pair = 2 step\nclock six = 6 step\ns = average(sum(x), pair)\nt = average(s, six)\n"
    + "component twelve : scalar = 0 every 12 step { twelve' = twelve + accumulate(t) }\n",
    "streams beside each other under a faster one": STEP
    + "clock pair = 2 step\nclock triple = 3 step\n"
    + "s = prev(average(sum(x), pair), 0) * (prev(average(sum(x), triple), 0) * sum(x))\n",
    "a reset to another's state needs no prime": TOKEN
    + "component start : [d] = 0 { start' = start + sum(sum(e, 0), 0) }\n"
    + "component M : [d] = 0 reset every sequence to start { M' = M + sum(e[token], 0) }\n",
    "a gather of what is slower is what is held": TOKEN
    + "rate = sum(e)\ncomponent M : [d] = 0 every token { M' = M + average(rate) }\n",
    "an output of a slower stream": STEP
    + "clock slow = 4 step\noutput y = average(sum(x), slow)\n",
    "a frozen state is read by all": STEP
    + "component F : [d] = 1\ncomponent W : [d] = 0 every 3 step { W' = W + F }\n"
    + "output y = F * x\n",
}


@pytest.mark.parametrize("case", SOUND)
def test_a_read_that_says_which_value_it_means_is_sound(timed, case):
    assert timed(SOUND[case]).faults == ()


def test_independent_faults_come_in_one_run(timed):
    found = timed(
        STEP
        + "component a : [d] = 0 every 2 step { a' = a + sum(x, 0) }\n"
        + "component b : [d] = 0 every 3 step { b' = b + sum(x, 0) }\n"
        + "component c : [d] = 0 every 4 step { c' = c + a' + sum(x, 0) }\n"
    )
    assert found.codes() == [("NL0301", 4), ("NL0301", 5), ("NL0301", 6)]


def test_a_faulty_signal_gives_no_echo(timed):
    found = timed(
        STEP
        + "clock pair = 2 step\nclock triple = 3 step\n"
        + "s = average(sum(x), pair) + average(sum(x), triple)\n"
        + "t = s + 1\ncomponent W : scalar = 0 every 5 step { W' = W + t + s }\noutput y = s\n"
    )
    assert found.codes() == [("NL0303", 6)]
