"""What grows past a limit is told before it takes the machine's time and memory."""

import ast
import time
from pathlib import Path

import pytest

import nlgraph
from nlgraph import limits
from nlgraph.diagnostics.diagnostic import SpecError

HEAD = "clock step\ninput x : [8] every step\n"
TWICE = HEAD + "fn a0(u) = u + u\n"
TWICE += "".join(f"fn a{i}(u) = a{i - 1}(u) + a{i - 1}(u)\n" for i in range(1, 60))

GROWN = {
    "a for": (HEAD + "for i in 1 .. 1000000000 { z[i] = x }", "100,000 turns of a `for`"),
    "a for in a for": (
        HEAD + "for i in 1 .. 1000 {\n  for j in 1 .. 1000 { z[i] = x }\n}",
        "100,000 statements",
    ),
    "a for in a block": (
        HEAD
        + "block big() {\n  for j in 1 .. 50000 { z[j] = x }\n}\n"
        + "for i in 1 .. 1000 { component c[i] = big() }",
        "100,000 statements",
    ),
    "components in a block": (
        HEAD
        + "block big() {\n  for j in 1 .. 15000 { component z[j] : scalar = 0 }\n}\n"
        + "for i in 1 .. 1000 { component c[i] = big() }",
        "100,000 statements",
    ),
    "components": (
        HEAD + "for i in 1 .. 20001 { component c[i] : scalar = 0 }",
        "20,000 components",
    ),
    "a fn that doubles": (TWICE + "output y = a59(x)", "nested too deeply"),
}


@pytest.mark.parametrize("grown", GROWN)
def test_what_grows_past_a_limit_is_told_at_once(grown):
    text, said = GROWN[grown]
    began = time.perf_counter()
    with pytest.raises(SpecError) as caught:
        nlgraph.loads(text)
    assert time.perf_counter() - began < 20  # written out, each would take hours or all memory
    fault = caught.value.diagnostics[0]
    assert fault.code in ("NL0601", "NL0602")
    assert said in fault.message
    assert fault.help


def test_expressions_have_a_limit(monkeypatch):
    monkeypatch.setattr(limits, "NODES", 500)
    loss = " + ".join(["x"] * 60)
    nlgraph.loads(f"{HEAD}for i in 1 .. 5 {{ z[i] = {loss} }}\noutput y = z[5]")
    with pytest.raises(SpecError) as caught:
        nlgraph.loads(f"{HEAD}for i in 1 .. 50 {{ z[i] = {loss} }}\noutput y = z[50]")
    (fault,) = caught.value.diagnostics
    assert fault.code == "NL0602"
    assert "500 expressions" in fault.message


def test_faults_before_a_limit_are_told_with_it():
    with pytest.raises(SpecError) as caught:
        nlgraph.loads(f"{HEAD}dim d = 1.5\nfor i in 1 .. 1000000 {{ z[i] = x }}\noutput y = x")
    assert [fault.code for fault in caught.value.diagnostics] == ["NL0207", "NL0602"]


def test_every_limit_says_why_and_is_tested():
    body = ast.parse(Path(limits.__file__).read_text(encoding="utf-8")).body[1:]
    names = [node.targets[0].id for node in body if isinstance(node, ast.Assign)]
    assert len(body) == 2 * len(names)  # a reason after each
    tests = Path(__file__).resolve().parents[1]
    texts = "".join(file.read_text(encoding="utf-8") for file in tests.rglob("test_*.py"))
    shown = {
        "STATEMENTS": "100,000 statements",
        "COMPONENTS": "20,000 components",
        "FAULTS": "1,000 faults",
    }
    for name in names:
        named = f"limits.{name}" in texts or f'limits, "{name}"' in texts
        assert named or shown[name] in texts, name
        value = getattr(limits, name)
        assert name not in shown or f"{value:,}" in shown[name]
