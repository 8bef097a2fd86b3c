import io

import pytest

from nlgraph.cli.main import main

UGLY = "clock step\ninput  x:[3]every step\noutput y=x*2\n"
PRETTY = "clock step\ninput x : [3] every step\noutput y = x * 2\n"


@pytest.fixture
def spec(tmp_path):
    path = tmp_path / "spec.nl"
    path.write_text(UGLY)
    return path


def test_rewrites_files(spec, capsys):
    spec.chmod(0o640)
    assert main(["fmt", str(spec)]) == 0
    assert spec.read_text() == PRETTY
    assert spec.stat().st_mode & 0o777 == 0o640
    assert [path.name for path in spec.parent.iterdir()] == ["spec.nl"]
    assert capsys.readouterr() == ("", "")


def test_check_says_which_would_change_and_writes_nothing(spec, tmp_path, capsys):
    good = tmp_path / "good.nl"
    good.write_text(PRETTY)
    assert main(["fmt", "--check", str(spec), str(good)]) == 1
    assert capsys.readouterr().out == f"{spec}: would be rewritten\n"
    assert spec.read_text() == UGLY
    assert main(["fmt", "--check", str(good)]) == 0


def test_diff_shows_what_would_change(spec, capsys):
    assert main(["fmt", "--diff", str(spec)]) == 0
    out = capsys.readouterr().out
    assert "-input  x:[3]every step\n" in out
    assert "+input x : [3] every step\n" in out
    assert spec.read_text() == UGLY


def test_standard_input_goes_to_standard_output(monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(UGLY.encode())))
    assert main(["fmt", "-"]) == 0
    assert capsys.readouterr().out == PRETTY


def test_a_file_that_cannot_be_read_stays_as_it_is_and_the_others_are_formatted(
    spec, tmp_path, capsys
):
    broken = tmp_path / "broken.nl"
    broken.write_text("clock step\ninput x : [3 every step\n")
    missing = tmp_path / "missing.nl"
    assert main(["fmt", str(broken), str(missing), str(spec)]) == 1
    assert broken.read_text() == "clock step\ninput x : [3 every step\n"
    assert spec.read_text() == PRETTY
    err = capsys.readouterr().err
    assert "broken.nl" in err
    assert "missing.nl" in err


def test_a_link_stays_a_link(spec, tmp_path):
    link = tmp_path / "link.nl"
    link.symlink_to(spec)
    assert main(["fmt", str(link)]) == 0
    assert link.is_symlink()
    assert spec.read_text() == PRETTY
