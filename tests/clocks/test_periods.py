"""Periods that do not fit, and clocks that are made of themselves."""

import pytest

HEAD = (
    "dim T = 40, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [T, d] every sequence\n"
)

FAULTS = {
    "a period that does not divide the run of its clock": (
        HEAD + "clock chunk = 16 token\n",
        ("NL0304", 5),
        ("16 does not divide the 40 tokens of a tick of `sequence`", "--set T=…"),
    ),
    "… of a component": (
        HEAD + "component M : [d] = 0 every 7 token { M' = M + accumulate(sum(e[token], 0)) }\n",
        ("NL0304", 5),
        ("7 does not divide the 40 tokens",),
    ),
    "… longer than the run": (
        HEAD + "clock chunk = 80 token\n",
        ("NL0304", 5),
        ("80 does not divide the 40 tokens",),
    ),
    "… of a clock that divides a tick": (
        HEAD + "clock part = token / 6\nclock pair = 4 part\n",
        ("NL0304", 6),
        ("4 does not divide the 6 parts of a tick of `token`",),
    ),
    "… of a clock made of another": (
        HEAD + "clock pair = 2 token\nclock six = 3 pair\n",
        ("NL0304", 6),
        ("6 does not divide the 40 tokens",),
    ),
    "… that counts a component's updates": (
        HEAD
        + "component M : [d] = 0 every 4 token { M' = 0.5 * M }\n"
        + "component N : [d] = 0 every 3 M { N' = N + M' }\n",
        ("NL0304", 6),
        ("12 does not divide the 40 tokens",),
    ),
    "clocks that are made of each other": (
        HEAD + "clock a = 2 b\nclock b = 3 a\n",
        ("NL0307", 5),
        ("`a` → `b` → `a`",),
    ),
    "a component on a clock of its own updates": (
        HEAD + "clock pair = 2 M\ncomponent M : [d] = 0 every pair { M' = 0.5 * M }\n",
        ("NL0307", 5),
        ("made of itself", "`pair` → `M` → `pair`"),
    ),
    "a component inside the tick that its updates make": (
        HEAD
        + "clock five = 5 M\nclock ten = five / 10\n"
        + "component M : scalar = 0 { M' = M + tick(ten) }\n",
        ("NL0307", 7),
        ("the clock of `M` is made of itself",),
    ),
    "a clock that counts what is never updated": (
        HEAD + "component F : [d] = 0\ncomponent M : [d] = 0 every 2 F { M' = 0.5 * M }\n",
        ("NL0308", 6),
        ("counts the updates of `F`, which is never updated",),
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_period_that_does_not_fit_is_one_error(timed, case):
    text, place, words = FAULTS[case]
    found = timed(text)
    assert found.codes() == [place]
    (fault,) = found.faults
    for word in words:
        assert word in f"{fault.message}\n{fault.help}"


def test_a_period_as_long_as_the_run_divides_it(clocks):
    found = clocks(HEAD + "clock whole = 40 token\n")
    assert found.clocked.durations["whole"] == 1


def test_multiples_of_the_root_need_divide_nothing(clocks):
    found = clocks(HEAD + "clock slow = 7 sequence\nclock slower = 3 slow\n")
    assert found.clocked.durations["slower"] == 21


def test_the_lines_of_a_cycle_are_all_shown(timed):
    (fault,) = timed(HEAD + "clock a = 2 b\nclock b = 3 c\nclock c = a / 6\n").faults
    assert [label.span.line for label in fault.labels] == [5, 6, 7]


def test_a_clock_made_of_itself_gives_no_echo(timed):
    found = timed(
        HEAD
        + "clock a = 2 b\nclock b = 3 a\n"
        + "component M : [d] = 0 every a { M' = M + sum(e[token], 0) }\noutput y = M\n"
    )
    assert [code for code, _ in found.codes()] == ["NL0307"]


def test_a_component_may_read_a_clock_inside_the_ticks_that_it_makes(clocks):
    found = clocks(
        "clock step\ncomponent M : scalar = 0 { M' = M + 1 }\nclock five = 5 M\n"
        "clock inner = five / 10\ncomponent N : scalar = 0 { N' = N + tick(inner) + M }\n"
    )
    assert found.component("N") == "inner"
