"""nlgraph: a compiler for nested learning systems.

A `.nl` file says what each component of a learning system learns, and how often. `load` checks
it and derives its levels; `compile` makes a PyTorch module of it, and alone imports torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nlgraph.backend import compile  # noqa: A004
    from nlgraph.diagnostics.diagnostic import SpecError
    from nlgraph.frontend import System, load, loads
    from nlgraph.ops.own import op

__version__ = "0.1.0"
__all__ = ["SpecError", "System", "__version__", "compile", "load", "loads", "op"]

_HOMES = {
    "SpecError": "nlgraph.diagnostics.diagnostic",
    "System": "nlgraph.frontend",
    "compile": "nlgraph.backend",
    "load": "nlgraph.frontend",
    "loads": "nlgraph.frontend",
    "op": "nlgraph.ops.own",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    """A public name, imported when it is first used."""
    if name not in _HOMES:
        message = f"module 'nlgraph' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return list(__all__)
