"""A file, or standard input, to a source."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

from nlgraph import limits
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import errors
from nlgraph.text.source import Source

STANDARD_INPUT = "-"
_BYTES = 4 * limits.CHARACTERS  # a character of UTF-8 has at most four


def read_source(path: str | os.PathLike[str], report: Report) -> Source | None:
    """The text of a file, or None and an error in the report; `-` is standard input.

    The text is UTF-8, with or without a byte order mark. No more is read than a spec may have.
    """
    name = os.fspath(path)
    try:
        data = _read(name)
    except (OSError, ValueError) as error:
        report.add(errors.unreadable(name, _reason(error), _near(name, error)))
        return None
    if len(data) > _BYTES:
        report.add(errors.too_large(name))
        return None
    shown = "<stdin>" if name == STANDARD_INPUT else name
    return _decode(shown, data, report)


def _read(name: str) -> bytes:
    """The first bytes of a file, one more than a spec may have; a file that is too big unread."""
    if name == STANDARD_INPUT:
        return sys.stdin.buffer.read(_BYTES + 1)
    with Path(name).open("rb") as file:
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode) and status.st_size > _BYTES:
            return bytes(_BYTES + 1)
        return file.read(_BYTES + 1)


def _decode(name: str, data: bytes, report: Report) -> Source | None:
    for mark, encoding in ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16")):
        if data.startswith(mark):
            report.add(errors.wrong_encoding(name, 0, encoding))
            return None
    if (nul := data.find(b"\0")) >= 0:
        report.add(errors.nul_byte(name, nul))
        return None
    try:
        return Source(name, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        report.add(errors.wrong_encoding(name, _offset(data, error.start), None))
        return None


def _offset(data: bytes, start: int) -> int:
    """The offset in the file: Python counts it from after the byte order mark."""
    return start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "you may not read it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[0].lower() + error.strerror[1:]
    return "this is no path of a file"


def _near(name: str, error: OSError | ValueError) -> str | None:
    """A file beside the missing one whose name is nearly the same."""
    if not isinstance(error, FileNotFoundError):
        return None
    path = Path(name)
    try:
        near = nearest(path.name, sorted(entry.name for entry in os.scandir(path.parent)))
    except OSError:
        return None
    return None if near is None else str(path.with_name(near))
