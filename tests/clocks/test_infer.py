"""Section 4 of the language: the clock of everything, rule by rule."""

from fractions import Fraction

import pytest

STEP = "dim B = 4, d = 3\nclock step\ninput x : [B, d] every step\n"
TOKEN = (
    "dim B = 4, T = 12, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [B, T, d] every sequence\n"
)


# --------------------------------------------------------------------------- clocks themselves


def test_lengths_are_exact_and_in_root_ticks(clocks):
    found = clocks(
        TOKEN
        + "clock chunk = 4 token\nclock half = sequence / 2\nclock slow = 3 sequence\n"
        + "clock slower = 5 slow\n"
    )
    lengths = {name: str(length) for name, length in found.clocked.durations.items()}
    assert lengths == {
        "sequence": "1",
        "token": "1/12",
        "chunk": "1/3",
        "half": "1/2",
        "slow": "3",
        "slower": "15",
    }


def test_a_clock_counts_the_updates_of_an_inferred_component(clocks):
    found = clocks(
        STEP
        + "component fast : [d] = 0 every 3 step { fast' = 0.5 * fast }\n"
        + "component slow : [d] = 0 every 5 fast { slow' = slow + fast' }\n"
        + "component follows : [d] = 0 { follows' = fast - 1 }\n"
        + "component counts : [d] = 0 every 2 follows { counts' = counts + 1 }\n"
    )
    assert found.clocked.frequency("slow") == Fraction(1, 15)
    assert found.component("follows") == "3 step"
    assert found.clocked.frequency("counts") == Fraction(1, 6)


# --------------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("signal", "clock", "stream"),
    [
        ("s = sum(x)", "step", True),
        ("s = held", "4 step", False),
        ("s = held'", "4 step", False),
        ("s = held + sum(x)", "step", True),
        ("s = fixed", None, False),
        ("s = 2", None, False),
        ("s = fixed + 2 * held", "4 step", False),
        ("clock slow = 4 step\ns = average(sum(x), slow)", "slow", True),
        ("s = average(held, step)", "step", False),
        ("s = normal(0, 1, [d])", "step", True),
        ("s = normal(0, 1, [d]) + held", "4 step", True),
        ("s = tick(step)", "step", True),
        ("s = prev(sum(x), 0)", "step", True),
        ("s = prev(s, 0) + 1", "step", True),
        ("s = prev(s, 0) + held", "4 step", True),
        ("s = grad(sum(held * x), held)", "step", True),
        ("s = grad(sum(held * fixed), held)", "4 step", False),
        ("s = stop(held)", "4 step", False),
    ],
)
def test_the_clock_of_an_expression_is_the_fastest_of_what_it_reads(clocks, signal, clock, stream):
    found = clocks(
        STEP
        + "component held : [d] = 0 every 4 step { held' = 0.5 * held }\n"
        + "component fixed : [d] = 0\n"
        + signal
    )
    assert found.signal("s") == (clock, stream)


def test_a_slice_counts_with_its_clock(clocks):
    found = clocks(TOKEN + "component p : [T, d] = 0\ns = e[token]\nt = p[token]\n")
    assert found.signal("s") == ("token", True)
    assert found.signal("t") == ("token", True)


def test_a_signal_counts_with_its_own_clock(clocks):
    found = clocks(TOKEN + "s = sum(e[token])\nt = average(s, sequence)\nu = t + 1\n")
    assert found.signal("u") == ("sequence", True)


def test_collect_without_a_clock_fills_the_parent(clocks):
    found = clocks(TOKEN + "r = collect(e[token] * 2)\n")
    assert found.windows() == [("collect", "sequence")]
    assert found.signal("r") == ("sequence", True)


def test_a_draw_in_a_body_has_the_clock_of_its_component(clocks):
    found = clocks(
        TOKEN
        + "component M : [d] = 0 every token { noise = normal(0, 1, [d])\n M' = M + noise }\n"
        + "component N : [d] = 0 every token { N' = N + normal(0, 1, [d]) }\n"
    )
    assert found.signal("M.noise") == ("token", True)


def test_tick_in_an_update_counts_with_its_component(clocks):
    found = clocks(
        STEP
        + "component a : [d] = 0 every 4 step { a' = a + tick }\n"
        + "component b : [d] = 0 { b' = b + a }\n"
    )
    assert found.component("b") == "4 step"


# --------------------------------------------------------------------------- components


def test_an_unstated_component_has_the_clock_of_its_update(clocks):
    found = clocks(
        TOKEN
        + "component M : [d] = 0 { M' = M + sum(e[token], 0) }\n"
        + "component W : [d] = 0 { W' = W + sum(sum(e, 0), 0) }\n"
    )
    assert (found.component("M"), found.component("W")) == ("token", "sequence")


def test_one_that_reads_nothing_has_the_roots(clocks):
    found = clocks(STEP + "component n : scalar = 0 { n' = n + 1 }")
    assert found.component("n") == "step"


def test_those_that_read_only_each_other_have_the_roots(clocks):
    found = clocks(
        STEP + "component a : scalar = 0 { a' = b }\ncomponent b : scalar = 0 { b' = a + 1 }"
    )
    assert (found.component("a"), found.component("b")) == ("step", "step")


def test_in_a_cycle_the_slowest_clocks_that_satisfy_are_taken(clocks):
    found = clocks(
        STEP
        + "component a : [d] = 0 { a' = b + held }\n"
        + "component b : [d] = 0 { b' = c - 1 }\n"
        + "component c : [d] = 0 { c' = a }\n"
        + "component held : [d] = 0 every 8 step { held' = 0.5 * held }\n"
    )
    assert {found.component(name) for name in "abc"} == {"8 step"}


def test_the_fastest_read_anywhere_in_a_cycle_decides(clocks):
    found = clocks(
        TOKEN
        + "component a : [d] = 0 { a' = b + sum(sum(e, 0), 0) }\n"
        + "component b : [d] = 0 { b' = a + sum(e[token], 0) }\n"
    )
    assert (found.component("a"), found.component("b")) == ("token", "token")


def test_a_gather_that_names_no_clock_counts_with_what_it_gathers(clocks):
    found = clocks(STEP + "component W : [d] = 0 { W' = W - accumulate(sum(x, 0)) }")
    assert found.component("W") == "step"
    assert found.windows() == [("accumulate", "step")]


def test_a_gather_of_a_stated_component_has_its_window(clocks):
    found = clocks(STEP + "component W : [d] = 0 every 6 step { W' = W - accumulate(sum(x, 0)) }")
    assert found.windows() == [("accumulate", "6 step")]


def test_a_gather_that_names_its_clock_counts_with_it(clocks):
    found = clocks(
        STEP + "clock slow = 4 step\ncomponent W : [d] = 0 { W' = W - average(sum(x, 0), slow) }"
    )
    assert found.component("W") == "slow"


def test_what_a_rule_adds_has_its_hosts_clock(clocks):
    found = clocks(
        "use std.optim (adamw)\n"
        + STEP
        + "component W : [d] = 0 { minimize sum(x @ W) by adamw() }\n"
        + "component V : [d] = 0 every 3 step { minimize average(sum(x @ V)) by adamw() }\n"
    )
    assert [found.component(n) for n in ("W", "W.m", "V", "V.m", "V.v")] == [
        "step",
        "step",
        "3 step",
        "3 step",
        "3 step",
    ]


def test_a_slow_component_in_a_rule_counts_its_hosts_updates(clocks):
    found = clocks(
        STEP
        + "rule slow(C) for w, g {\n"
        + "  component s : like w = 0 every (C) w { s' = s + accumulate(g) }\n"
        + "  w' = w - g - s\n}\n"
        + "component W : [d] = 0 every 2 step { minimize average(sum(x @ W)) by slow(5) }\n"
    )
    assert found.clocked.frequency("W.s") == Fraction(1, 10)


def test_what_is_never_updated_is_frozen_and_what_has_no_state_is_infinite(clocks):
    found = clocks(
        STEP + "component F : [d] = 0\ncomponent A { map (q) = relu(q) }\ny = A(x) + F\n"
    )
    assert found.clocked.frequency("F") == 0
    assert found.clocked.frequency("A") is None
    assert found.component("F") is None


def test_a_stated_clock_of_a_host_holds_for_what_is_in_its_body(clocks):
    found = clocks(
        STEP
        + "component M : [d] = 0 every 3 step {\n"
        + "  component S : [d] = 0 { S' = 0.5 * S }\n  M' = M + S'\n}\n"
    )
    assert found.component("M.S") == "3 step"


def test_the_order_of_the_file_changes_nothing(clocks):
    lines = [
        "component a : [d] = 0 { a' = b' + held }",
        "component b : [d] = 0 { b' = s }",
        "component held : [d] = 0 every 8 step { held' = 0.5 * held }",
        "s = held * 2",
    ]
    ways = [
        clocks(STEP + "\n".join(order)) for order in (lines, lines[::-1], lines[1:] + lines[:1])
    ]
    assert len({str([w.component(n) for n in ("a", "b", "held")]) for w in ways}) == 1


@pytest.mark.timeout(60)
def test_ten_thousand_components_that_read_two_neighbours(clocks):
    count = 10_000
    found = clocks(
        STEP
        + "component c[0] : [d] = 0 { c[0]' = sum(x, 0) }\n"
        + f"component c[{count + 1}] : [d] = 0\n"
        + f"for i in 1 .. {count} {{ component c[i] : [d] = 0 {{ c[i]' = c[i-1]' + c[i+1] }} }}\n"
    )
    assert set(found.clocked.components.values()) == {"step", None}
