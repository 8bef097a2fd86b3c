"""The folder of an exported system, written whole or not at all."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from nlgraph import __version__
from nlgraph.diagnostics.escape import escape
from nlgraph.export.errors import ExportError
from nlgraph.export.levels import levels_text
from nlgraph.export.python import python_text
from nlgraph.frontend import System

RECORD = "export.json"
"""What was written, with a hash of each file: how a folder is known to be nlgraph's."""

_MADE_BY_PYTHON = "__pycache__"

Overrides = Mapping[str, int | float | bool]


def write_folder(system: System, path: Path, overrides: Overrides) -> tuple[str, ...]:
    """Write `model.py`, the level table and its picture, the spec, and a record of these.

    The files of the project that the spec uses come along, where it looks for them.

    The files are written into a new folder beside the old one, which then takes its place.

    Args:
        system: what to write.
        path: the folder. If it is there, it must be empty, or one that this wrote and that nobody
            has changed since.
        overrides: the dims and consts that were overridden, for the record.

    Returns:
        The names of the files.

    Raises:
        ExportError: the folder holds something else, or cannot be written.
        SpecError: something in the system cannot be executed yet.
    """
    files = {
        "model.py": python_text(system, overrides),
        "levels.txt": levels_text(system),
        "levels.json": system.to_json() + "\n",
        "levels.svg": system.svg() + "\n",
        "spec.nl": system.shaped.clocked.equations.source.text,
    }
    for name, text in _used(system).items():
        if name in (*files, RECORD):
            message = (
                f'`use "{escape(name)}"` names a file that the folder has of its own: rename it'
            )
            raise ExportError(message)
        files[name] = text
    files[RECORD] = _record(files, overrides)
    folder = path.resolve()
    try:
        _check(folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        _replace(folder, files)
    except OSError as fault:
        message = f"{escape(str(path))} cannot be written: {fault.strerror or fault}"
        raise ExportError(message) from fault
    return tuple(files)


def _used(system: System) -> Mapping[str, str]:
    """The files of the project that a spec uses, by their paths from it."""
    files = system.shaped.clocked.equations.files
    if system.project is None:
        return {}
    project = system.project
    return {
        Path(path).relative_to(project).as_posix(): source.text for path, source in files.items()
    }


def _record(files: Mapping[str, str], overrides: Overrides) -> str:
    hashes = {name: _hash(text.encode()) for name, text in files.items()}
    record = {"nlgraph": __version__, "set": dict(overrides), "files": hashes}
    return json.dumps(record, indent=1) + "\n"


def _hash(data: bytes) -> str:
    return sha256(data).hexdigest()


def _check(folder: Path) -> None:
    """Refuse a folder in which something would be lost, and one below a file."""
    for above in folder.parents:
        if above.exists():
            if not above.is_dir():
                raise ExportError(f"{_shown(above)} is a file, not a folder")
            break
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ExportError(f"{_shown(folder)} is a file, not a folder")
    if folder == Path.cwd():
        raise ExportError("the folder is the working folder: name one of its own")
    found = sorted(
        entry.relative_to(folder).as_posix()
        for entry in folder.rglob("*")
        if _MADE_BY_PYTHON not in entry.parts and not (entry.is_dir() and not entry.is_symlink())
    )
    if not found:
        return
    written = _written(folder / RECORD)
    if written is None:
        holds = ", ".join(map(escape, found[:3])) + (", …" if len(found) > 3 else "")
        raise ExportError(
            f"{_shown(folder)} was not written by `nlgraph compile`: it holds {holds}"
        )
    for name in found:
        if name != RECORD and name not in written:
            raise ExportError(f"{_shown(folder)} holds {escape(name)}, which nlgraph did not write")
        if name != RECORD and _hash((folder / name).read_bytes()) != written[name]:
            raise ExportError(f"{_shown(folder)}: {escape(name)} was changed since it was written")


def _written(record: Path) -> Mapping[str, str] | None:
    """The files of a record with their hashes; None where it is none."""
    try:
        files = json.loads(record.read_text(encoding="utf-8"))["files"]
        return {str(name): str(found) for name, found in files.items()}
    except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
        return None


def _replace(folder: Path, files: Mapping[str, str]) -> None:
    """Write the files into a new folder, and put that in the place of the old one."""
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new, old = made / "new", made / "old"
        new.mkdir()
        for name, text in files.items():
            (new / name).parent.mkdir(parents=True, exist_ok=True)
            (new / name).write_text(text, encoding="utf-8", newline="\n")
        try:
            if folder.exists():
                folder.rename(old)
            new.rename(folder)
        except BaseException:
            if old.exists() and not folder.exists():
                old.rename(folder)
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _shown(folder: Path) -> str:
    return escape(str(folder))
