"""Diagnostics for programs: JSON, SARIF, and the annotations of a workflow."""

import json
import re

import pytest

from nlgraph.cli.main import main
from nlgraph.schema.diagnostics import DiagnosticsModel
from nlgraph.schema.sarif import Sarif

HEAD = "dim B = 8, d = 4\nclock step\ninput x : [B, d] every step\n"
BROKEN = HEAD + "y = x +\n  nothing\noutput y\n"
TWICE = HEAD + "y = x\ny = 2 * x\noutput y\n"
UNUSED = HEAD + "input z : [B] every step\noutput y = x\n"


@pytest.fixture
def written(tmp_path, monkeypatch, capsys):
    """What `check` writes in a format about some texts, named `a b.nl` and so on."""
    monkeypatch.chdir(tmp_path)

    def run(form, *texts, paths=()):
        names = [f"{letter} b.nl" for letter in "abc"[: len(texts)]]
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(text, encoding="utf-8")
        status = main(["check", "--format", form, *names, *paths])
        out, err = capsys.readouterr()
        assert not err
        return status, out

    return run


def test_json_round_trips_through_its_model(written):
    status, out = written("json", BROKEN, TWICE, UNUSED)
    model = DiagnosticsModel.model_validate_json(out)
    assert status == 1
    assert json.loads(model.model_dump_json()) == json.loads(out)
    assert [(d.code, d.severity) for d in model.diagnostics] == [
        ("NL0201", "error"),
        ("NL0203", "error"),
        ("NL0251", "warning"),
    ]
    (place,) = model.diagnostics[0].labels
    assert (place.file, place.line, place.column) == ("a b.nl", 5, 3)
    assert (place.end_line, place.end_column) == (5, 10)


def test_a_spec_without_faults_gives_an_empty_list(written):
    assert written("json", HEAD + "output x\n") == (
        0,
        '{\n  "nlgraph": 1,\n  "diagnostics": []\n}\n',
    )


def test_sarif_has_what_code_hosts_need(written):
    status, out = written("sarif", BROKEN, TWICE, UNUSED, paths=["absent.nl"])
    log = json.loads(out)
    assert status == 1
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "nlgraph"
    assert run["columnKind"] == "unicodeCodePoints"
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}: ")
        assert rule["defaultConfiguration"]["level"] in ("error", "warning")
    assert [result["ruleId"] for result in run["results"]] == [
        "NL0201",
        "NL0203",
        "NL0251",
        "NL0121",
    ]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
    twice, absent = run["results"][1], run["results"][3]
    physical = twice["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "b%20b.nl"
    assert physical["region"] == {"startLine": 5, "startColumn": 1, "endLine": 5, "endColumn": 2}
    (first,) = twice["relatedLocations"]
    assert (first["id"], first["message"]["text"]) == (1, "declared here first")
    assert first["physicalLocation"]["region"]["startLine"] == 4
    assert absent["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "absent.nl"


def test_sarif_round_trips_through_its_model(written):
    _, out = written("sarif", BROKEN, TWICE)
    again = Sarif.model_validate_json(out).model_dump_json(by_alias=True, exclude_none=True)
    assert json.loads(again) == json.loads(out)


ANNOTATION = re.compile(r"::(error|warning) ([^\n]*?)::([^\n]*)\n")


def test_annotations_are_one_line_each_with_their_place(written):
    status, out = written("github", BROKEN, TWICE, UNUSED, paths=["absent.nl"])
    assert status == 1
    found = ANNOTATION.findall(out)
    assert "".join(f"::{a} {b}::{c}\n" for a, b, c in found) == out
    levels, places, words = zip(*found, strict=True)
    assert levels == ("error", "error", "warning", "error")
    assert places[0] == "file=a b.nl,title=NL0201,line=5,endLine=5,col=3,endColumn=10"
    assert places[3] == "file=absent.nl,title=NL0121"
    assert "b b.nl:4: declared here first%0Ahelp: equations" in words[1]


def test_annotations_escape_what_the_runner_would_read(written):
    text = HEAD + 'y = x\nz = mse(x, y, reduction = "50%:a,b")\noutput z\n'
    _, out = written("github", text)
    (line,) = out.splitlines()
    assert '"50%25:a,b"' in line
    assert "%0A" in line
    assert line.startswith("::error file=a b.nl,")


def test_a_path_with_signs_of_the_runner_is_escaped(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a,b:c%.nl").write_text(BROKEN)
    assert main(["check", "--format", "github", "a,b:c%.nl"]) == 1
    assert capsys.readouterr().out.startswith("::error file=a%2Cb%3Ac%25.nl,title=NL0201,")


def test_control_characters_stay_out_of_annotations(written):
    _, out = written("github", HEAD + "y = x \x1b[31m\noutput y\n")
    assert "\x1b" not in out
    assert "<U+001B>" in out
