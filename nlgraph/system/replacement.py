"""`E with (W = e)`: states replaced inside an expression."""

from __future__ import annotations

from nlgraph.syntax import nodes
from nlgraph.system import errors
from nlgraph.system.apply import map_leaves
from nlgraph.system.builder import Builder, Place
from nlgraph.system.expressions import resolve
from nlgraph.system.model import Expr, StateRead, Unknown, With
from nlgraph.system.targets import targets_of
from nlgraph.system.values import Bundle, Value, collapse


def replaced(builder: Builder, node: nodes.With, place: Place) -> Value:
    """`value with (state = e, …)`."""
    origin = place.origin(node)
    value = resolve(builder, node.value, place)
    pairs: list[tuple[StateRead, Expr]] = []
    for binding in node.bindings:
        targets = _states_of(builder, binding.target, place, "`with`")
        replacement = resolve(builder, binding.value, place)
        if targets is None:
            return Unknown(origin)
        read_targets = collapse(Bundle(targets))
        joined: list[tuple[StateRead, Expr]] = []

        def join(parts: tuple[Expr, ...], joined: list[tuple[StateRead, Expr]] = joined) -> Expr:
            assert isinstance(parts[0], StateRead)
            joined.append((parts[0], parts[1]))
            return parts[1]

        map_leaves((read_targets, replacement), join, place.origin(binding), builder)
        pairs.extend(joined)
    if not pairs:
        return Unknown(origin)
    states = tuple(state.state for state, _ in pairs)
    replacements = tuple(expr for _, expr in pairs)
    return map_leaves(
        (value,), lambda parts: With(origin, parts[0], states, replacements), origin, builder
    )


def _states_of(
    builder: Builder, node: nodes.Expr, place: Place, what: str
) -> dict[tuple[str, str | None], Expr] | None:
    """The states that a name stands for, by leaf; None where a fault was reported."""
    found = targets_of(builder, node, place, what)
    if found is None:
        return None
    if not all(isinstance(target, StateRead) for target in found.values()):
        origin = place.origin(node)
        builder.report.add(
            errors.not_a_target(what, origin, "a signal", "a signal cannot be replaced")
        )
        return None
    return dict(found)
