"""Every page of a diagnostic says what nlgraph says, and every code has its page.

`NLGRAPH_RECORD=1 pytest tests/diagnostics/test_pages.py` writes the outputs into the pages anew:
they are recordings, read in the diff.
"""

import os
import re
from pathlib import Path

import pytest

import nlgraph
from nlgraph.diagnostics.codes import page, titles
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.diagnostics.render import render
from nlgraph.frontend import system_of
from nlgraph.text.source import Source
from tests.diagnostics.commands import said

PACKAGE = Path(nlgraph.__file__).parent
PAGES = PACKAGE / "diagnostics" / "pages"
FENCE = re.compile(r"^```(.+?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences_of(code):
    return dict(FENCE.findall(page(code)))


SPECS = [code for code in titles() if "nl wrong" in fences_of(code)]
COMMANDS = [code for code in titles() if "console" in fences_of(code)]


def diagnostics_of(code, text, name):
    try:
        system = system_of(Source(name, text), {}, Report(), project=None)
        if code.startswith("NL07") or code == "NL0603":  # what `compile` refuses
            nlgraph.compile(system)
    except SpecError as error:
        return error.diagnostics
    return system.warnings


def record(code, kind, text):
    path = PAGES / f"{code}.md"
    before = path.read_text(encoding="utf-8")

    def written(match):
        return f"```{kind}\n{text}\n```" if match[1] == kind else match[0]

    path.write_text(FENCE.sub(written, before), encoding="utf-8")


@pytest.mark.parametrize("code", SPECS)
def test_the_wrong_spec_says_what_the_page_shows(code):
    found = diagnostics_of(code, fences_of(code)["nl wrong"], "wrong.nl")
    assert {diagnostic.code for diagnostic in found} == {code}
    text = "\n\n".join(render(diagnostic) for diagnostic in found)
    if os.environ.get("NLGRAPH_RECORD"):
        record(code, "text", text)
    assert fences_of(code)["text"] == text + "\n"


@pytest.mark.parametrize("code", SPECS)
def test_the_right_spec_compiles(code):
    assert diagnostics_of(code, fences_of(code)["nl right"], "right.nl") == ()


@pytest.mark.parametrize("code", COMMANDS)
def test_the_command_says_what_the_page_shows(code, tmp_path, monkeypatch, capsys):
    command, *_ = fences_of(code)["console"].splitlines()
    text = said(command.removeprefix("$ "), tmp_path, monkeypatch, capsys)
    assert set(re.findall(r"\[(NL\d{4})\]", text)) == {code}
    if os.environ.get("NLGRAPH_RECORD"):
        record(code, "console", f"{command}\n{text}")
    assert fences_of(code)["console"] == f"{command}\n{text}\n"


def test_every_code_in_the_package_has_a_page_and_every_page_its_code():
    used = set()
    for path in PACKAGE.rglob("*.py"):
        used |= set(re.findall(r'"(NL\d{4})"', path.read_text(encoding="utf-8")))
    assert used == set(titles())


def test_every_page_is_either_of_specs_or_of_a_command():
    assert sorted(SPECS + COMMANDS) == list(titles())


def test_titles_are_sentences_and_no_two_are_the_same():
    assert len(set(titles().values())) == len(titles())
    for code, title in titles().items():
        assert title, code
        assert title[0].islower() or not title[0].isalpha() or title.startswith("The"), code
        assert not title.endswith("."), code
