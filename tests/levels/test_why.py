"""Why a component is above, below or beside another: frequencies, or the chain of reads."""

from __future__ import annotations

import nlgraph
from nlgraph.levels.why import Why, find_why
from nlgraph.system.ids import ComponentId

HEAD = "dim d = 3\nclock step\nclock slow = 4 step\ninput x : [d] every step\n"


def why(text: str, a: str, b: str) -> Why:
    system = nlgraph.loads(HEAD + text)
    return find_why(system.shaped.clocked, ComponentId(a), ComponentId(b))


def steps(found: Why) -> list[tuple[str, str, int]]:
    return [(s.reader, s.read, s.origin.span.line) for s in found.steps]


def test_the_one_that_updates_more_often_is_faster_whatever_is_read() -> None:
    text = (
        "component A : [d] = 0 { A' = A + x }\ncomponent M : [d] = 0 every slow { M' = M + A' }\n"
    )
    for names in (("A", "M"), ("M", "A")):
        found = why(text, *names)
        assert (found.faster, found.slower, found.steps) == ("A", "M", ())


def test_of_equal_frequencies_the_one_that_is_needed_is_faster() -> None:
    text = (
        "component A : [d] = 0 { A' = A + x }\n"
        "twice = 2 * A'\n"
        "more = twice + 1\n"
        "component M : [d] = 0 { M' = M + more }\n"
    )
    found = why(text, "M", "A")
    assert (found.faster, found.slower) == ("A", "M")
    assert steps(found) == [("M'", "more", 8), ("more", "twice", 7), ("twice", "A'", 6)]


def test_the_chain_runs_through_other_components_of_any_frequency() -> None:
    text = (
        "component A : [d] = 0 { A' = A + x }\n"
        "component S : [d] = 0 every slow { S' = S + A' }\n"
        "component M : [d] = 0 { M' = M + S' + x }\n"
    )
    found = why(text, "A", "M")
    assert (found.faster, found.slower) == ("A", "M")
    assert steps(found) == [("M'", "S'", 7), ("S'", "A'", 6)]


def test_an_old_value_is_no_need() -> None:
    text = (
        "component A : [d] = 0 { A' = A + x }\ncomponent M : [d] = 0 { M' = M + A + prev(A', 0) }\n"
    )
    assert why(text, "A", "M") == Why(None, None, ())


def test_frozen_and_non_parametric_components_stand_last_and_first() -> None:
    text = (
        "component F : [d] = 1\n"
        "component N { map (q) = q * 2 }\n"
        "component A : [d] = 0 { A' = A + N(x) * F }\n"
    )
    assert why(text, "F", "A").faster == "A"
    assert why(text, "A", "N").faster == "N"
    assert why(text, "F", "F") == Why(None, None, ())


def test_a_step_inside_a_rule_leads_back_to_the_users_line() -> None:
    text = "use std.optim (adam)\ncomponent A : [d] = 0 { minimize mean(x * A) by adam() }\n"
    found = why(text, "A", "A.v")
    assert (found.faster, found.slower) == ("A.v", "A")
    (step,) = found.steps
    assert (step.reader, step.read) == ("A'", "A.v'")
    assert step.origin.span.source.name == "std/optim.nl"
    assert step.origin.user.line == 6
