"""A compiled system as one file of Python that needs torch alone."""

from __future__ import annotations

from collections.abc import Mapping

from nlgraph import __version__
from nlgraph.diagnostics.diagnostic import Report, SpecError
from nlgraph.export.draws import SOURCES
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
    INITIAL,
    LOADING,
    REPLACE,
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
        "COPIES", "SOMETIMES", "source", "partial", *SOURCES,
    }
)  # fmt: skip
"""Names that nothing of a spec may have in the file."""


def python_text(system: System, overrides: Mapping[str, int | float | bool] | None = None) -> str:
    """The file; a comment in it tells the dims and consts that were overridden.

    Raises:
        ExportError: an initial value is computed in copies in a way that a file cannot say.
        SpecError: something in the system cannot be executed yet, or is code of the user's.
    """
    unsupported = find_own_code(system.shaped) or find_unsupported(system.shaped, _BACKEND)
    if unsupported is not None:
        raise SpecError([unsupported])
    # What the first writing needs is what no variable of the second may be called.
    given = {} if overrides is None else overrides
    first = _File(system, _FIXED, given)
    first.write()
    return _File(system, _FIXED | first.taken, given).write()


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
        self.labels = Labels(system.shaped.clocked)

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
            self.labels, self.reserved, (*self._dims(), *self._copy_dims()),
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
        if self._copied():
            names = [quoted(name) for name in self._copied()]
            writer.bracketed("COPIES = (", names, ")", tuple_=True)
            writer.line('"""What `state` has in as many copies as a call brings."""')
        for name, value in self.functions.aliases.items():
            writer.line(f"{name} = {value}")
        return "\n".join(writer.lines)

    def _sometimes(self) -> tuple[str, ...]:
        """What is held at some ticks only, or has another size at each."""
        opened = (memory.name for memory in self.learning.memories if is_open(memory))
        return (*self._slow_inputs(), *opened)

    def _copied(self) -> tuple[str, ...]:
        """The states of copies whose number a call brings, and their initial values."""
        names = [str(name) for name in self.layout.states if name in self.layout.loose]
        kept = [f"@initial/{n}" for n in self.layout.kept_initial if n in self.layout.loose]
        return (*names, *kept)

    def _copy_dims(self) -> tuple[str, ...]:
        """The dimensions of copies that have a number, of which a call may bring another."""
        of_states = {d.name for n in self.layout.loose for d in self.layout.states[n].dims}
        of_inputs = {d.name for i in self.layout.inputs.values() for d in i.type.dims}
        free = (of_states & of_inputs & self.layout.sizes.keys()) - self.layout.fixed_dims
        return tuple(sorted(name for name in free if name is not None))

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
        every = (*dims, *self._copy_dims())
        sizes, variables = sizes_in(self.layout, every, names)
        known = self.layout.sizes
        numbers = [f" = {known[dim]}" if dim in known else "" for dim in every]
        pairs = zip(variables, numbers, strict=True)
        given = "".join(f", {variable}: int{number}" for variable, number in pairs)
        head = f"def first_values(seed: int, dtype: torch.dtype{given}) -> dict[str, Tensor]:"
        where = Where("dtype", '"cpu"', sizes, self.functions, self.used)
        with writer.block(head):
            writer.line('"""All that lives between ticks, before the first of them."""')
            writer.line("state: dict[str, Tensor] = {}")
            memories = tuple(m for m in self.learning.memories if not is_open(m))
            write_first_values(
                self.system.shaped, self.layout.states, memories, writer, where, names
            )
            writer.line("return state")
        return "\n".join(writer.lines)

    def _class_head(self, dims: tuple[str, ...]) -> str:
        made = "" if dims else "        self._buffers.update(first_values(seed, dtype))\n"
        return STATE.replace("        MADE\n", made)

    def _class_tail(self, dims: tuple[str, ...]) -> list[str]:
        """The methods behind `step` and `forward`."""
        texts = [HELD] if self._slow_inputs() else []
        if any(name.startswith("@") for name in self._copied()):
            texts.append(INITIAL)
        sized = [
            name
            for name, of in (("SOMETIMES", self._sometimes()), ("COPIES", self._copied()))
            if of
        ]
        loading = LOADING.replace("        ADOPT\n", f"{ADOPT}\n" if dims else "")
        if not sized:
            loading = loading.replace(" - set(SIZED)", "").replace("        REPLACE\n", "")
        loading = loading.replace("        REPLACE\n", REPLACE)
        both = f"({', '.join(f'*{name}' for name in sized)})" if len(sized) > 1 else "".join(sized)
        loading = loading.replace("set(SIZED)", f"set({both})").replace("SIZED", both)
        if not self._sometimes():
            loading = loading.replace(" and name not in SOMETIMES", "")
        return [*texts, COMMIT_ANY if sized else COMMIT, SAVING, loading]


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
