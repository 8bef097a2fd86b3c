import os
import subprocess
import sys
from pathlib import Path

import pytest

from nlgraph.cli.main import main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "nlgraph" / "examples"
CMS = str(EXAMPLES / "cms.nl")
INSIDE = "dim T = 4\nclock step\nclock t = step along T\ninput x : [T] every step\n" + (
    "component W : scalar = 0 { W' = W + x[t] }\noutput y = sum(x) + latest(W, step)\n"
)
REFUSED = """
clock step
clock two = step / 2
clock three = step / 3
input x : [3] every step
component W : scalar = 1 every two { W' = W + sum(x) }
component M : scalar = 0 every three { M' = M + sum(x) }
output y = sum(x)
"""


def _run(code, *arguments, seed="0"):
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": seed},
        timeout=60,
        check=True,
    )
    return done.stdout


def test_a_folder_is_written_and_named(tmp_path, capsys):
    assert main(["compile", CMS, "-o", str(tmp_path / "out"), "--set", "B=8"]) == 0
    said = capsys.readouterr().out
    assert (
        said
        == f"{tmp_path}/out: model.py, levels.txt, levels.json, levels.svg, spec.nl, export.json\n"
    )
    assert "class Module(nn.Module):" in (tmp_path / "out" / "model.py").read_text()


def test_a_folder_that_is_not_its_own_is_a_wrong_command_line(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert main(["compile", CMS, "-o", str(tmp_path)]) == 2
    assert "was not written by `nlgraph compile`: it holds notes.txt" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("-o", "x", "--emit", "fx"), ("--emit", "ast")])
def test_one_form_is_asked_for(arguments, capsys):
    assert main(["compile", CMS, *arguments]) == 2
    assert capsys.readouterr().err.startswith("error: ")


@pytest.mark.parametrize("arguments", [("-o", "out"), ("--emit", "schedule"), ("--emit", "fx")])
def test_what_cannot_be_executed_is_a_diagnostic(arguments, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.nl").write_text(REFUSED)
    assert main(["compile", "a.nl", *arguments]) == 1
    assert "error[NL0701]" in capsys.readouterr().err
    assert not Path("out").exists()


def test_equations_are_printed_for_all_of_the_language(tmp_path, capsys):
    (tmp_path / "a.nl").write_text(INSIDE)
    assert main(["compile", str(tmp_path / "a.nl"), "--emit", "system"]) == 0
    assert "clock t = step along T" in capsys.readouterr().out


def test_a_loop_is_told_with_the_cycle_that_asks_for_it(tmp_path, capsys):
    (tmp_path / "a.nl").write_text(INSIDE)
    assert main(["compile", str(tmp_path / "a.nl"), "--emit", "schedule"]) == 0
    assert "loops\n  unit 0: 4 turns; " in capsys.readouterr().out


def test_graphs_need_every_dimension(tmp_path, capsys):
    path = tmp_path / "a.nl"
    path.write_text("dim B\nclock step\ninput x : [B] every step\noutput y = mean(x) * B\n")
    assert main(["compile", str(path), "--emit", "fx"]) == 2
    assert "dim B has no number, which the graphs need: --set B=32" in capsys.readouterr().err
    assert main(["compile", str(path), "--emit", "fx", "--set", "B=3"]) == 0


@pytest.mark.parametrize("name", ["momentum", "lookahead_ema"])
@pytest.mark.parametrize("form", ["system", "schedule", "fx"])
def test_a_form_is_as_it_was_recorded(name, form, capsys, snapshot):
    assert main(["compile", str(EXAMPLES / f"{name}.nl"), "--emit", form]) == 0
    snapshot(f"{name}.{form}.txt", capsys.readouterr().out)


def test_each_set_of_clocks_and_each_unit_is_printed_once(capsys):
    assert main(["compile", CMS, "--emit", "fx"]) == 0
    text = capsys.readouterr().out
    heads = [line for line in text.splitlines() if line.startswith("# ")]
    assert heads == [
        "# tick 1, and all like it: units 0",
        "# tick 4, and all like it: units 0, 1",
        "# tick 16, and all like it: units 0, 1, 2",
        "# tick 64, and all like it: units 0, 1, 2, 3",
    ]
    assert [text.count(f"## Unit{i}\n") for i in range(4)] == [1, 1, 1, 1]


PROBE = """
import sys
from nlgraph.cli.main import main
main(["compile", sys.argv[1], "--emit", sys.argv[2]])
print("torch" in sys.modules)
"""


@pytest.mark.parametrize("form", ["system", "schedule"])
def test_equations_and_schedules_load_no_torch(form):
    assert _run(PROBE, CMS, form).endswith("\nFalse\n")


EVERYTHING = """
import sys
from nlgraph.cli.main import main
from nlgraph.export.python import python_text
import nlgraph
for path in sys.argv[1:]:
    for form in ("system", "schedule", "fx"):
        main(["compile", path, "--emit", form])
    print(python_text(nlgraph.load(path)))
"""


def test_two_processes_print_the_same():
    paths = (CMS, EXAMPLES / "adamw_mlp.nl", ROOT / "tests/specs/gan.nl")
    first, second = (_run(EVERYTHING, *paths, seed=seed) for seed in ("1", "2"))
    assert first == second
