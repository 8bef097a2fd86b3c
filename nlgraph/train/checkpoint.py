"""Checkpoints that are there whole or not at all: `checkpoints/TICK/`, tensors and a manifest."""

from __future__ import annotations

import hashlib
import platform
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.schema.checkpoint import Manifest, Versions
from nlgraph.schema.run import RunConfig
from nlgraph.train import errors
from nlgraph.train.files import flush_folder, write_whole
from nlgraph.train.finite import non_finite

KEPT = 3
"""Checkpoints that stay: the newest, and those to fall back to."""

STATE = "state.safetensors"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """A checkpoint as it was read."""

    tick: int
    state: Mapping[str, Tensor]


def save_checkpoint(
    folder: Path, state: Mapping[str, Tensor], tick: int, config: RunConfig
) -> bool:
    """Write `folder/checkpoints/TICK/`, take the oldest away; False where a number is not finite.

    It is written under another name, flushed to the disk, then renamed: whatever stops the
    process, a folder of that name is whole.

    Raises:
        OSError: it cannot be written, as on a full disk; older checkpoints stay as they are.
    """
    if non_finite(state):
        return False
    checkpoints = folder / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    tensors = save({name: tensor.detach().cpu().contiguous() for name, tensor in state.items()})
    manifest = Manifest(
        tick=tick,
        meaning=config.meaning,
        seed=config.seed,
        overrides=config.overrides,
        backend=config.backend,
        versions=Versions(
            nlgraph=config.nlgraph, torch=torch.__version__, python=platform.python_version()
        ),
        checksums={STATE: hashlib.sha256(tensors).hexdigest()},
    )
    unfinished = checkpoints / f".{tick}.unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    finished = checkpoints / str(tick)
    try:
        write_whole(unfinished / STATE, tensors)
        write_whole(unfinished / MANIFEST, (manifest.model_dump_json(indent=2) + "\n").encode())
        flush_folder(unfinished)
        shutil.rmtree(finished, ignore_errors=True)
        unfinished.rename(finished)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    flush_folder(checkpoints)
    for old in _ticks(checkpoints)[KEPT:]:
        shutil.rmtree(checkpoints / str(old), ignore_errors=True)
    return True


def load_checkpoint(
    folder: Path,
    meaning: str,
    report: Report,
    note: Callable[[str], None],
    use: errors.Use = "resumed",
) -> Checkpoint | None:
    """The newest checkpoint that is whole; a damaged one is passed over with a note.

    One of another system is an error: its states would mean something else.
    """
    checkpoints = folder / "checkpoints"
    ticks = _ticks(checkpoints)
    for tick in ticks:
        try:
            manifest = Manifest.model_validate_json(
                (checkpoints / str(tick) / MANIFEST).read_text()
            )
            if manifest.meaning != meaning:
                report.add(errors.other_spec(str(folder), tick))
                return None
            return Checkpoint(tick, _tensors(checkpoints / str(tick), manifest))
        except (OSError, ValueError, ValidationError, SafetensorError, _Damaged) as fault:
            reason = str(fault).partition("\n")[0]
            note(f"the checkpoint of tick {tick} is damaged and passed over: {reason}")
    report.add(errors.no_checkpoint(str(folder), use, len(ticks)))
    return None


def newest(folder: Path) -> int | None:
    """The tick of the newest checkpoint of a run, if there is one."""
    return next(iter(_ticks(folder / "checkpoints")), None)


class _Damaged(Exception):
    """The files of a checkpoint are not what its manifest says."""


def _ticks(checkpoints: Path) -> list[int]:
    """The ticks of the checkpoints that are there, newest first."""
    if not checkpoints.is_dir():
        return []
    names = (entry.name for entry in checkpoints.iterdir() if entry.is_dir())
    return sorted((int(name) for name in names if name.isascii() and name.isdigit()), reverse=True)


def _tensors(folder: Path, manifest: Manifest) -> Mapping[str, Tensor]:
    for name, checksum in manifest.checksums.items():
        if Path(name).name != name:
            message = f"{name!r} is no file of its own folder"
            raise _Damaged(message)
        if hashlib.sha256((folder / name).read_bytes()).hexdigest() != checksum:
            message = f"{name} is not what was written"
            raise _Damaged(message)
    return load((folder / STATE).read_bytes())
