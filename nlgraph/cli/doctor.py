"""`nlgraph doctor`: versions, compiler, devices, and what works here.

It never imports torch: that is tried in another process, which may crash, or hang.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from itertools import takewhile
from pathlib import Path
from textwrap import wrap
from typing import Literal, cast

from nlgraph import __version__
from nlgraph.cli.main import DONE, FAULTY
from nlgraph.cli.terminal import Painter, Style, uses_colour
from nlgraph.diagnostics.escape import escape, width

EXAMPLES = """\
  nlgraph doctor
  nlgraph doctor > report.txt"""

State = Literal["ok", "note", "fails"]

SPEC = """\
clock step
input x : f32[] every step
component w : scalar = 1 { w' = w - 0.5 * grad(loss, w) }
loss = 0.5 * (w * x)^2
output loss
"""
"""Gradient descent whose third step leaves 1/8 of w, where x is 1."""

PYTHON = "3.11"
SECONDS = 300
"""How long torch may take: compiling for the first time is slow on a busy machine."""

_ROOT = Path(__file__).resolve().parents[2]
_STYLES: Mapping[State, Style] = {"ok": "green", "note": "cyan", "fails": "red"}


@dataclass(frozen=True, slots=True)
class Found:
    """A finding: what it is about, how it is, and in words."""

    name: str
    state: State
    text: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """There are none."""
    del parser


def run(arguments: argparse.Namespace) -> int:
    """Show what is found as it is found; 1 where something that is needed fails."""
    del arguments
    painter, columns = Painter(sys.stdout), shutil.get_terminal_size().columns
    failed: list[str] = []
    for title, findings in {
        "versions": _versions(),
        "machine": _machine(),
        "what works here": _works(),
    }.items():
        sys.stdout.write(painter.paint(title, "bold") + "\n")
        for found in findings:
            sys.stdout.write(_row(found, painter, columns))
            sys.stdout.flush()
            if found.state == "fails":
                failed.append(found.name)
        sys.stdout.write("\n")
    if failed:
        names = ", ".join(dict.fromkeys(failed))
        sys.stdout.write(painter.paint(f"does not work: {names}", "red") + "\n")
        return FAULTY
    sys.stdout.write(painter.paint("all of it works", "green") + "\n")
    return DONE


_NAMES = 16  # columns of a name; on a terminal that is narrow they run into the words


def _row(found: Found, painter: Painter, columns: int) -> str:
    mark = f"  {painter.paint(found.state, _STYLES[found.state])}{' ' * (7 - len(found.state))}"
    name, text = escape(found.name), escape(found.text)
    is_narrow = columns < 3 * _NAMES
    start = f"{name}: " if is_narrow else name + " " * (max(0, _NAMES - width(name)) + 2)
    indent = 9 if is_narrow else 9 + _NAMES + 2
    lines = wrap(text, max(columns - indent, 16), initial_indent=start if is_narrow else "")
    return mark + ("" if is_narrow else start) + ("\n" + " " * indent).join(lines) + "\n"


# ----------------------------------------------------------------------------- versions


def _versions() -> Iterator[Found]:
    python = f"{platform.python_implementation()} {platform.python_version()}, {sys.executable}"
    state: State = "ok" if sys.version_info[:2] >= _numbers(PYTHON) else "fails"
    yield Found("python", state, python if state == "ok" else f"{python}; {PYTHON} is needed")
    yield Found("nlgraph", "ok", f"{__version__}, {_ROOT / 'nlgraph'}")
    for name, oldest in _needed().items():
        yield _version(name, oldest)


def _needed() -> Mapping[str, str]:
    """The oldest version of each distribution that will do: the checkout's, or the package's."""
    project = _ROOT / "pyproject.toml"
    if project.is_file():
        listed = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
    else:
        listed = metadata.requires("nlgraph") or []
    pairs = (line.partition(">=") for line in listed if ";" not in line)  # `;`: an extra's
    return {name.strip(): oldest.strip() for name, _, oldest in pairs}


def _version(name: str, oldest: str) -> Found:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        return Found(
            name, "fails", f"not installed; {oldest} or later is needed: pip install {name}"
        )
    if _numbers(version) < _numbers(oldest):
        return Found(name, "fails", f"{version} is too old; {oldest} or later is needed")
    return Found(name, "ok", version)


def _numbers(version: str) -> tuple[int, ...]:
    """The numbers that a version begins with: (2, 9, 0) for `2.9.0+cpu`."""
    parts = ("".join(takewhile(str.isdecimal, part)) for part in version.split("."))
    return tuple(int(part) for part in takewhile(bool, parts))


# ----------------------------------------------------------------------------- machine


def _machine() -> Iterator[Found]:
    yield Found("system", "ok", f"{platform.system()} {platform.release()}, {platform.machine()}")
    yield _terminal()
    yield _folder()
    yield _compiler()


def _terminal() -> Found:
    encoding = sys.stdout.encoding or "ascii"
    size, colour = shutil.get_terminal_size().columns, uses_colour(sys.stdout)
    text = f"{encoding}, {size} columns, {'colour' if colour else 'no colour'}"
    try:
        "│┌∞…·∂".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return Found("terminal", "note", f"{text}; it shows some signs as ?, PYTHONUTF8=1 helps")
    return Found("terminal", "ok", text)


def _folder() -> Found:
    try:
        here = Path.cwd()
        tempfile.TemporaryFile(dir=here).close()
    except OSError as fault:
        why = fault.strerror or str(fault)
        return Found("this folder", "fails", f"cannot be written to ({why}), as train does")
    return Found("this folder", "ok", f"can be written to: {here}")


def _compiler() -> Found:
    """The C++ compiler. Without one all works but torch's own compiler."""
    asked = os.environ.get("CXX")
    names = [asked] if asked else ["g++", "clang++", "c++", "cl"]
    path = next(filter(None, map(shutil.which, names)), None)
    if path is None:
        where = f"CXX names {asked}, which is not there" if asked else "there is none"
        return Found("C++ compiler", "note", f"{where}; only torch.compile needs one")
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "a.cpp")
        source.write_text("#include <vector>\nint main() { return std::vector<int>().size(); }\n")
        try:
            done = subprocess.run(
                [path, str(source), "-o", str(Path(folder, "a"))],
                capture_output=True,
                timeout=60,
                check=False,
            )
            works = done.returncode == 0
        except (OSError, subprocess.SubprocessError):
            works = False
    if not works:
        return Found("C++ compiler", "note", f"{path} cannot compile; only torch.compile needs it")
    return Found("C++ compiler", "ok", path)


# ----------------------------------------------------------------------------- what works


def _works() -> Iterator[Found]:
    yield _front_end()
    yield from _probed()


def _front_end() -> Found:
    began = time.perf_counter()
    try:
        from nlgraph.frontend import loads

        loads(SPEC).to_json()
    except Exception as fault:  # noqa: BLE001 - any fault is a finding
        return Found("check, levels", "fails", f"{type(fault).__name__}: {fault}")
    return Found("check, levels", "ok", f"a spec in {time.perf_counter() - began:.2f} s")


def _probed() -> Iterator[Found]:
    """What torch can do, told by another process line by line."""
    # -P: what lies in this folder is not taken for a module (a torch.py, say).
    code = "import sys; sys.path.append(sys.argv[1]); from nlgraph.cli.probe import probe; probe()"
    command = [sys.executable, "-P", "-c", code, str(_ROOT)]
    began = "import torch"
    try:
        with tempfile.TemporaryFile("w+", encoding="utf-8") as told:
            try:
                done = subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=told,
                    stderr=subprocess.PIPE,
                    timeout=SECONDS,
                    check=False,
                )
                end = _end(done.returncode, done.stderr.decode(errors="replace"))
            except subprocess.TimeoutExpired:
                end = f"it is not done after {SECONDS} s"
            told.seek(0)
            for line in told:
                began, *found = json.loads(line)
                if found:
                    state, text = found
                    yield Found(began, cast("State", state), text)
    except (OSError, ValueError) as fault:
        end = str(fault)
    if end:
        yield Found(began, "fails", end)


def _end(status: int, errors: str) -> str:
    """How a process ended, in words; empty for well."""
    if status == 0:
        return ""
    if status < 0:
        names = {number.value: number.name for number in signal.Signals}
        return f"the process ends with {names.get(-status, f'signal {-status}')}"
    last = (errors.strip().splitlines() or ["without a word"])[-1]
    return f"the process ends with status {status}: {last}"
