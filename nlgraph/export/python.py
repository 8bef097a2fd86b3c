"""A compiled system as one file of Python that needs torch alone."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph import __version__
from nlgraph.clocks.model import Clocked
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.export.draws import SOURCES
from nlgraph.export.errors import ExportError
from nlgraph.export.functions import Functions
from nlgraph.export.initial import write_first_values
from nlgraph.export.labels import Labels
from nlgraph.export.levels import levels_text
from nlgraph.export.methods import Method, Part, is_open, sizes_in
from nlgraph.export.names import Names, quoted, remark
from nlgraph.export.tables import Tables
from nlgraph.export.templates import (
    ADOPT,
    CHECK,
    COMMIT,
    COMMIT_ANY,
    HELD,
    LOADING,
    PUT_BACK,
    SAVING,
    STATE,
)
from nlgraph.export.where import Where
from nlgraph.export.writer import Writer
from nlgraph.frontend import System
from nlgraph.module.layout import lay_out
from nlgraph.module.support import find_own_code, find_unsupported
from nlgraph.schedule.model import Schedule
from nlgraph.schedule.plan import make_schedule

_BACKEND = "eager"
_FIXED = frozenset(
    {
        "F", "Module", "Sequence", "Tensor", "annotations", "check", "dtype", "first_values",
        "inputs", "leaves", "math", "new", "nn", "operator", "results", "self", "sha256", "start",
        "state", "tick", "torch", "int", "dict", "list", "tuple", "str", "float", "bool", "super",
        "max", "min", "abs", "zip", "sum", "range", "len", "isinstance", "sorted", "property",
        "SOMETIMES", "source", *SOURCES,
    }
)  # fmt: skip
"""Names that nothing of a spec may have in the file."""


def python_text(system: System, overrides: Mapping[str, int | float | bool] | None = None) -> str:
    """The file; a comment in it tells the dims and consts that were overridden.

    Raises:
        ExportError: something runs inside a tick of the root clock.
        SpecError: something in the system cannot be executed yet, or is code of the user's.
    """
    unsupported = find_own_code(system.shaped) or find_unsupported(system.shaped, _BACKEND)
    if unsupported is not None:
        raise SpecError([unsupported])
    _refuse_inside(system.shaped.clocked)
    # What the first writing needs is what no variable of the second may be called.
    given = {} if overrides is None else overrides
    first = _File(system, _FIXED, given)
    first.write()
    return _File(system, _FIXED | first.taken, given).write()


def _refuse_inside(clocked: Clocked) -> None:
    equations = clocked.equations
    inner = [str(clock) for clock, duration in clocked.durations.items() if duration < 1]
    copied = [str(component.id) for component in equations.components.values() if component.per]
    if inner or copied:
        what = f"the clock `{inner[0]}`" if inner else f"the copies of `{copied[0]}`"
        raise ExportError(
            f"{what} runs inside a tick of `{equations.root}`: nlgraph trains such a system, "
            "but cannot write it out as a file"
        )


class _File:
    """The file while it is written."""

    def __init__(
        self, system: System, reserved: frozenset[str], overrides: Mapping[str, int | float | bool]
    ) -> None:
        self.system = system
        self.overrides = overrides
        self.reserved = reserved
        self.layout = lay_out(system.shaped)
        report = Report()
        self.learning = make_schedule(system.shaped, report)
        self.calling = make_schedule(system.shaped, report, learning=False)
        if report.errors:
            raise SpecError(report.errors)
        self.functions = Functions()
        self.used: set[str] = set()
        self.tables = Tables(_FIXED | {str(name) for name in self.layout.inputs})
        self.labels = Labels(system.shaped.clocked.equations)

    @property
    def taken(self) -> frozenset[str]:
        """The names that the file binds for itself."""
        return self.tables.names | self.functions.names

    def write(self) -> str:
        """The text."""
        dims = self._dims()
        methods = [self._method("step", self.learning), self._method("forward", self.calling)]
        texts = [method.text() for method in methods]
        first = self._first_values(dims)
        module = "\n\n".join([self._class_head(dims), *texts, *self._class_tail(dims)])
        constants = self._constants()
        head = "\n\n".join(part for part in (self._head(), constants) if part)
        return "\n\n\n".join([head, module, first, *self._helpers()]) + "\n"

    # ------------------------------------------------------------------------- parts

    def _method(self, name: str, schedule: Schedule) -> Method:
        part = Part(
            self.layout, self.learning.memories, self.functions, self.used, self.tables,
            self.labels, self.reserved,
        )  # fmt: skip
        return Method(name, schedule, part, self._dims())

    def _dims(self) -> tuple[str, ...]:
        """The dimensions of states that a first call binds."""
        names = {d.name for type_ in self.layout.states.values() for d in type_.dims}
        return tuple(sorted(n for n in names if n is not None and n not in self.layout.sizes))

    def _head(self) -> str:
        lines = [
            '"""A nested learning system as a torch module, written by nlgraph from spec.nl.',
            "",
            "It needs torch alone. Lines in comments are those of spec.nl.",
            '"""',
            "",
            f"# nlgraph {__version__}{self._overridden()}",
            "#",
            *(f"# {line}".rstrip() for line in levels_text(self.system).splitlines()),
            "",
            "from __future__ import annotations",
            "",
        ]
        imports = {text for text in self.used if text.startswith(("import ", "from "))}
        imports |= {"import torch", "from torch import Tensor", "from torch import nn"}
        if any("Any" in source for source in (LOADING, *self.functions.sources)):
            imports.add("from typing import Any")
        imports |= self.functions.imports
        return "\n".join([*lines, *_sorted_imports(imports)])

    def _overridden(self) -> str:
        given = (f"--set {name}={value}" for name, value in self.overrides.items())
        return remark("".join(f" {text}" for text in given))

    def _constants(self) -> str:
        writer = Writer()
        self.tables.write(writer)
        if self._sometimes():
            names = [quoted(name) for name in self._sometimes()]
            writer.bracketed("SOMETIMES = (", names, ")", tuple_=True)
            writer.line('"""What `state` holds at some ticks only, or has another size at each."""')
        for name, value in self.functions.aliases.items():
            writer.line(f"{name} = {value}")
        return "\n".join(writer.lines)

    def _sometimes(self) -> tuple[str, ...]:
        """What is held at some ticks only, or has another size at each."""
        opened = (memory.name for memory in self.learning.memories if is_open(memory))
        return (*self._slow_inputs(), *opened)

    def _slow_inputs(self) -> tuple[str, ...]:
        return tuple(f"@input/{name}" for name, of in self.layout.periods.items() if of > 1)

    def _helpers(self) -> list[str]:
        texts = [CHECK] if self.layout.inputs else []
        texts += self.functions.sources
        texts += [source for name, source in SOURCES.items() if name in self.used]
        return texts

    def _first_values(self, dims: tuple[str, ...]) -> str:
        writer = Writer()
        names = Names(self.reserved | {"seed"})
        sizes, variables = sizes_in(self.layout, dims, names)
        given = "".join(f", {variable}: int" for variable in variables)
        head = f"def first_values(seed: int, dtype: torch.dtype{given}) -> dict[str, Tensor]:"
        where = Where("dtype", '"cpu"', sizes, self.functions, self.used)
        with writer.block(head):
            writer.line('"""All that lives between ticks, before the first of them."""')
            writer.line("state: dict[str, Tensor] = {}")
            memories = tuple(m for m in self.learning.memories if not is_open(m))
            write_first_values(self.system.shaped, memories, writer, where, names)
            writer.line("return state")
        return "\n".join(writer.lines)

    def _class_head(self, dims: tuple[str, ...]) -> str:
        made = "" if dims else "        self._buffers.update(first_values(seed, dtype))\n"
        return STATE.replace("        MADE\n", made)

    def _class_tail(self, dims: tuple[str, ...]) -> list[str]:
        loading = LOADING.replace("        ADOPT\n", f"{ADOPT}\n" if dims else "")
        held = [HELD] if self._slow_inputs() else []
        if self._sometimes():
            return [*held, COMMIT_ANY, SAVING, loading]
        for text in (" and name not in SOMETIMES", " - set(SOMETIMES)", PUT_BACK):
            loading = loading.replace(text, "")
        return [COMMIT, SAVING, loading]


def _sorted_imports(imports: set[str]) -> list[str]:
    """Imports as one sorts them: the standard library's first, names of one module together."""
    modules = {text for text in imports if text.startswith("import ")}
    names: dict[str, set[str]] = {}
    for text in imports - modules:
        module, _, name = text.removeprefix("from ").partition(" import ")
        names.setdefault(module, set()).add(name)
    lines = [*modules, *(f"from {m} import {', '.join(sorted(n))}" for m, n in names.items())]

    def key(line: str) -> tuple[bool, str]:
        return line.startswith("from "), line.split()[1]

    own = sorted((line for line in lines if line.split()[1].split(".")[0] != "torch"), key=key)
    torch = sorted((line for line in lines if line.split()[1].split(".")[0] == "torch"), key=key)
    return [*own, *([""] if own else []), *torch]
