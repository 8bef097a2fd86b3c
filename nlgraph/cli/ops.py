"""`--ops package.module`: functions of the user's that specs may call.

Only the command line names them: reading a spec never imports anything.
"""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.cli.main import UsageError
from nlgraph.train.importing import NotImported, import_own


def import_ops(modules: Iterable[str]) -> None:
    """Import modules that register functions with `nlgraph.op`, from the working folder too.

    Raises:
        UsageError: there is no such module, or it fails.
    """
    for name in modules:
        if not all(part.isidentifier() for part in name.split(".")):
            message = f"--ops {name}: it takes a module's name, like mypackage.functions"
            raise UsageError(message)
        try:
            import_own(name)
        except NotImported as fault:
            message = f"--ops {name}: {fault}"
            raise UsageError(message) from fault
