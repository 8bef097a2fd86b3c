"""Names, templates and rules written out: the smallest file, and the equations that it means."""

from __future__ import annotations

import time
from fractions import Fraction

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.syntax.parse import parse
from nlgraph.system.ids import ComponentId
from nlgraph.system.model import Equations
from nlgraph.system.resolve import resolve
from nlgraph.system.text import equations_text
from nlgraph.text.source import Source

HEAD = "dim B = 8, d = 4\nclock step\ninput x : [B, d] every step\n"


def equations(text: str, clocks: dict[str, int] | None = None, **overrides: str) -> Equations:
    report = Report()
    known = (
        None
        if clocks is None
        else {ComponentId(name): Fraction(value) for name, value in clocks.items()}
    )
    result, _ = resolve(
        parse(Source("case.nl", text), report), overrides, report, clock_of_host=known
    )
    assert not report.errors, [d.message for d in report.errors]
    return result


def lines(text: str, clocks: dict[str, int] | None = None, **overrides: str) -> list[str]:
    return [
        line.strip() for line in equations_text(equations(text, clocks, **overrides)).splitlines()
    ]


def test_an_objective_and_its_rule_become_an_equation() -> None:
    text = HEAD + (
        "use std.optim (gd)\nloss = mean(x @ W)\n"
        "component W : [d, d] = 0 { minimize loss by gd(lr = 0.1, retain = 0.9) }"
    )
    assert "W' = (0.9 * W) - accumulate(0.1 * grad(loss, [W])[0], tick of W)" in lines(text)


def test_a_rules_components_bear_their_hosts_name() -> None:
    text = HEAD + (
        "use std.optim (momentum)\n"
        "component W : [d, d] = 0 { minimize mean(x @ W) by momentum(lr = 0.1) }"
    )
    result = equations(text)
    assert list(result.components) == ["W", "W.m"]
    assert result.components[ComponentId("W.m")].host == "W"
    assert "W' = W + W.m'" in equations_text(result)


def test_a_rule_does_not_take_the_states_of_its_host_for_its_own_names() -> None:
    for name in ("w", "v", "h", "g", "beta1"):
        text = HEAD + (
            "use std.optim (adam)\n"
            f"component a {{ state k, {name} : [d, d] = 1 }}\n"
            f"loss = mean(x @ a.k @ a.{name})\ntrain a minimize loss by adam(beta1 = 0.5)\n"
            f"output o = norm(a.m.{name})"
        )
        mean = f"average(grad(loss, [a.k, a.{name}])[1], tick of a)"
        assert f"a.m.{name}' = (0.5 * a.m.{name}) + (0.5 * {mean})" in lines(text)


def test_hosts_of_one_clock_form_one_bundle() -> None:
    text = HEAD + (
        "use std.optim (gd, clip_norm)\n"
        "component a : [d] = 0\ncomponent b : [d] = 0\ncomponent c : [d] = 0 every 2 step\n"
        "loss = mean(x * a + b + c)\n"
        "train a, b, c minimize average(loss) by clip_norm(1) then gd(lr = 1)"
    )
    written = "\n".join(lines(text, {"a": 1, "b": 1, "c": 2}))
    assert "grad(average(loss, tick of a), [a, b])" in written
    assert "grad(average(loss, tick of c), [c])" in written
    assert written.count("global_norm(") == 2


def test_for_each_makes_one_instance_for_each_tensor() -> None:
    text = HEAD + (
        "rule r(lr) for each W, g {\n"
        "  component s : like W[:, 0] = 0 { s' = s + norm(g) }\n  W' = W - lr * g * mean(s') }\n"
        "component W { state A, C : [d, d] = 0\n minimize mean(x @ A @ C) by r(lr = 1) }"
    )
    result = equations(text)
    assert list(result.components[ComponentId("W.s")].states) == ["W.s.A", "W.s.C"]
    written = equations_text(result)
    assert "W.s.A' = W.s.A + norm(%" in written or "W.s.A' = W.s.A + norm(grad(" in written
    assert "global_norm" not in written


def test_components_of_two_rules_of_a_chain_that_clash_get_the_rules_name() -> None:
    text = HEAD + (
        "transform smooth(a) for W, g {\n"
        "  component m : like W = 0 { m' = a * m + (1 - a) * g }\n  g' = m' }\n"
        "rule heavy(lr) for W, g {\n  component m : like W = 0 { m' = m + g }\n"
        "  W' = W - lr * m' }\n"
        "component W : [d] = 0 { minimize mean(x * W) by smooth(0.9) then heavy(lr = 1) }"
    )
    result = equations(text)
    assert list(result.components) == ["W", "W.smooth.m", "W.heavy.m"]
    assert "W.heavy.m' = W.heavy.m + W.smooth.m'" in equations_text(result)


def test_train_rest_takes_what_nothing_else_trains() -> None:
    text = HEAD + (
        "use std.optim (gd)\ncomponent a : [d] = 0\ncomponent b : [d] = 0\n"
        "component c : [d] = 0 { c' = c + b }\nloss = mean(x * a + b + c)\n"
        "train a minimize loss by gd(lr = 1)\ntrain rest minimize loss by gd(lr = 2)"
    )
    written = lines(text)
    assert "a' = (1 * a) - accumulate(1 * grad(loss, [a])[0], tick of a)" in written
    assert "b' = (1 * b) - accumulate(2 * grad(loss, [b])[0], tick of b)" in written
    assert "c' = c + b" in written


def test_a_states_own_equation_is_left_out_of_minimize() -> None:
    text = HEAD + (
        "use std.optim (gd)\ncomponent W { state A, C : [d] = 0\n C' = C + 1\n"
        " minimize mean(x * A + C) by gd(lr = 1) }"
    )
    written = equations_text(equations(text))
    assert "[W.A])[0]" in written
    assert "W.C' = W.C + 1" in written


def test_a_bundle_is_written_out_leaf_by_leaf() -> None:
    text = HEAD + (
        "component q { state A : [d] = 0\n state C : [d, d] = 0 }\n"
        "component target : like q = q every 100 step { target' = 0.5 * target + 0.5 * q' }"
    )
    written = lines(text)
    assert "target.A' = (0.5 * target.A) + (0.5 * q.A')" in written
    assert "target.C' = (0.5 * target.C) + (0.5 * q.C')" in written
    assert "init target.C = q.C" in written


def test_a_copied_component_has_the_map_of_its_model() -> None:
    text = HEAD + (
        "component a : [d, d] = 0 { map (z) = z @ a }\ncomponent b : like a = a\noutput y = b(x)"
    )
    assert "y = x @ b" in lines(text)


def test_a_primed_map_reads_the_updated_state() -> None:
    text = (
        HEAD + "component a : [d, d] = 0 { map (z) = z @ a\n a' = a + 1 }\noutput y = a'(x) - a(x)"
    )
    assert "y = (x @ a') - (x @ a)" in lines(text)


def test_families_chains_and_loops_are_written_out() -> None:
    text = HEAD + (
        "for i in 1 .. 3 { component layer[i] : [d, d] = 0 { map (z) = z @ layer[i] } }\n"
        "z[0] = x\nfor i in 1 .. 2 { z[i] = z[i-1] * i }\n"
        "output y = chain(layer, z[2]), s = stack(z)"
    )
    written = lines(text)
    assert "z[2] = z[1] * 2" in written
    assert "y = ((z[2] @ layer[1]) @ layer[2]) @ layer[3]" in written
    assert any(line.startswith("s = stack(z[0], z[1], z[2]") for line in written)


def test_a_fns_lines_run_in_order_and_may_bind_again() -> None:
    text = HEAD + (
        "fn f(a, n = 2) {\n  for i in 1 .. 2 {\n    a = a * a\n  }\n  b = a + n\n  return b\n}\n"
        "output y = f(x)"
    )
    written = lines(text)
    assert written[written.index("%1 = x * x") + 1] == "y = (%1 * %1) + 2"


def test_overrides_reach_what_is_computed_from_them() -> None:
    text = "dim d = 4, h = 4*d\nclock step\ninput x : [h] every step\noutput x"
    assert equations(text).dims == {"d": 4, "h": 16}
    assert equations(text, d="8").dims == {"d": 8, "h": 32}


def test_a_condition_that_is_known_keeps_its_branch_only() -> None:
    text = HEAD + "const n = 3\noutput y = if n > 2 then x else x / 0"
    assert "y = x" in lines(text)


def test_a_branch_for_each_dtype_of_draw_and_dropout() -> None:
    text = HEAD + "output y = x + normal(0, 1, [B, d]) + dropout(x, 0.5)"
    written = "\n".join(lines(text))
    assert "normal(0, 1) of 'y.normal.1'" in written
    assert "dropout_apply(x, uniform(0.0, 1.0) of 'y.dropout.1', learning, p = 0.5)" in written


def test_the_order_of_the_file_does_not_matter() -> None:
    body = [
        "use std.optim (gd)",
        "dim B = 8, d = 4",
        "clock step",
        "input x : [B, d] every step",
        "y = x @ W",
        "loss = mean(y)",
        "component W : [d, d] = 0 { minimize loss by gd(lr = 1) }",
        "output y",
    ]
    there = sorted(lines("\n".join(body)))
    assert sorted(lines("\n".join(reversed(body)))) == there


def test_what_a_rule_adds_inherits_the_reset_and_the_copies_of_its_host() -> None:
    text = HEAD + (
        "use std.optim (momentum)\nclock slow = 4 step\ncomponent start : [d] = 0\n"
        "component M : like start = start per B reset every slow to start {\n"
        "  minimize mean(x * M) by momentum(lr = 1) }"
    )
    written = lines(text)
    assert "reset M every slow to start" in written
    assert "reset M.m every slow" in written
    assert "component M.m per B" in written


def test_a_reset_to_its_own_name_keeps_the_value_also_in_what_a_rule_adds() -> None:
    text = HEAD + (
        "use std.optim (momentum)\nclock slow = 4 step\n"
        "component M : [d] = 0 reset every slow to M { minimize mean(x * M) by momentum(lr = 1) }"
    )
    written = lines(text)
    assert "reset M every slow to M" in written
    assert "reset M.m every slow to M.m" in written


def test_the_period_of_a_rules_component_may_count_its_hosts_updates() -> None:
    text = HEAD + (
        "rule r(C) for W, g {\n"
        "  component s : like W = 0 every (C) W { s' = s + accumulate(g) }\n  W' = W - s }\n"
        "component W : [d] = 0 { minimize mean(x * W) by r(C = 3) }"
    )
    written = lines(text)
    assert "clock 3 W = 3 W" in written
    assert "component W.s every 3 W" in written
    assert any(line.startswith("W.s' = W.s + accumulate(grad(") for line in written)
    assert any(line.endswith("tick of W.s)") for line in written)


def test_a_rules_gradient_is_held_where_the_rule_writes_a_gradient_of_its_own():
    text = HEAD + (
        "rule sam(rho, lr) for w, g, L { w' = w - lr * grad(L with (w = w + rho * g), w) - g }\n"
        "component W : [d] = 0 { minimize loss by sam(0.1, 1) }\n"
        "loss = sum(x @ W)\n"
    )
    written = "\n".join(lines(text))
    assert "W + (0.1 * hold(" in written
    assert "stop(" not in written


def test_an_argument_of_a_map_that_runs_copy_by_copy_is_one_value_of_all_copies() -> None:
    text = HEAD + (
        "component M : [d, d] = 0 per B { map (q) = q @ M }\n"
        "output y = M(2 * x), z = M(x - mean(x, B))"
    )
    written = lines(text)
    assert "y = per B: ((2 * x) @ M)" in written
    assert any(line.startswith("z.M.1 = x - mean(x, axis = ") for line in written)
    assert "z = per B: (z.M.1 @ M)" in written


def test_signals_that_branch_before_they_are_known_are_read_once() -> None:
    """Each reads the next twice: 2^60 ways, if every way were gone."""
    chain = "".join(f"a{i} = a{i + 1} + a{i + 1}\n" for i in range(60))
    start = time.process_time()
    found = equations(HEAD + chain + "a60 = x\noutput a0")
    assert len(found.signals) == 61
    assert time.process_time() - start < 2
