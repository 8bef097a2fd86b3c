"""All entries: importing the modules that hold them registers them."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Final

MODULES: Final = (
    "arithmetic",
    "elementwise",
    "reductions",
    "linear",
    "reshaping",
    "picking",
    "layers",
    "losses",
    "draws",
    "externs",
)


@cache
@cache
def load() -> None:
    """Register every operator of the language, once."""
    for name in MODULES:
        import_module(f"nlgraph.ops.{name}")
