"""`--ops package.module`: functions of the user's that specs may call.

Only the command line names them: reading a spec never imports anything.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

from nlgraph.cli.main import UsageError


def import_ops(modules: Iterable[str]) -> None:
    """Import modules that register functions with `nlgraph.op`, from the working folder too.

    Raises:
        UsageError: there is no such module, or it fails.
    """
    here = str(Path.cwd())
    for name in modules:
        if not all(part.isidentifier() for part in name.split(".")):
            message = f"--ops {name}: it takes a module's name, like mypackage.functions"
            raise UsageError(message)
        if here not in sys.path and "" not in sys.path:
            sys.path.insert(0, here)
        try:
            import_module(name)
        except ModuleNotFoundError as fault:
            message = f"--ops {name}: there is no module {fault.name}"
            raise UsageError(message) from fault
        except Exception as fault:
            message = f"--ops {name}: importing it fails: {type(fault).__name__}: {fault}"
            raise UsageError(message) from fault
