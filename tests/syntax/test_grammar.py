"""The grammar has no conflicts; the saved tables are the user's own and plain data."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark

from nlgraph.syntax import grammar
from nlgraph.syntax.layout import BEGIN, END_OF_LINE
from nlgraph.syntax.repair import STATEMENTS
from nlgraph.syntax.tokens import END, tokenize

from .conftest import ROOT  # noqa: TID252

TEXT = grammar.grammar_file().read_text(encoding="utf-8")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache folder for one test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    grammar.tables.cache_clear()
    yield tmp_path / "nlgraph"
    grammar.tables.cache_clear()


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The grammars that lark was asked to build, one after the other."""
    asked: list[str] = []
    build = grammar._build

    def counted(text: str) -> dict[str, object]:
        asked.append(text)
        return build(text)

    monkeypatch.setattr(grammar, "_build", counted)
    return asked


def fresh() -> grammar.Tables:
    grammar.tables.cache_clear()
    return grammar.tables()


def saved_in(cache: Path) -> Path:
    (path,) = cache.iterdir()
    return path


def test_the_grammar_has_no_conflicts():
    Lark(TEXT, start="file", parser="lalr", lexer="basic", strict=True)


def test_the_grammar_is_found_in_the_checkout():
    assert grammar.grammar_file() == ROOT / "grammar" / "nl.lark"


def test_tokens_are_those_of_lark(spec: str):
    lark = Lark(TEXT, start="file", parser="lalr", lexer="basic")
    theirs = [(str(token.type), str(token)) for token in lark.lex(spec)]
    ours = [(token.kind, token.text) for token in tokenize(spec)[0] if token.kind != END]
    assert ours == theirs


def test_the_layout_and_the_repair_speak_of_words_and_signs_of_the_grammar():
    known = set(grammar.tables().signs) | {"CMP"}
    assert known >= BEGIN | END_OF_LINE | STATEMENTS


def test_every_reserved_word_of_the_language_is_reserved():
    words = (
        "use dim const clock input component state map minimize by then every reset to per along "
        "train rule transform block fn return for each in if else with output metric like and or "
        "not true false"
    )
    assert set(grammar.tables().words) == set(words.split())


# ----------------------------------------------------------------------------- the saved tables


def test_tables_are_built_once_and_then_read(cache: Path, builds: list[str]):
    first = fresh()
    second = fresh()
    assert first == second
    assert len(builds) == 1
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert not stat.S_IMODE(saved_in(cache).stat().st_mode) & 0o077


def test_another_grammar_has_tables_of_its_own(
    cache: Path, builds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    fresh()
    other = tmp_path / "nl.lark"
    other.write_text(TEXT + "\n// changed\n", encoding="utf-8")
    monkeypatch.setattr(grammar, "grammar_file", lambda: other)
    fresh()
    assert len(builds) == 2
    assert len(list(cache.iterdir())) == 2


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x80\x04K\x01.", b"x" * 500])
def test_damaged_tables_are_built_anew(cache: Path, builds: list[str], damage: bytes):
    fresh()
    saved_in(cache).write_bytes(damage)
    assert fresh().words["dim"] == "DIM"
    assert len(builds) == 2


def test_tables_with_one_changed_byte_are_built_anew(cache: Path, builds: list[str]):
    fresh()
    data = bytearray(saved_in(cache).read_bytes())
    data[1000] ^= 1
    saved_in(cache).write_bytes(bytes(data))
    fresh()
    assert len(builds) == 2


def test_tables_are_plain_data(cache: Path):
    fresh()
    data = saved_in(cache).read_bytes()
    assert data[:64].decode() == hashlib.sha256(data[64:]).hexdigest()
    assert json.loads(data[64:])["words"]["dim"] == "DIM"


def test_tables_that_others_may_write_are_not_read(cache: Path, builds: list[str]):
    fresh()
    saved_in(cache).chmod(0o666)
    fresh()
    assert len(builds) == 2


def test_a_folder_that_others_may_write_is_not_used(cache: Path, builds: list[str]):
    fresh()
    cache.chmod(0o777)
    fresh()
    fresh()
    assert len(builds) == 3


@pytest.mark.usefixtures("cache")
def test_tables_of_someone_else_are_not_read(builds: list[str], monkeypatch: pytest.MonkeyPatch):
    fresh()
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    fresh()
    assert len(builds) == 2


def test_a_link_is_not_followed(cache: Path, builds: list[str], tmp_path: Path):
    fresh()
    path = saved_in(cache)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    fresh()
    assert len(builds) == 2


def test_without_a_place_to_save_the_tables_are_built(
    builds: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert fresh().words["dim"] == "DIM"
    assert len(builds) == 1
    grammar.tables.cache_clear()


def test_no_half_written_file_is_left(cache: Path):
    fresh()
    assert [path.suffix for path in cache.iterdir()] == [".json"]


def test_a_second_process_parses_without_lark(cache: Path):
    program = (
        "import sys\n"
        "from nlgraph.syntax.parse import parse\n"
        "from nlgraph.text.source import Source\n"
        "from nlgraph.diagnostics.diagnostic import Report\n"
        "parse(Source('m', 'x = 1'), Report())\n"
        "print('lark' in sys.modules)"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert outputs == ["True", "False"]
    assert cache.is_dir()
