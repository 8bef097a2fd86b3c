"""A spec is untrusted: none of its names can become code, or mislead who reads the file."""

import keyword
import types

import pytest
import torch

import nlgraph
from nlgraph.export.names import Names, identifier, quoted, remark
from nlgraph.export.python import python_text

HOSTILE = """
use std.optim (adamw)
dim B = 3, d = 4, torch = 2
clock step
clock new = 2 step
input dict, F, l, ñ : [B, d] every step
input tick : [B, d] every new
component Tensor : [d, torch] ~ normal()
component check : [d] = 0 every new { check' = check + mean(tick, 0) }
component α { state Ω : [d, torch] ~ uniform(0, 1); state leaves, grads : [d] = 1 }
component global_norm : [d] = 0 { global_norm' = norm(F @ Tensor) * global_norm + 1 }
results = (dict + F + l + ñ) @ (Tensor * math * start * nn * O * ADAMW * LEARNED * α.Ω)
loss = mean(results^2) * sum(α.leaves * α.grads)
train Tensor, math, start, nn, O, ADAMW, LEARNED, α minimize loss by adamw()
output results
metric tuple = loss
"""
HOSTILE += "".join(
    f"component {name} : [d, torch] ~ normal()\n"
    for name in ("math", "start", "O", "nn", "ADAMW", "LEARNED")
)


def loaded(text):
    module = types.ModuleType("exported")
    exec(compile(text, "model.py", "exec"), module.__dict__)
    return module.Module


def test_names_that_the_file_needs_for_itself_are_no_variables():
    system = nlgraph.loads(HOSTILE)
    theirs = nlgraph.compile(system, backend="eager", dtype=torch.float64)
    ours = loaded(python_text(system))(dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)
    for tick in range(1, 5):
        names = ["dict", "F", "l", "ñ", *(["tick"] if tick % 2 else [])]
        given = {n: torch.randn(3, 4, generator=generator, dtype=torch.float64) for n in names}
        torch.testing.assert_close(ours.step(**given), theirs.step(**given))
        torch.testing.assert_close(dict(ours.state_dict()), dict(theirs.state_dict()))


def test_odd_inputs_are_checked_like_others():
    module = loaded(python_text(nlgraph.loads(HOSTILE)))()
    given = {name: torch.zeros(3, 4) for name in ("dict", "F", "l", "ñ", "tick")}
    with pytest.raises(TypeError, match="unknown inputs: \\['z'\\]"):
        module.step(**given, z=torch.zeros(3))
    del given["l"]
    with pytest.raises(TypeError, match="input 'l' is a tensor, not NoneType"):
        module.step(**given)


def test_a_files_name_is_never_code(tmp_path):
    path = tmp_path / 'x"""\nimport os\u202e\\.nl'
    path.write_text("clock step\ninput x : [2] every step\noutput y = 2 * x\n", encoding="utf-8")
    text = python_text(nlgraph.load(path))
    assert not any(line.startswith("import os") for line in text.splitlines())
    assert "\u202e" not in text
    assert loaded(text)().step(x=torch.ones(2))["y"].tolist() == [2, 2]


def test_comments_of_the_spec_are_not_copied(tmp_path):
    spec = 'clock step # """ \u202e exec\ninput x : [2] every step\noutput y = 2 * x # """ exec\n'
    path = tmp_path / "a.nl"
    path.write_text(spec, encoding="utf-8")
    assert "exec" not in python_text(nlgraph.load(path))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("layer[1].W", "layer_1_W"),
        ("α", "alpha"),
        ("Ω_2", "Omega_2"),
        ("@average/grad(W)", "average_grad_W"),
        ("class", "_class"),
        ("2nd", "_2nd"),
        ("l", "l_"),
        ("記", "u8a18"),
        ("", "value"),
    ],
)
def test_identifiers_are_ascii_and_read_like_the_text(text, name):
    assert identifier(text) == name
    assert name.isidentifier()


def test_no_two_names_are_alike():
    names = Names(frozenset({"x"}))
    assert [names.new(wanted) for wanted in ("x", "x", "y.z", "y_z")] == [
        "x_2",
        "x_3",
        "y_z",
        "y_z_2",
    ]


def test_released_names_are_free_again_but_for_those_that_are_kept():
    names = Names()
    names.new("a")
    mark = names.mark()
    names.new("b"), names.new("c")
    names.release(mark, ["c"])
    assert [names.new(wanted) for wanted in "abc"] == ["a_2", "b", "c_2"]


@pytest.mark.parametrize("text", ['a"b', "a\\", "a\nb", "\u202eabc", "\0", "日", '"""', "'"])
def test_quoted_text_is_the_text_and_hides_nothing(text):
    assert eval(quoted(text)) == text
    assert quoted(text).isprintable()


def test_a_remark_is_one_line():
    assert remark("a\nb\r\u2028c\u202e") == "a<U+000A>b<U+000D><U+2028>c<U+202E>"


def test_no_identifier_is_a_word_of_python():
    assert not {identifier(word) for word in keyword.kwlist} & set(keyword.kwlist)
