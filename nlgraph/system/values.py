"""Values while names are resolved: expressions, and bundles of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nlgraph.system.model import Expr

Key = tuple[str, str | None]
"""A leaf of a bundle: its host ("" where the bundle has one component only) and its state's short
name. A name of None stands for all leaves of that host."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """Several tensors under one name, as a component with several states or a rule's W and g."""

    leaves: Mapping[Key, Expr]


Value = Expr | Bundle


def collapse(value: Value) -> Value:
    """A bundle of one leaf is that leaf."""
    if isinstance(value, Bundle) and len(value.leaves) == 1:
        return next(iter(value.leaves.values()))
    return value


def leaf(value: Value, key: Key) -> Expr | None:
    """What a value has at a leaf: an expression is the same for all; None where it has none."""
    if isinstance(value, Expr):
        return value
    found = value.leaves.get(key)
    return value.leaves.get((key[0], None)) if found is None else found


def state_names(values: tuple[Value, ...]) -> list[list[str]]:
    """The names of the states in each bundle, for messages."""
    bundles = [value for value in values if isinstance(value, Bundle)]
    return [[name for _, name in bundle.leaves if name is not None] for bundle in bundles]


def keys_of(values: tuple[Value, ...]) -> tuple[Key, ...] | None:
    """The common leaves of several values, None where they do not match; empty: no bundle."""
    bundles = [value for value in values if isinstance(value, Bundle)]
    keys: dict[Key, None] = {}
    hosts: set[str] = set()
    for bundle in bundles:
        for key in bundle.leaves:
            if key in keys or (key[1] is None and key[0] in hosts):
                continue
            keys.pop((key[0], None), None)
            keys[key] = None
            hosts.add(key[0])
    if any(leaf(bundle, key) is None for bundle in bundles for key in keys):
        return None
    return tuple(keys)
