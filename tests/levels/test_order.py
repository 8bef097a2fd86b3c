"""Definition 2 on the smallest systems; the paper's own are in `test_golden.py`."""

import time

import pytest

import nlgraph

HEAD = "dim B = 4, T = 8, d = 3\nclock step\ninput x : [B, d] every step\n"
TOKEN = (
    "dim T = 8, d = 3\nclock sequence\nclock token = sequence along T\n"
    "input e : [T, d] every sequence\n"
)


def component(name: str, update: str, clauses: str = "") -> str:
    return f"component {name} : [d] = 1 {clauses} {{ {name}' = {update} }}\n"


def test_equal_frequency_without_need_shares_a_level(levels):
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b - a")
    assert levels(text) == [({"a", "b"}, "1")]


def test_the_one_that_is_needed_at_the_same_time_is_faster(levels):
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b - a'")
    assert levels(text) == [({"a"}, "1"), ({"b"}, "1")]


def test_a_higher_frequency_is_faster_whatever_is_needed(levels):
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + sum(x, 0)", "")
    text += component("slow", "a'", "every 4 step")
    assert levels(text) == [({"a", "b"}, "1"), ({"slow"}, "1/4")]


def test_a_need_passes_through_signals(levels):
    text = HEAD + "s = sum(t)\nt = a' * x\n" + component("a", "a + 1") + component("b", "b + s")
    assert levels(text) == [({"a"}, "1"), ({"b"}, "1")]


def test_a_need_passes_through_a_component_of_another_frequency(levels):
    """b needs slow's new value, which at the same instant needs a's."""
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + slow' + sum(x, 0)")
    text += component("slow", "slow + a'", "every 4 step")
    assert levels(text) == [({"a"}, "1"), ({"b"}, "1"), ({"slow"}, "1/4")]


def test_a_delay_passes_no_need_on(levels):
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + slow + sum(x, 0)")
    text += component("slow", "slow + a'", "every 4 step")
    assert levels(text) == [({"a", "b"}, "1"), ({"slow"}, "1/4")]


def test_prev_passes_no_need_on(levels):
    text = HEAD + "s = prev(sum(a' * x), 0)\n" + component("a", "a + 1")
    text += component("b", "b + s")
    assert levels(text) == [({"a", "b"}, "1")]


def test_a_gather_sees_its_whole_window(levels):
    """The window of r holds many updates of M, and each reads what a made in this call."""
    text = TOKEN + component("a", "a + sum(e, 0)") + "r = collect(M)\n"
    text += component("M", "M + a' * e[token]", "every token")
    text += component("b", "b + sum(r, 0)")
    assert levels(text) == [({"M"}, "8"), ({"a"}, "1"), ({"b"}, "1")]


def test_levels_are_the_longest_chain(levels):
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + a'")
    text += component("c", "c + a' + b'") + component("d2", "d2 + a'")
    assert levels(text) == [({"a"}, "1"), ({"b", "d2"}, "1"), ({"c"}, "1")]


def test_equal_rank_is_not_transitive():
    """c equals a and b, though a is faster than b: it is put lowest and its range reported."""
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + a'")
    text += component("c", "c + sum(x, 0)")
    system = nlgraph.loads(text)
    assert [level.components for level in system.levels] == [("a", "c"), ("b",)]
    assert system.components["c"].range == (1, 2)
    assert system.components["a"].range == (1, 1)


def test_a_range_ends_before_the_first_that_needs_it():
    text = HEAD + component("a", "a + sum(x, 0)") + component("b", "b + a'")
    text += component("c", "c + b'") + component("late", "late + 1") + component("z", "z + late'")
    system = nlgraph.loads(text)
    assert system.components["late"].range == (1, 2)
    assert system.components["z"].range == (2, 3)


def test_non_parametric_components_come_first_and_frozen_ones_last():
    text = HEAD + "component f : [d] = 1\ncomponent A { map (q) = relu(q) }\n"
    text += component("w", "w + sum(A(x) * f, 0)")
    system = nlgraph.loads(text)
    assert [(level.index, level.frequency, level.components) for level in system.levels] == [
        (1, None, ("A",)),
        (2, 1, ("w",)),
        (3, 0, ("f",)),
    ]


def test_two_states_of_one_component_have_one_level(levels):
    text = HEAD + "component a {\n  state p, q : [d] = 1\n  p' = p + sum(x, 0)\n  q' = q + p'\n}\n"
    text += component("b", "b + a.q'")
    assert levels(text) == [({"a"}, "1"), ({"b"}, "1")]


def test_components_that_need_each_other_by_other_states_share_a_level(levels):
    text = HEAD + "component a {\n  state p, q : [d] = 1\n  p' = p + sum(x, 0)\n  q' = b.q'\n}\n"
    text += "component b {\n  state p, q : [d] = 1\n  p' = a.p'\n  q' = q + sum(x, 0)\n}\n"
    assert levels(text) == [({"a", "b"}, "1")]


PAIRS = {
    "heavy ball, Lion": ("W - m'", "W - m", "m", "0.9 * m + grad(loss, W)"),
    "average of the new, of the old": (
        "W - grad(loss, W) + 0 * m'",
        "W - grad(loss, W) + 0 * m",
        "m",
        "0.9 * m + grad(loss, W)",
    ),
}


@pytest.mark.parametrize("case", PAIRS)
def test_one_prime_makes_two_levels_of_one(levels, case):
    new, old, name, update = PAIRS[case]
    text = HEAD + "loss = sum(x @ W)\n" + component(name, update)
    assert len(levels(text + component("W", new))) == 2
    assert len(levels(text + component("W", old))) == 1


def test_the_order_of_the_file_changes_no_level(levels):
    lines = [
        component("a", "a + sum(x, 0)"),
        component("b", "b + a'"),
        component("c", "c + b'"),
        component("late", "late + 1"),
    ]
    ways = [levels(HEAD + "".join(order)) for order in (lines, lines[::-1], lines[2:] + lines[:2])]
    assert ways[0] == ways[1] == ways[2]


def _chain(count: int) -> str:
    return (
        HEAD
        + component("c[0]", "sum(x, 0)")
        + f"component c[{count + 1}] : [d] = 0\n"
        + f"for i in 1 .. {count} {{ component c[i] : [d] = 0 {{\n"
        + "  c[i]' = 0.5 * c[i] + 0.2 * c[i-1]' + 0.1 * c[i+1]\n} }\n"
        + f"output y = c[{count}]\n"
    )


@pytest.mark.timeout(120)
def test_time_grows_with_the_system_and_not_faster():
    """Ten times the components take at most some twenty times as long, not a hundred."""
    nlgraph.loads(_chain(10))
    seconds = []
    for count in (1_000, 10_000):
        start = time.process_time()
        system = nlgraph.loads(_chain(count))
        seconds.append(time.process_time() - start)
        assert len(system.levels) == count + 2
    assert seconds[1] < 25 * seconds[0]
