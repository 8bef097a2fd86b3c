import io
import os
import sys
import threading
from pathlib import Path

import pytest

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Diagnostic, Report
from nlgraph.syntax.read import read_source


def refusal(path: str | Path) -> Diagnostic:
    report = Report()
    assert read_source(path, report) is None
    (diagnostic,) = report.diagnostics
    return diagnostic


def text_of(path: str | Path) -> str:
    report = Report()
    source = read_source(path, report)
    assert report.diagnostics == []
    assert source is not None
    return source.text


def test_a_file_is_read_with_its_name(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_text("x = λ\n", encoding="utf-8")
    report = Report()
    source = read_source(path, report)
    assert source is not None
    assert (source.name, source.text) == (str(path), "x = λ\n")


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_bytes(b"\xef\xbb\xbfx = 1\r\n")
    assert text_of(path) == "x = 1\r\n"


def test_standard_input(monkeypatch: pytest.MonkeyPatch):
    class Input:
        buffer = io.BytesIO(b"x = 1\n")

    monkeypatch.setattr(sys, "stdin", Input())
    report = Report()
    source = read_source("-", report)
    assert source is not None
    assert (source.name, source.text) == ("<stdin>", "x = 1\n")


def test_a_missing_file_names_the_one_beside_it(tmp_path: Path):
    (tmp_path / "momentum.nl").write_text("")
    diagnostic = refusal(tmp_path / "momentun.nl")
    assert diagnostic.message == f"cannot read `{tmp_path}/momentun.nl`: there is no such file"
    assert diagnostic.help == f"did you mean `{tmp_path}/momentum.nl`?"


@pytest.mark.parametrize(
    ("name", "reason"),
    [("nothing/at/all.nl", "no such file"), ("a\0b", "no path"), ("x" * 5000, "too long")],
)
def test_names_of_no_file(name: str, reason: str):
    diagnostic = refusal(name)
    assert reason in diagnostic.message
    assert diagnostic.code == "NL0121"


def test_a_folder(tmp_path: Path):
    assert refusal(tmp_path).message.endswith("it is a folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_text("x = 1")
    path.chmod(0)
    assert refusal(path).message.endswith("you may not read it")


def test_a_file_that_is_not_utf_8(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_bytes(b"x = 1 # caf\xe9\n")
    assert refusal(path).message == f"`{path}` is not UTF-8 at byte 11"
    path.write_bytes(b"\xef\xbb\xbfx = \xff")
    assert refusal(path).message == f"`{path}` is not UTF-8 at byte 7"
    path.write_bytes("x = 1".encode("utf-16"))
    assert refusal(path).message == f"`{path}` is not UTF-8: it is UTF-16"


def test_a_file_with_a_nul(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_bytes(b"x = 1\0")
    assert refusal(path).message == f"`{path}` is no text: byte 5 is NUL"


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    path = tmp_path / "m.nl"
    with path.open("wb") as file:
        file.truncate(10**12)  # a hole: it has no bytes on the disk, and would fill the memory
    assert refusal(path).code == "NL0611"


def test_a_stream_that_never_ends_is_left():
    if not Path("/dev/zero").exists():
        pytest.skip("needs /dev/zero")
    assert refusal("/dev/zero").code == "NL0611"


def test_a_pipe_is_read(tmp_path: Path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("x = 1\n",))
    writer.start()
    assert text_of(path) == "x = 1\n"
    writer.join()


def test_as_many_characters_as_allowed_are_read(tmp_path: Path):
    path = tmp_path / "m.nl"
    path.write_text("é" * limits.CHARACTERS, encoding="utf-8")
    assert len(text_of(path)) == limits.CHARACTERS
