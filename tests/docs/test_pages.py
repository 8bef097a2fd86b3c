"""Every snippet of every page does what the page says.

    ```nl               a spec without errors
    ```nl NAME.nl       … which the commands further down on the page can use
    ```nl error NL0301  a spec with this error
    ```python           runs
    ```python needs M   … where the module M is installed
    ```console          `$ command` lines with what each prints; `…` stands for anything, and a
                        number with a point or a comma for any such number
    ```console fails    … where every command exits with 1

Fences of other kinds are not run; README's `sh` commands are what `.ci/run` does.
"""

import importlib.util
import os
import re
import shlex
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest

import nlgraph
from nlgraph.ops.op import registry
from nlgraph.ops.own import unregister

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SECONDS = 100


@dataclass(frozen=True)
class Snippet:
    kind: str
    argument: str
    text: str
    line: int


def _snippets(page):
    fence = re.compile(r"^```(\w+) ?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    text = page.read_text(encoding="utf-8")
    for match in fence.finditer(text):
        kind, argument, body = match.groups()
        yield Snippet(kind, argument, body, text.count("\n", 0, match.start()) + 2)


def _check_spec(snippet, folder):
    expected = re.fullmatch(r"error (NL\d{4})", snippet.argument)
    if expected is None:
        nlgraph.loads(snippet.text)
        if snippet.argument:
            (folder / snippet.argument).write_text(snippet.text, encoding="utf-8")
        return
    with pytest.raises(nlgraph.SpecError) as raised:
        nlgraph.loads(snippet.text)
    assert [fault.code for fault in raised.value.diagnostics] == [expected[1]]


def _check_console(snippet, folder):
    environment = {name: v for name, v in os.environ.items() if name != "FORCE_COLOR"}
    for part in re.split(r"^\$ ", snippet.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        words = shlex.split(command)
        assert words[0] == "nlgraph", f"line {snippet.line}: only nlgraph is run here: {command}"
        done = subprocess.run(
            [sys.executable, "-m", "nlgraph", *words[1:]],
            cwd=folder,
            env={**environment, "PYTHONPATH": str(ROOT), "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        status = 1 if snippet.argument == "fails" else 0
        assert done.returncode == status, f"{command}:\n{done.stdout}"
        pattern = ".*?".join(map(_pattern, expected.strip().split("…")))
        found = done.stdout.strip()
        assert re.fullmatch(pattern, found, re.DOTALL), f"`{command}` prints:\n{found}"


def _pattern(text):
    return re.sub(r"\d[\d,]*(\\\.|,)\d+", r"\\d[\\d,.]*", re.escape(text))


def _lacks(argument):
    needed = argument.removeprefix("needs ")
    return bool(needed) and importlib.util.find_spec(needed) is None


@pytest.fixture(autouse=True)
def own_functions():
    """What a page registers is gone when the page ends: other tests share the process."""
    before = set(registry())
    yield
    for name in set(registry()) - before:
        unregister(name)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_snippet_of_a_page_does_what_it_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for snippet in _snippets(page):
        match snippet.kind:
            case "nl":
                _check_spec(snippet, tmp_path)
            case "console":
                _check_console(snippet, tmp_path)
            case "python" if _lacks(snippet.argument):
                pass
            case "python":
                code = "\n" * (snippet.line - 1) + snippet.text
                with warnings.catch_warnings():
                    if snippet.argument:  # another project's warnings are no faults of ours
                        warnings.simplefilter("ignore")
                    exec(compile(code, str(page), "exec"), names)


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
            path, _, anchor = target.partition("#")
            if "://" in target:
                continue
            file = (page.parent / path).resolve() if path else page
            assert file.exists(), f"{page.name} links to {target}"
            if anchor:
                assert anchor in _anchors(file), f"{page.name} links to {target}"


def _anchors(page):
    """The anchors of a page's headings, as they are commonly made."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def test_the_readmes_commands_are_what_ci_runs():
    """The README's second command is tested by being CI's, in another folder."""
    commands = [s.text for s in _snippets(ROOT / "README.md") if s.kind == "sh"]
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    install = re.search(r"pip install (-c constraints.txt -e '.\[dev\]')", commands[1])
    pytest_ = re.search(r"python (-m pytest .*)", commands[1])
    assert install is not None
    assert pytest_ is not None
    assert install[1] in ci
    assert pytest_[1] in ci
