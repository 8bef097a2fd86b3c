"""Extern components without their modules: checked, clocked and levelled like all others."""

import json
import subprocess
import sys

import pytest
import torch

import nlgraph
from nlgraph.cli.main import main
from nlgraph.system.text import equations_text
from tests.extern.conftest import HEAD

RULES = ["gd(lr = 0.1)", "adamw()", "clip_norm(1) then sgd(lr = 0.1, momentum = 0.9)"]


def components(system):
    return {
        name: (c.frequency, c.level, c.range, c.kind, c.clock)
        for name, c in system.components.items()
    }


def edges(system):
    return sorted((a, b, d["kind"], d.get("via")) for a, b, d in system.graph.edges(data=True))


def codes(text):
    with pytest.raises(nlgraph.SpecError) as raised:
        nlgraph.loads(HEAD + text)
    return [fault.code for fault in raised.value.diagnostics]


def test_a_trained_one_is_parametric_and_its_states_are_not_known():
    system = nlgraph.loads(
        HEAD
        + """
        component encoder = extern([B, c], [B, h]) every 4 step
        loss = cross_entropy(encoder(x), y)
        train encoder minimize average(loss) by adamw()
        """
    )
    document = json.loads(system.to_json())
    found = {
        entry["name"]: (entry["level"], entry["frequency"], entry["kind"], entry["states"])
        for entry in document["components"]
    }
    assert found == {
        "encoder.m": (1, "1/4", "parametric", {}),
        "encoder.v": (1, "1/4", "parametric", {}),
        "encoder": (2, "1/4", "parametric", {}),
    }
    assert {(e["from"], e["to"], e["kind"]) for e in document["edges"]} == {
        ("encoder.m", "encoder", "same-time"),
        ("encoder.v", "encoder", "same-time"),
        ("encoder", "encoder.m", "context"),
        ("encoder", "encoder.v", "context"),
    }


def test_one_that_nothing_trains_is_frozen_and_no_oversight():
    system = nlgraph.loads(
        HEAD + "component f = extern([B, c], [B, h])\nmetric z = mean(f(x)) + 0 * sum(y)"
    )
    assert system.components["f"].kind == "frozen"
    assert system.components["f"].frequency == 0
    assert [w.code for w in system.warnings if "`f`" in w.message] == []


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("clock", ["", "every 3 step"])
def test_levels_are_the_same_with_the_module_as_without(encoder, rule, clock):
    system = nlgraph.loads(
        HEAD
        + f"""
        component encoder = extern([B, c], [B, h]) {clock}
        component slow : like encoder = encoder every 6 step {{
          slow' = 0.9 * slow + 0.1 * encoder'
        }}
        component head : [h, h] ~ xavier()
        component last = extern([B, h], [B, h])
        loss = cross_entropy(last(encoder(x) @ head), y) + mean(slow(x)^2)
        train encoder, head minimize average(loss) by {rule}
        metric loss
        """
    )
    module = nlgraph.compile(
        system, modules={"encoder": encoder, "last": torch.nn.Linear(3, 3)}, seed=2
    )
    bound = module._system.shaped.clocked
    again = nlgraph.frontend.derive_levels(bound)
    assert again.levels == system.level_graph.levels
    assert again.ranges == system.level_graph.ranges
    assert {
        (a, b, net.kind) for net in again.nets for a in net.sources for b in net.targets if a != b
    } == {(a, b, kind) for a, b, kind in system.graph.edges(keys=True)}


def test_arguments_are_checked_by_the_names_of_dimensions():
    assert codes("component f = extern([B, h], [B, h])\nmetric z = mean(f(x))") == ["NL0409"]
    assert codes("component f = extern(int[B], [B, h])\nmetric z = mean(f(x))") == ["NL0409"]
    assert codes("component f = extern([B, c], [B, h])\nmetric z = mean(f(1))") == ["NL0409"]
    assert codes("component f = extern([B, c], [B, h])\nmetric z = mean(f(x, y))") == ["NL0214"]
    assert codes("component f = extern([B, c], [B, h])\nmetric z = mean(f(x) @ x)") == ["NL0402"]


def test_it_has_a_type_for_what_reads_it():
    system = nlgraph.loads(
        HEAD + "component f = extern([B, c], int[B], bf16[B, 2])\nz = f(x, y)\noutput z"
    )
    assert str(system.shaped.signals["z"]) == "bf16[B, 2]"


@pytest.mark.parametrize(
    "component",
    [
        "component f = extern()",
        "component f = extern(c, h)",
        "component f = extern([B, c], [B, h], d = 3)",
        "component f = extern([B, c], x[0:2])",
        "component f = extern([B, c], 3)",
    ],
)
def test_a_signature_that_cannot_be_read_is_one_fault(component):
    assert codes(f"{component}\nmetric z = mean(f(x))") == ["NL0225"]


@pytest.mark.parametrize(
    "rest",
    [
        "per B",
        "reset every step",
        "{ state u : [c] = 0 }",
        "{ map (u) = u }",
    ],
)
def test_what_a_module_cannot_have_is_refused(rest):
    assert codes(f"component f = extern([B, c], [B, h]) {rest}") == ["NL0226"]


def test_an_inner_one_of_a_copied_component_is_refused():
    text = "component M per B { component f = extern([c], [h]) }"
    assert codes(text) == ["NL0226"]


def test_a_name_of_the_files_own_hides_the_word():
    system = nlgraph.loads(
        HEAD + "block extern(n, m) { state W : [n, m] = 0 }\ncomponent f = extern(c, h)"
    )
    assert list(system.components["f"].states) == ["f.W"]


def test_its_calls_are_written_as_in_the_file():
    system = nlgraph.loads(
        HEAD + "component f = extern([B, c], int[B], [B])\nz = f(x, y)\noutput z"
    )
    assert "z = f(x, y)" in equations_text(system.shaped.clocked.equations)


def test_compiling_without_the_module_names_it():
    system = nlgraph.loads(HEAD + "component f = extern([B, c], [B, h])\nmetric z = mean(f(x))")
    with pytest.raises(ValueError, match="`f` is a module of yours, and none is given for it"):
        nlgraph.compile(system)


def test_the_command_line_says_where_it_can_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    spec = tmp_path / "f.nl"
    spec.write_text(
        "dim B = 4\nclock step\ninput x : [B, 64] every step\n"
        "component f = extern([B, 64], [B])\nmetric loss = mean(f(x))\n"
    )
    assert main(["levels", "f.nl"]) == 0
    assert main(["train", "f.nl", "--data", "digits"]) == 1
    assert "`f` is a module of yours" in capsys.readouterr().err


def test_levels_load_no_torch(tmp_path):
    spec = tmp_path / "f.nl"
    spec.write_text("dim B, c\nclock step\ncomponent f = extern([B, c], [B])\n")
    code = (
        "import sys; from nlgraph.cli.main import main; main(['levels', sys.argv[1]]);"
        "sys.stderr.write(str('torch' in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True
    )
    assert done.stderr == "False"
