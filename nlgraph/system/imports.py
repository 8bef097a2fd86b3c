"""`use`: the standard library and the project's files, each read once, with scopes of their own."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.diagnostics.suggest import nearest
from nlgraph.syntax import nodes
from nlgraph.syntax.parse import parse
from nlgraph.syntax.read import read_source
from nlgraph.system import errors
from nlgraph.system.builder import Builder, Place
from nlgraph.system.entities import Scope, Template
from nlgraph.text.source import Source
from nlgraph.text.span import Origin


def import_names(builder: Builder, node: nodes.Use, scope: Scope, place: Place) -> None:
    """Enter the rules, transforms, blocks and fns that a `use` names into a scope."""
    found = _file(builder, node, place) if node.quoted else _library(builder, node, place)
    if found is None:
        builder.unread |= {name.name for name in node.names or ()}
        return
    chosen = node.names or tuple(
        nodes.Identifier(node.span, name)
        for name, entity in found.names.items()
        if isinstance(entity, Template)
    )
    for name in chosen:
        at = place.origin(name)
        entity = found.names.get(name.name)
        if not isinstance(entity, Template):
            builder.unread.add(name.name)
            offered = [known for known, e in found.names.items() if isinstance(e, Template)]
            guess = nearest(name.name, offered)
            builder.report.add(
                errors.import_fault(
                    f"`{node.path}` has no `{name.name}`",
                    at,
                    f"did you mean `{guess}`?" if guess else f"it has {', '.join(offered)}",
                )
            )
        elif name.name in scope.names:
            builder.report.add(errors.declared_twice(name.name, at, at))
        else:
            scope.names[name.name] = entity
            if node.names is not None and place.via is None:
                builder.imports[name.name] = at


def _library(builder: Builder, node: nodes.Use, place: Place) -> Scope | None:
    if node.path in library_modules():
        return library_scope(builder, node.path)
    guess = nearest(node.path, library_modules())
    builder.report.add(
        errors.import_fault(
            f"there is no library `{node.path}`",
            place.origin(node),
            f"did you mean `{guess}`?" if guess else f"there is {', '.join(library_modules())}",
        )
    )
    return None


def _file(builder: Builder, node: nodes.Use, place: Place) -> Scope | None:
    """The scope of a file of the project: its definitions, which see its own constants."""
    origin = place.origin(node)
    if builder.project is None:
        fault = errors.import_fault(
            f'`use "{node.path}"`: a spec without a file of its own has no project folder',
            origin,
            "only the standard library can be used here",
        )
        builder.report.add(fault)
        return None
    folder = Path(node.span.source.name).resolve().parent
    path = (folder / node.path).resolve()
    if not path.is_relative_to(builder.project):
        builder.report.add(
            errors.import_fault(
                f'`use "{node.path}"` leads out of the project folder',
                origin,
                "the project folder is the one in which the spec lies",
            )
        )
        return None
    if path in builder.reading:
        builder.report.add(
            errors.import_fault(f'`use "{node.path}"`: these files use each other', origin)
        )
        return None
    key = str(path)
    if key not in builder.libraries:
        faults = Report()
        source = builder.files.get(key) or read_source(path, faults)
        if source is None:
            reason = faults.diagnostics[0]
            message = reason.message.replace(str(path), node.path)
            builder.report.add(errors.import_fault(message, origin, reason.help))
            return None
        builder.files[key] = source
        file = parse(source, builder.report)
        builder.unread |= file.unread
        builder.reading.append(path)
        builder.libraries[key] = definitions_scope(builder, file)
        builder.reading.pop()
    return builder.libraries[key]


def definitions_scope(builder: Builder, file: nodes.File) -> Scope:
    """A scope with the rules, transforms, blocks and fns of a file, and what these may see."""
    from nlgraph.system.declarations import declare_numbers

    scope = Scope()
    for template in _templates(file):
        if template.name in scope.names:
            at = Origin(template.span)
            builder.report.add(errors.declared_twice(template.name, at, at))
        scope.names[template.name] = Template(template, scope)
    for statement in file.statements:
        if isinstance(statement, nodes.Use):
            origin = Origin(statement.span)
            import_names(builder, statement, scope, Place(scope, "", via=origin))
    declare_numbers(builder, file, scope)
    return scope


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
    """The scope of a library's file."""
    if module not in builder.libraries:
        builder.libraries[module] = definitions_scope(builder, _library_file(module))
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
