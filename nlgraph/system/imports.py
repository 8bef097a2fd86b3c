"""`use`: the standard library's files, each read once and with a scope of its own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.syntax.parse import parse
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import Scope, Template
from nlgraph.text.source import Source


def import_names(builder: Builder, node: nodes.Use, scope: Scope, place: Place) -> None:
    """Enter the rules, transforms, blocks and fns that a `use` names into a scope."""
    origin = place.origin(node)
    if node.quoted:
        builder.report.add(
            errors.import_fault(
                f'`use "{node.path}"`: only the standard library can be used',
                origin,
                f"it has {', '.join(library_modules())}",
            )
        )
        return
    if node.path not in library_modules():
        guess = nearest(node.path, library_modules())
        builder.report.add(
            errors.import_fault(
                f"there is no library `{node.path}`",
                origin,
                f"did you mean `{guess}`?" if guess else f"there is {', '.join(library_modules())}",
            )
        )
        return
    library = library_scope(builder, node.path)
    chosen = node.names or tuple(
        nodes.Identifier(node.span, name)
        for name, entity in library.names.items()
        if isinstance(entity, Template)
    )
    for name in chosen:
        at = place.origin(name)
        entity = library.names.get(name.name)
        if not isinstance(entity, Template):
            guess = nearest(name.name, library.names)
            builder.report.add(
                errors.import_fault(
                    f"`{node.path}` has no `{name.name}`",
                    at,
                    f"did you mean `{guess}`?" if guess else f"it has {', '.join(library.names)}",
                )
            )
        elif name.name in scope.names:
            builder.report.add(errors.declared_twice(name.name, at, at))
        else:
            scope.names[name.name] = entity
            if node.names is not None:
                builder.imports[name.name] = at


def library_modules() -> tuple[str, ...]:
    """The names of the libraries: `std.optim`, `std.blocks`."""
    return tuple(
        sorted(
            f"std.{entry.name.removesuffix('.nl')}"
            for entry in files("nlgraph").joinpath("std").iterdir()
            if entry.name.endswith(".nl")
        )
    )


def module_of(name: str) -> str | None:
    """The library that defines a name."""
    for module in library_modules():
        if any(template.name == name for template in _templates(_library_file(module))):
            return module
    return None


def library_scope(builder: Builder, module: str) -> Scope:
    """The scope of a library's file: its own templates, and those that it uses."""
    if module not in builder.libraries:
        file = _library_file(module)
        scope = Scope()
        builder.libraries[module] = scope
        for template in _templates(file):
            scope.names[template.name] = Template(template, scope)
        for statement in file.statements:
            if isinstance(statement, nodes.Use):
                used = library_scope(builder, statement.path)
                for name in statement.names or ():
                    scope.names.setdefault(name.name, used.names[name.name])
    return builder.libraries[module]


def _templates(
    file: nodes.File,
) -> tuple[nodes.Rule | nodes.Transform | nodes.Block | nodes.Fn, ...]:
    kinds = nodes.Rule | nodes.Transform | nodes.Block | nodes.Fn
    return tuple(statement for statement in file.statements if isinstance(statement, kinds))


@cache
def _library_file(module: str) -> nodes.File:
    name = f"{module.removeprefix('std.')}.nl"
    text = files("nlgraph").joinpath("std").joinpath(name).read_text(encoding="utf-8")
    report = Report()
    file = parse(Source(f"std/{name}", text), report)
    assert not report.diagnostics, f"the standard library's {name} has errors"
    return file
