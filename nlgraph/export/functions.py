"""The source of nlgraph's own functions, for a file that is to run without nlgraph."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from types import ModuleType

_ALIASES = {"Number": "float", "Value": "Tensor | float"}
"""Types that the files of `functional` each name for themselves."""

_NOQA = re.compile(r"\s*# noqa\b[^\n]*")


class Functions:
    """The functions that a file needs, with all that these need in turn."""

    def __init__(self) -> None:
        """Need nothing yet."""
        self.imports: set[str] = set()
        self.aliases: dict[str, str] = {}
        self._sources: dict[str, str] = {}

    def need(self, path: str) -> str:
        """The name of the function at a dotted path, which the file has from now on."""
        module, _, name = path.rpartition(".")
        if name not in self._sources:
            found = getattr(import_module(module), name)
            self._add(inspect.getmodule(found) or import_module(module), name)
        return name

    @property
    def names(self) -> frozenset[str]:
        """The names that are taken in the file."""
        return frozenset((*self._sources, *self.aliases))

    @property
    def sources(self) -> tuple[str, ...]:
        """The functions, sorted by name."""
        return tuple(self._sources[name] for name in sorted(self._sources))

    def _add(self, module: ModuleType, name: str) -> None:
        known = _statements(module)
        waiting = [name]
        while waiting:
            name = waiting.pop()
            if name in self._sources or name not in known:
                continue
            statement = known[name]
            if isinstance(statement, ast.Import | ast.ImportFrom):
                self.imports.add(_import_of(statement, name))
            elif name in _ALIASES:
                self.aliases[name] = _ALIASES[name]
                waiting.append("Tensor")
            else:
                source = ast.get_source_segment(inspect.getsource(module), statement)
                assert source is not None, "a statement of a file has a source"
                self._sources[name] = _NOQA.sub("", source)
                waiting.extend(_read_names(statement))


def _statements(module: ModuleType) -> dict[str, ast.stmt]:
    """The statements of a module by the names that they bind."""
    found: dict[str, ast.stmt] = {}
    for statement in ast.parse(inspect.getsource(module)).body:
        for name in _bound_names(statement):
            found[name] = statement
    return found


def _bound_names(statement: ast.stmt) -> Iterable[str]:
    match statement:
        case ast.FunctionDef(name=name):
            return [name]
        case ast.Import(names=names) | ast.ImportFrom(names=names):
            return [alias.asname or alias.name.partition(".")[0] for alias in names]
        case ast.Assign(targets=[ast.Name(id=name)]):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case _:
            return []


def _read_names(statement: ast.stmt) -> list[str]:
    return [node.id for node in ast.walk(statement) if isinstance(node, ast.Name)]


def _import_of(statement: ast.Import | ast.ImportFrom, name: str) -> str:
    """An import of one name."""
    alias = next(a for a in statement.names if name in (a.asname, a.name.partition(".")[0]))
    as_name = f" as {alias.asname}" if alias.asname else ""
    if isinstance(statement, ast.Import):
        return f"import {alias.name}{as_name}"
    return f"from {statement.module} import {alias.name}{as_name}"
