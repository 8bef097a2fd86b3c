"""Arrays from where the user keeps them: `digits`, or a file of arrays or of text."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.system.model import Input
from nlgraph.train import errors
from nlgraph.train.source import names_function
from nlgraph.train.text import Bytes, cut_text

Array = NDArray[np.generic]


def read_data(data: str, inputs: Sequence[Input], report: Report) -> Mapping[str, Array] | None:
    """The arrays by name; the first axis of each counts items.

    Nothing is unpickled, since data may come from anywhere.
    """
    file = Path(data)
    try:
        if data == "digits":
            return _digits()
        match file.suffix:
            case ".npz":
                return _npz(file)
            case ".safetensors":
                return _safetensors(file)
            case ".txt":
                return cut_text(_bytes(file), inputs, data, report)
    except _Unreadable as fault:
        report.add(errors.unreadable_data(data, str(fault), fault.advice))
        return None
    message = (
        "it is neither `digits`, nor a file that ends in .npz, .safetensors or .txt, nor "
        "package.module:function"
    )
    report.add(errors.unreadable_data(data, message, _advice(data)))
    return None


def _advice(data: str) -> str:
    path, _, function = data.rpartition(":")
    if path.endswith(".py"):
        name = f"{'.'.join(Path(path.removesuffix('.py')).parts)}:{function}"
        if names_function(name):
            return f"a module is named as Python imports it: {name}"
    return "np.savez(file, x=x, y=y)"


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


def _bytes(file: Path) -> Bytes:
    try:
        return np.fromfile(file, np.uint8)
    except OSError as fault:
        raise _Unreadable(_why(file, fault)) from fault


def _safetensors(file: Path) -> Mapping[str, Array]:
    """Tensors as arrays; NumPy has no bf16, so that the short floats become f32."""
    if not file.is_file():
        raise _Unreadable(_why(file))
    try:
        tensors = load_file(file)
    except (OSError, MemoryError, SafetensorError) as fault:
        message = f"it is no whole .safetensors file ({fault})"
        raise _Unreadable(
            message, "safetensors.numpy.save_file({'x': x}, file) writes one"
        ) from fault
    short = (torch.bfloat16, torch.float16)
    return {
        name: (tensor.float() if tensor.dtype in short else tensor).numpy()
        for name, tensor in tensors.items()
    }


def _why(file: Path, fault: OSError | None = None) -> str:
    if not file.exists():
        return "there is no such file"
    if not file.is_file():
        return "it is no file"
    return "it cannot be read" if fault is None else fault.strerror or str(fault)


def _npz(file: Path) -> Mapping[str, Array]:
    if not file.exists():
        raise _Unreadable(_why(file))
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
