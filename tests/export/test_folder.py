import json
import os
import stat

import pytest

import nlgraph
from nlgraph.export.errors import ExportError
from nlgraph.export.folder import write_folder

SPEC = "dim d = 2\nclock step\ninput x : [d] every step\noutput y = 2 * x\n"
FILES = {"model.py", "levels.txt", "levels.json", "levels.svg", "spec.nl", "export.json"}


@pytest.fixture
def system():
    return nlgraph.loads(SPEC)


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_a_folder_has_the_module_the_levels_and_the_spec(system, tmp_path):
    write_folder(system, tmp_path / "deep" / "out", {})
    out = tmp_path / "deep" / "out"
    assert names(out) == FILES
    assert (out / "spec.nl").read_text() == SPEC
    assert json.loads((out / "levels.json").read_text()) == json.loads(system.to_json())
    assert "unit of time: step" in (out / "levels.txt").read_text()
    assert names(tmp_path / "deep") == {"out"}


def test_what_it_wrote_it_overwrites(system, tmp_path):
    out = tmp_path / "out"
    write_folder(system, out, {})
    (out / "__pycache__").mkdir()
    other = nlgraph.loads(SPEC, set={"d": 3})
    write_folder(other, out, {"d": 3})
    assert names(out) == FILES
    assert "--set d=3" in (out / "model.py").read_text()
    assert json.loads((out / "export.json").read_text())["set"] == {"d": 3}


def test_an_empty_folder_is_filled(system, tmp_path):
    (tmp_path / "out").mkdir()
    write_folder(system, tmp_path / "out", {})
    assert names(tmp_path / "out") == FILES


def _foreign(out):
    (out / "notes.txt").write_text("mine")


def _edited(out):
    (out / "model.py").write_text("mine")


def _unknown(out):
    (out / "export.json").unlink()


def _broken(out):
    (out / "export.json").write_text("[")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_foreign, "holds notes.txt, which nlgraph did not write"),
        (_edited, "model.py was changed since it was written"),
        (
            _unknown,
            "was not written by `nlgraph compile`: it holds levels.json, levels.svg, levels.txt, …",
        ),
        (_broken, "was not written by `nlgraph compile`"),
    ],
)
def test_what_would_be_lost_is_refused(change, said, system, tmp_path):
    out = tmp_path / "out"
    write_folder(system, out, {})
    change(out)
    before = {path.name: path.read_text() for path in out.iterdir()}
    with pytest.raises(ExportError, match=said):
        write_folder(system, out, {})
    assert {path.name: path.read_text() for path in out.iterdir()} == before
    assert names(tmp_path) == {"out"}


def test_a_file_and_the_working_folder_are_refused(system, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="is a file, not a folder"):
        write_folder(system, tmp_path / "file", {})
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ExportError, match="working folder"):
        write_folder(system, tmp_path, {})


def test_a_place_below_a_file_is_refused(system, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="file is a file, not a folder"):
        write_folder(system, tmp_path / "file" / "deep" / "out", {})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told(system, tmp_path):
    tmp_path.chmod(stat.S_IREAD | stat.S_IEXEC)
    with pytest.raises(ExportError, match="cannot be written: Permission denied"):
        write_folder(system, tmp_path / "out", {})


def test_a_failure_leaves_the_old_folder(system, tmp_path, monkeypatch):
    out = tmp_path / "out"
    write_folder(system, out, {})
    before = (out / "model.py").read_text()
    rename, target = type(out).rename, out

    def fail(path, to):
        if to == target and path.name == "new":
            raise OSError(28, "No space left on device")
        return rename(path, to)

    monkeypatch.setattr(type(out), "rename", fail)
    with pytest.raises(ExportError, match="No space left on device"):
        write_folder(nlgraph.loads(SPEC, set={"d": 5}), out, {})
    assert (out / "model.py").read_text() == before
    assert names(tmp_path) == {"out"}


def test_files_that_the_spec_uses_come_along_and_the_copy_compiles_to_the_same(tmp_path):
    source = tmp_path / "source"
    (source / "rules").mkdir(parents=True)
    (source / "rules" / "mine.nl").write_text(
        'use "base.nl" (step)\nrule slow(lr) for W, g { W\' = W - step(lr * g) }\n'
    )
    (source / "rules" / "base.nl").write_text("fn step(x) = 0.5 * x\n")
    (source / "spec.nl").write_text(
        'use "rules/mine.nl" (slow)\ndim d = 2\nclock tick_\ninput x : [d] every tick_\n'
        "component W : [d] ~ normal(0, 1) { minimize sum((W - x)^2) by slow(lr = 0.1) }\n"
        "output y = W * x\n"
    )
    out = tmp_path / "out"
    written = write_folder(nlgraph.load(source / "spec.nl"), out, {})
    assert set(written) == FILES | {"rules/mine.nl", "rules/base.nl"}
    (source / "rules" / "mine.nl").unlink()
    write_folder(nlgraph.load(out / "spec.nl"), tmp_path / "again", {})
    assert (tmp_path / "again" / "model.py").read_text() == (out / "model.py").read_text()
    (out / "rules" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"holds rules/notes\.txt, which nlgraph did not write"):
        write_folder(nlgraph.load(out / "spec.nl"), out, {})


def test_a_used_file_that_has_a_name_of_the_folders_own_is_refused(tmp_path):
    (tmp_path / "spec.nl").write_text("fn twice(x) = 2 * x\n")
    main = tmp_path / "main.nl"
    main.write_text('use "spec.nl" (twice)\nclock s\ninput x : [2] every s\noutput y = twice(x)\n')
    with pytest.raises(ExportError, match=r'`use "spec\.nl"` names a file that the folder has'):
        write_folder(nlgraph.load(main), tmp_path / "out", {})
    assert not (tmp_path / "out").exists()
