import re
import tomllib
from importlib import metadata
from pathlib import Path

import pytest

from nlgraph.cli import doctor, probe
from nlgraph.cli.main import main
from nlgraph.diagnostics.escape import width
from nlgraph.module.backends import BACKENDS

ROOT = Path(__file__).resolve().parents[2]


def report_of(capsys):
    """The status, and each finding's state and words by its name."""
    status = main(["doctor"])
    out, err = capsys.readouterr()
    assert not err
    rows = re.findall(r"^  (ok|note|fails) +(\S.*?)  +(\S.*(?:\n {20,}\S.*)*)$", out, re.MULTILINE)
    found = {name: (state, " ".join(text.split())) for state, name, text in rows}
    assert out.count("\n  ok ") + out.count("\n  note ") + out.count("\n  fails ") == len(found)
    return status, found, out


@pytest.fixture
def torch_is(tmp_path, monkeypatch):
    """Put another torch in front of the real one, in the other process alone."""

    def put(text):
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "__init__.py").write_text(text, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return put


def test_here_all_of_it_works(capsys):
    status, found, out = report_of(capsys)
    assert out.endswith("\nall of it works\n")
    assert status == 0
    assert {state for state, _ in found.values()} <= {"ok", "note"}
    assert found["import torch"][1].startswith(metadata.version("torch"))
    assert found.keys() >= {"python", "nlgraph", "terminal", "this folder", "C++ compiler"}
    for backend in BACKENDS:
        state, text = found[f"{backend} on cpu"]
        assert state == "ok"
        assert text.startswith("compiles and runs")


@pytest.mark.parametrize(
    ("torch", "said"),
    [
        ("raise ImportError('libtorch_cpu.so: no such file')", "ImportError: libtorch_cpu.so: no"),
        ("raise OSError('bad ELF')\n", "OSError: bad ELF"),
        ("import os; os.kill(os.getpid(), 4)", "the process ends with SIGILL"),
        ("import os; os._exit(3)", "the process ends with status 3: without a word"),
        ("import time; time.sleep(60)", "it is not done after 2 s"),
        ("__version__ = '9'", "AttributeError: module 'torch' has no attribute 'version'"),
    ],
)
def test_a_torch_that_is_broken_is_told_in_a_line(torch, said, torch_is, capsys, monkeypatch):
    if "sleep" in torch:
        monkeypatch.setattr(doctor, "SECONDS", 2)
    torch_is(torch)
    status, found, out = report_of(capsys)
    assert status == 1
    assert out.endswith("\ndoes not work: import torch\n")
    assert found["check, levels"][0] == "ok"
    assert found["import torch"][0] == "fails"
    assert said in found["import torch"][1]
    assert "Traceback" not in out


def test_a_backend_that_computes_something_else_fails(monkeypatch):
    monkeypatch.setattr(probe, "SPEC", probe.SPEC.replace("0.5 * grad", "0.25 * grad"))
    assert list(probe._backend("eager", "cpu")) == [
        ("fails", "it computes 0.421875 where 0.125 is right")
    ]


@pytest.mark.parametrize(
    ("version", "said"),
    [
        (None, "not installed; 2.9 or later is needed"),
        ("2.8.1+cpu", "2.8.1+cpu is too old; 2.9 or"),
    ],
)
def test_a_version_that_will_not_do_is_told(version, said, capsys, monkeypatch):
    real = metadata.version

    def faked(name):
        if name == "torch" and version is None:
            raise metadata.PackageNotFoundError(name)
        return version if name == "torch" else real(name)

    monkeypatch.setattr(metadata, "version", faked)
    monkeypatch.setattr(doctor, "_probed", lambda: iter(()))
    status, found, _ = report_of(capsys)
    assert status == 1
    assert found["torch"][0] == "fails"
    assert said in found["torch"][1]


@pytest.mark.parametrize("version", ["2.9", "2.10.0", "3", "2.9.0a0+git1234"])
def test_a_version_that_is_new_enough_will_do(version, monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda _: version)
    assert doctor._version("torch", "2.9").state == "ok"


def test_what_is_needed_is_what_the_package_says(tmp_path, monkeypatch):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["requires-python"] == f">={doctor.PYTHON}"
    needed = doctor._needed()
    assert [f"{name}>={oldest}" for name, oldest in needed.items()] == project["dependencies"]
    monkeypatch.setattr(doctor, "_ROOT", tmp_path)  # installed, where there is no checkout
    lines = [*project["dependencies"], 'ruff>=0.9; extra == "dev"']
    monkeypatch.setattr(metadata, "requires", lambda _: lines)
    assert doctor._needed() == needed


def test_without_a_compiler_there_is_a_note(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_probed", lambda: iter(()))
    for asked, said in ((None, "there is none"), ("/no/such/c++", "CXX names /no/such/c++")):
        monkeypatch.delenv("CXX", raising=False)
        if asked:
            monkeypatch.setenv("CXX", asked)
        monkeypatch.setattr("shutil.which", lambda _: None)
        status, found, _ = report_of(capsys)
        assert status == 0
        assert found["C++ compiler"][0] == "note"
        assert said in found["C++ compiler"][1]


def test_a_compiler_that_fails_is_a_note(capsys, monkeypatch):
    monkeypatch.setattr(doctor, "_probed", lambda: iter(()))
    monkeypatch.setenv("CXX", "false")
    status, found, _ = report_of(capsys)
    assert status == 0
    assert found["C++ compiler"][0] == "note"
    assert "cannot compile" in found["C++ compiler"][1]


def test_a_folder_that_cannot_be_written_to_fails(capsys, monkeypatch):
    def refused(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor, "_probed", lambda: iter(()))
    monkeypatch.setattr("tempfile.TemporaryFile", refused)
    status, found, out = report_of(capsys)
    assert status == 1
    assert found["this folder"] == (
        "fails",
        "cannot be written to (Permission denied), as train does",
    )
    assert out.endswith("does not work: this folder\n")


@pytest.mark.parametrize("columns", [40, 80])
def test_nothing_is_wider_than_the_terminal(columns, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        doctor, "_probed", lambda: iter([doctor.Found("x" * 16, "ok", "a b " * 40)])
    )
    assert main(["doctor"]) == 0
    for line in capsys.readouterr().out.splitlines():
        assert width(line) <= columns or "/" in line  # a path is not broken


def test_a_missing_library_is_no_fault_of_nlgraph(capsys, monkeypatch):
    def broken(*_):
        message = "No module named 'torch'"
        raise ModuleNotFoundError(message, name="torch")

    monkeypatch.setattr("nlgraph.cli.levels.read_spec", broken)
    assert main(["levels", "a.nl"]) == 1
    err = capsys.readouterr().err
    assert "what this needs cannot be imported: No module named 'torch'" in err
    assert "`nlgraph doctor`" in err
    assert "fault of nlgraph" not in err
