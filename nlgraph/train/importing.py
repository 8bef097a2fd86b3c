"""Python of the user's, imported only where the command line names it."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType


class NotImported(Exception):
    """There is no such module, or it fails; the message says which."""


def import_own(name: str) -> ModuleType:
    """Import a module by its dotted name, from the working folder too.

    Raises:
        NotImported: it cannot be imported.
    """
    here = str(Path.cwd())
    if here not in sys.path and "" not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(name)
    except ModuleNotFoundError as fault:
        message = f"there is no module {fault.name}"
        raise NotImported(message) from fault
    except Exception as fault:
        message = f"importing it fails: {type(fault).__name__}: {fault}"
        raise NotImported(message) from fault
