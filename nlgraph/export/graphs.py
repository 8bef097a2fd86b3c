"""The code of a system's fx graphs as stable text."""

from __future__ import annotations

from collections.abc import Iterator

from torch import fx

from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.export.errors import ExportError
from nlgraph.frontend import System
from nlgraph.graph.firing import Graphs
from nlgraph.module.dtypes import torch_dtypes
from nlgraph.module.support import find_unsupported
from nlgraph.schedule.plan import make_schedule
from nlgraph.schedule.summary import firing_sets


def graphs_text(system: System) -> str:
    """The graph of each set of units that run together, and of each unit once.

    Raises:
        SpecError: something in the system cannot be executed yet.
        ExportError: a dimension has no number, so that there is no graph before a call.
    """
    unsupported = find_unsupported(system.shaped, "eager")
    if unsupported is not None:
        raise SpecError([unsupported])
    report = Report()
    schedule = make_schedule(system.shaped, report)
    if report.errors:
        raise SpecError(report.errors)
    if schedule.dims:
        name = schedule.dims[0]
        message = f"dim {name} has no number, which the graphs need: --set {name}=32"
        raise ExportError(message)
    dims = system.shaped.clocked.equations.dims
    sizes = {name: size for name, size in dims.items() if size is not None}
    graphs = Graphs(schedule, torch_dtypes(None))
    lines: list[str] = []
    written: set[fx.GraphModule] = set()
    for found in firing_sets(schedule):
        units = ", ".join(map(str, found.units))
        lines += [f"# tick {found.first}, and all like it: units {units}", ""]
        lines += _module(graphs.at(found.first, sizes).module, written)
    return "\n".join(lines).rstrip() + "\n"


def _module(module: fx.GraphModule, written: set[fx.GraphModule]) -> Iterator[str]:
    """The code of a graph, then of the graphs that it calls, each once."""
    for path, inner in module.named_modules():
        if isinstance(inner, fx.GraphModule) and inner not in written:
            written.add(inner)
            where = f", as {path}" if "." in path else ""
            yield f"## {inner.__class__.__name__}{where}"
            yield from (line.rstrip() for line in inner.code.splitlines() if line.strip())
            yield ""
