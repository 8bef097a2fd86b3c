"""`nlgraph new`: a starting spec, and a file of data that it trains on at once."""

from __future__ import annotations

import argparse
import shlex
import shutil
import sys
import unicodedata
import zipfile
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING

from nlgraph.cli.main import DONE, UsageError
from nlgraph.cli.terminal import Painter
from nlgraph.diagnostics.escape import escape
from nlgraph.diagnostics.suggest import nearest

if TYPE_CHECKING:
    from nlgraph.train.data import Array

EXAMPLES = """\
  nlgraph new mine
  nlgraph new memory --from cms"""

DEFAULT = "momentum"

_EXAMPLES = files("nlgraph") / "examples"
_NEVER = '/\\:*?"<>|'  # in a file's name on one system or another
_DEVICES = {
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in "123456789"),
}
_LONGEST = 200  # bytes of a name: most file systems take 255, with the ending


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="NAME", help="writes NAME.nl and its data into this folder")
    parser.add_argument(
        "--from",
        dest="example",
        default=DEFAULT,
        metavar="EXAMPLE",
        help=f"the example to start from ({DEFAULT}): {', '.join(examples())}",
    )


def run(arguments: argparse.Namespace) -> int:
    """Write the two files, and say what can be done with them."""
    example, name = _known(arguments.example), _checked(arguments.name)
    spec = _spec_of(example, name)
    try:
        ending, data, told = _data_of(example)
    except FileNotFoundError as fault:
        message = f"{example} cannot be trained here: {fault}"
        raise UsageError(message) from fault
    written = {Path(f"{name}.nl"): spec.encode(), Path(name + ending): data}
    _write(written)
    sys.stdout.write(_said(example, written, told))
    return DONE


@cache
def examples() -> Mapping[str, str]:
    """Every example with what its first line says it shows."""
    names = sorted(
        f.name.removesuffix(".nl") for f in _EXAMPLES.iterdir() if f.name.endswith(".nl")
    )
    return {name: _headline(name) for name in names}


def _headline(example: str) -> str:
    first = _text_of(example).partition("\n")[0]
    return first.removeprefix(f"# {example}.nl: ").rstrip(".:")


def _text_of(example: str) -> str:
    return (_EXAMPLES / f"{example}.nl").read_text(encoding="utf-8")


def _spec_of(example: str, name: str) -> str:
    """The example's text under its new name."""
    return _text_of(example).replace(f"# {example}.nl:", f"# {name}.nl:", 1)


def _known(example: str) -> str:
    if example in examples():
        return example
    guess = nearest(example, examples())
    hint = f"Did you mean {guess}? " if guess else ""
    message = f"there is no example {example!r}. {hint}There are {', '.join(examples())}"
    raise UsageError(message)


def _checked(name: str) -> str:
    """The name, without the ending that the spec is given anyway.

    Raises:
        UsageError: it is no name of a file in this folder, here or on another system.
    """
    name = name.removesuffix(".nl")
    why = _fault_of(name)
    if why is None:
        return name
    message = f"{name!r} cannot name a spec: {why}"
    raise UsageError(message)


def _fault_of(name: str) -> str | None:
    if not name.strip():
        return "it is empty"
    found = next((char for char in name if char in _NEVER), None)
    if found in ("/", "\\"):
        return "it is a path; go to the folder first, and give a name"
    if found is not None:
        return f"{found} cannot stand in every file's name"
    if any(escape(char) != char for char in name):
        return "it has a character that cannot be seen"
    if name[0] in ".-~" or name != name.strip() or name.endswith("."):
        return "it begins with one of . - ~ or a space, or ends with . or a space"
    if name.casefold().partition(".")[0] in _DEVICES:
        return "some systems keep this name for a device"
    if len(unicodedata.normalize("NFD", name).encode()) > _LONGEST:
        return f"it is longer than {_LONGEST} bytes"
    return None


def _data_of(example: str) -> tuple[str, bytes, str]:
    """The ending of the data's file, its content, and what it holds in words.

    Raises:
        FileNotFoundError: what the data is made of is not installed.
    """
    from nlgraph.examples.data import ARRAYS, TEXT, example_data, text

    if example in TEXT:
        content = text()
        return ".txt", content, f"{len(content):,} bytes of text"
    arrays = example_data(example) if example in ARRAYS else _digits()
    items = len(next(iter(arrays.values())))
    shapes = [f"{name} {list(array.shape[1:]) or ''}".rstrip() for name, array in arrays.items()]
    return ".npz", _npz_of(arrays), f"{items:,} items of {', '.join(shapes)}"


def _digits() -> Mapping[str, Array]:
    from nlgraph.diagnostics.diagnostic import Report, SpecError
    from nlgraph.train.data import read_data

    report = Report()
    arrays = read_data("digits", (), report)
    if arrays is None:
        raise SpecError(report.errors)
    return arrays


def _npz_of(arrays: Mapping[str, Array]) -> bytes:
    """An .npz file of the arrays; np.savez would write the time into it, too."""
    import numpy as np

    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, array in arrays.items():
            member = BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy")
            archive.writestr(entry, member.getvalue(), zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _write(written: Mapping[Path, bytes]) -> None:
    """Write all the files, or none.

    Raises:
        UsageError: one is there already, or cannot be written.
    """
    made: list[Path] = []
    try:
        for file, content in written.items():
            with file.open("xb") as stream:  # no file that is there is ever opened
                made.append(file)
                stream.write(content)
    except (OSError, ValueError) as fault:  # ValueError: a name that this file system cannot spell
        for begun in made:
            begun.unlink(missing_ok=True)
        why = "it is there already" if isinstance(fault, FileExistsError) else _why(fault)
        message = f"{file} is not written: {why}"
        raise UsageError(message) from fault


def _why(fault: Exception) -> str:
    return (fault.strerror if isinstance(fault, OSError) else None) or str(fault)


def _said(example: str, written: Mapping[Path, bytes], told: str) -> str:
    """What the files are, and the commands that go on from here."""
    painter = Painter(sys.stdout)
    columns = shutil.get_terminal_size().columns
    spec, data = map(str, written)

    def about(file: str, text: str) -> str:
        return painter.paint(escape(file), "bold") + f"\n{_wrapped(text, columns)}"

    commands = [
        shlex.join(["nlgraph", "train", spec, "--data", data]),
        shlex.join(["nlgraph", "levels", spec]),
    ]
    lines = [
        about(spec, examples()[example]),
        about(data, told),
        "next:",
        *(f"  {painter.paint(escape(command), 'cyan')}" for command in commands),
    ]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, columns: int) -> str:
    return fill(text, max(columns, 20), initial_indent="  ", subsequent_indent="  ")
