"""What `nlgraph doctor` tries in a process of its own, since a broken torch may end its process.

Each step writes one line of JSON when it begins and one for each of its findings. A line is
`[name]`, or `[name, state, text]`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from nlgraph.cli.doctor import SPEC, State

if TYPE_CHECKING:
    import torch

Finding = tuple[State, str]

_TICKS, _LEFT = 3, 0.125


def probe() -> None:
    """Try everything; what fails, and how, is on the last lines."""
    sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123 - what torch warns of is not said here
    devices: list[str] = ["cpu"]
    if not _try("import torch", _torch):
        return
    _try("devices", lambda: _devices(devices))
    from nlgraph.module.backends import BACKENDS

    for device in devices:
        for backend in BACKENDS:
            _try(f"{backend} on {device}", partial(_backend, backend, device))


def _try(name: str, step: Callable[[], Iterator[Finding]]) -> bool:
    _write([name])
    try:
        for state, text in step():
            _write([name, state, text])
    except Exception as fault:  # noqa: BLE001 - any fault is a finding
        _write([name, "fails", f"{type(fault).__name__}: {_first_line(fault)}"])
        return False
    return True


def _write(line: list[str]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def _first_line(fault: Exception) -> str:
    return next((line for line in str(fault).splitlines() if line.strip()), "without a word")


def _torch() -> Iterator[Finding]:
    began = time.perf_counter()
    import torch

    seconds = time.perf_counter() - began
    built = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "for the CPU"
    if getattr(torch.version, "hip", None):
        built = f"for ROCm {torch.version.hip}"
    yield "ok", f"{torch.__version__}, built {built}; starts in {seconds:.1f} s"


def _devices(found: list[str]) -> Iterator[Finding]:
    """Every device that torch can use; the names of others than the CPU are added to `found`."""
    import torch

    threads = torch.get_num_threads()
    yield "ok", f"cpu: {os.cpu_count()} cores, of which torch uses {threads}"
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            found.append(f"cuda:{number}")
            yield "ok", f"cuda:{number}: {_gpu(torch.cuda.get_device_properties(number))}"
    elif torch.version.cuda:
        yield "note", f"cuda: torch is built for CUDA {torch.version.cuda} and finds no GPU"
    if torch.backends.mps.is_available():
        found.append("mps")
        yield "ok", "mps: Apple's GPU"


def _gpu(properties: torch._C._CudaDeviceProperties) -> str:
    return f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"


def _backend(backend: str, device: str) -> Iterator[Finding]:
    """Compile the spec, run it, and look at what it makes."""
    import torch

    import nlgraph

    began = time.perf_counter()
    module = nlgraph.compile(nlgraph.loads(SPEC), backend=backend, device=device)
    for _ in range(_TICKS):
        module.step(x=torch.tensor(1.0))
    left = float(module.state["w"])
    if abs(left - _LEFT) > 1e-6:
        yield "fails", f"it computes {left} where {_LEFT} is right"
        return
    yield "ok", f"compiles and runs a system in {time.perf_counter() - began:.1f} s"
