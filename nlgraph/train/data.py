"""Arrays from where the user keeps them: `digits`, or an .npz file."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.train import errors

Array = NDArray[np.generic]


def read_data(data: str, report: Report) -> Mapping[str, Array] | None:
    """The arrays of `digits` or of FILE.npz by name; the first axis of each counts items.

    Nothing is unpickled, since data may come from anywhere.
    """
    try:
        if data == "digits":
            return _digits()
        if data.endswith(".npz"):
            return _npz(Path(data))
    except _Unreadable as fault:
        report.add(errors.unreadable_data(data, str(fault), fault.advice))
        return None
    report.add(
        errors.unreadable_data(
            data, "it is neither `digits` nor a file that ends in .npz", "np.savez(file, x=x, y=y)"
        )
    )
    return None


class _Unreadable(Exception):
    def __init__(self, reason: str, advice: str | None = None) -> None:
        super().__init__(reason)
        self.advice = advice


def _digits() -> Mapping[str, Array]:
    """The 1797 handwritten digits that scikit-learn ships: x f32 in 0..1, [64]; y 0 to 9.

    Read from its folder, since importing scikit-learn takes 0.9 s.
    """
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise _Unreadable("scikit-learn, which ships them, is not installed")
    file = Path(package.submodule_search_locations[0], "datasets", "data", "digits.csv.gz")
    try:
        with gzip.open(file, "rt") as lines:
            table = np.loadtxt(lines, delimiter=",", dtype=np.int64)
    except OSError as fault:
        message = f"this scikit-learn does not have {file.name}"
        raise _Unreadable(message) from fault
    return {"x": (table[:, :-1] / 16).astype(np.float32), "y": table[:, -1]}


def _npz(file: Path) -> Mapping[str, Array]:
    if not file.exists():
        message = "there is no such file"
        raise _Unreadable(message)
    try:
        if not zipfile.is_zipfile(file):
            message = "it is no .npz file"
            raise _Unreadable(message, "np.savez(file, x=x, y=y) writes one")
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except ValueError as fault:
        message = "it holds Python objects, which are never loaded"
        raise _Unreadable(message, "save plain numbers: np.savez(file, x=x, y=y)") from fault
    except (OSError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error) as fault:
        message = f"it is damaged ({fault})"
        raise _Unreadable(message) from fault
    return {name: array for name, array in found.items() if isinstance(array, np.ndarray)}
