"""From text to a system: the passes that need no torch, one line each."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from nlgraph.clocks.causality import check_causality
from nlgraph.clocks.errors import FAULTY_CLOCKS
from nlgraph.clocks.gathers import check_gathers
from nlgraph.clocks.gradients import check_gradients
from nlgraph.clocks.infer import infer_clocks
from nlgraph.clocks.later import check_later
from nlgraph.clocks.oversights import find_oversights
from nlgraph.clocks.reads import find_reads
from nlgraph.diagnostics.diagnostic import Diagnostic, Report, SpecError
from nlgraph.levels.facts import Kind, kind_of, states_of
from nlgraph.levels.model import Level, LevelGraph
from nlgraph.levels.order import derive_levels
from nlgraph.ops.types import TensorType
from nlgraph.shapes.infer import infer_shapes
from nlgraph.shapes.model import Shaped
from nlgraph.syntax.parse import parse
from nlgraph.syntax.read import STANDARD_INPUT, read_source
from nlgraph.system.ids import ClockId, ComponentId, StateId
from nlgraph.system.model import ExternModule
from nlgraph.system.resolve import resolve
from nlgraph.text.source import Source
from nlgraph.text.span import Span

if TYPE_CHECKING:
    import networkx as nx

    from nlgraph.draw.theme import Theme

Overrides = Mapping[str, int | float | bool | str]
_Numbers = Mapping[str, int | float | bool | str | None]
Edit = Callable[[Shaped], Shaped]


@dataclass(frozen=True, slots=True)
class ComponentView:
    """A component as users see it.

    `frequency` is None for a non-parametric one (infinite), `range` the levels that it fits,
    `states` have the dims of its `per` in front, and `span` is where it is declared.
    """

    name: ComponentId
    frequency: Fraction | None
    clock: ClockId | None
    level: int
    range: tuple[int, int]
    kind: Kind
    states: Mapping[StateId, TensorType]
    span: Span


@dataclass(frozen=True, eq=False)
class System:
    """A checked system: its equations with clocks and types, and its level graph.

    `overrides`, `project` and `externs` are what it was read with, `edits` what was made of its
    equations since.
    """

    shaped: Shaped
    level_graph: LevelGraph
    warnings: tuple[Diagnostic, ...]
    overrides: _Numbers
    project: Path | None
    externs: Mapping[str, ExternModule] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()

    @property
    def name(self) -> str:
        """The name of the file, without `.nl`."""
        return self.shaped.clocked.equations.name

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels, the fastest first (Behrouz et al. 2025, Definition 2)."""
        return self.level_graph.levels

    @cached_property
    def components(self) -> Mapping[str, ComponentView]:
        """The components by name, in the order of the file."""
        clocked = self.shaped.clocked
        return {
            name: ComponentView(
                name=name,
                frequency=clocked.frequency(name),
                clock=clocked.components[name],
                level=self.level_graph.level_of[name],
                range=self.level_graph.ranges[name],
                kind=kind_of(clocked, name),
                states=states_of(self.shaped, name),
                span=component.origin.user,
            )
            for name, component in clocked.equations.components.items()
        }

    @cached_property
    def graph(self) -> nx.MultiDiGraph[str]:
        """The level graph, every pair an edge with its `kind`, made when first asked for."""
        import networkx as nx

        graph: nx.MultiDiGraph[str] = nx.MultiDiGraph()
        for level in self.levels:
            graph.add_nodes_from(level.components, level=level.index)
        for net in self.level_graph.nets:
            via = {} if net.via is None else {"via": net.via}
            for source in net.sources:
                for target in net.targets:
                    # Nets may overlap: a pair has one edge of each kind, under that key.
                    if source != target and not graph.has_edge(source, target, net.kind):
                        graph.add_edge(source, target, net.kind, kind=net.kind, **via)
        return graph

    def with_modules(self, modules: Mapping[str, ExternModule]) -> System:
        """The same system with the states of extern components known, by the components' names.

        Raises:
            SpecError: with these states the system has errors.
        """
        return self._again(self.overrides, modules)

    def edited(self, edit: Edit) -> System:
        """The same system, of whose equations something else is made."""
        return replace(self, shaped=edit(self.shaped), edits=(*self.edits, edit))

    def with_sizes(self, sizes: Mapping[str, int | None]) -> System:
        """The same system with other lengths of dimensions (None: open), from the text as read.

        Raises:
            SpecError: with these lengths the system has errors.
        """
        return self._again({**self.overrides, **sizes}, self.externs)

    def _again(self, overrides: _Numbers, externs: Mapping[str, ExternModule]) -> System:
        equations = self.shaped.clocked.equations
        system = system_of(
            equations.source,
            overrides,
            Report(),
            project=self.project,
            externs=externs,
            files=equations.files,
        )
        for edit in self.edits:
            system = system.edited(edit)
        return system

    def to_json(self) -> str:
        """The level graph as `nlgraph levels --json` prints it."""
        from nlgraph.schema.levels import levels_document

        return levels_document(self.shaped, self.level_graph).to_json()

    def draw(self, path: str | os.PathLike[str], theme: Theme = "auto") -> None:
        """Write the level graph as a picture, in the format that the path's ending names.

        Args:
            path: a file that ends in `.svg`, `.html`, `.png`, `.dot`, `.mmd` or `.json`.
            theme: `light`, `dark`, or `auto`, which follows the reader's system.

        Raises:
            UnknownFormat: the ending is none of these.
            TooManyEdges: `.dot` or `.mmd` of more than 20,000 edges.
            OSError: the file cannot be written.
        """
        from nlgraph.draw.picture import draw
        from nlgraph.schema.levels import levels_document

        path = Path(path)
        picture = draw(levels_document(self.shaped, self.level_graph), path.suffix, theme)
        path.write_bytes(picture)

    def __repr__(self) -> str:
        """The system in a line."""
        components, levels = len(self.level_graph.level_of), len(self.levels)
        return f"System({self.name!r}, components={components}, levels={levels})"

    def _repr_html_(self) -> str:
        """The level graph, as a notebook shows it."""
        return self.svg()

    def svg(self, theme: Theme = "auto") -> str:
        """The level graph as the text of an SVG document."""
        from nlgraph.draw.svg import write_svg
        from nlgraph.schema.levels import levels_document

        return write_svg(levels_document(self.shaped, self.level_graph), theme)


def load(path: str | os.PathLike[str], *, set: Overrides | None = None) -> System:  # noqa: A002
    """Read, check and level a .nl file; `-` is standard input.

    Args:
        path: the file. Its folder is the project folder, which no `use` leaves.
        set: dims and consts of the file that get another value.

    Raises:
        SpecError: the file cannot be read or has errors; it carries all of them.
        TypeError: an argument is of another kind.
    """
    overrides = _overrides(set)
    report = Report()
    source = read_source(path, report)
    if source is None:
        raise SpecError(report.errors)
    project = None if os.fspath(path) == STANDARD_INPUT else Path(path).resolve().parent
    return system_of(source, overrides, report, project=project)


def loads(text: str, *, set: Overrides | None = None) -> System:  # noqa: A002
    """Check and level a spec's text, in which `use` reaches the standard library only.

    Raises:
        SpecError: the text has errors; it carries all of them.
        TypeError: an argument is of another kind.
    """
    if not isinstance(text, str):
        message = f"text is {type(text).__name__}; it must be the text of a spec"
        raise TypeError(message)
    return system_of(Source("<text>", text), _overrides(set), Report(), project=None)


def _overrides(given: Overrides | None) -> Overrides:
    if given is not None and not isinstance(given, Mapping):
        message = f"set is {type(given).__name__}; it must map dims and consts to numbers"
        raise TypeError(message)
    return given or {}


def system_of(
    source: Source,
    overrides: _Numbers,
    report: Report,
    *,
    project: Path | None,
    externs: Mapping[str, ExternModule] | None = None,
    files: Mapping[str, Source] | None = None,
) -> System:
    """Run the passes; what one of them finds wrong is not met again by those after it.

    `externs` are the modules of extern components that are known, `files` the files of the project
    that were read before.

    Raises:
        SpecError: the source has errors.
    """
    with _uncollected():
        file = parse(source, report)
        before = tuple(report.diagnostics)
        equations, ungrouped = resolve(
            file, overrides, report, project=project, externs=externs, files=files
        )
        if ungrouped and not report.errors:
            provisional = infer_clocks(equations, Report())
            hosts = {
                name: provisional.duration(clock) for name, clock in provisional.components.items()
            }
            report.diagnostics[:] = before
            equations, _ = resolve(
                file, overrides, report, clock_of_host=hosts, project=project, externs=externs,
                files=equations.files,
            )  # fmt: skip
        clocked = infer_clocks(equations, report)
        reads = find_reads(clocked)
        if not any(fault.code in FAULTY_CLOCKS for fault in report.errors):
            check_gathers(clocked, report)
            check_causality(clocked, report, reads)
            check_later(clocked, report)
        shaped = infer_shapes(clocked, report)
        if report.errors:
            raise SpecError(report.errors)
        check_gradients(clocked, report, reads)
        if report.errors:
            raise SpecError(report.errors)
        find_oversights(reads, report)
        warnings = tuple(d for d in report.sorted() if d.severity == "warning")
        graph = derive_levels(clocked, reads)
        return System(shaped, graph, warnings, overrides, project, externs or {})


@contextmanager
def _uncollected() -> Iterator[None]:
    """Pause the collector of cycles.

    What the passes make stays, and the collector would look at all of it again and again: a third
    of the time of 10,000 components. It counts as old at once, which frozen and thawed is said
    without looking at it; what others have frozen stays so.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()
        if was_on:
            gc.enable()
