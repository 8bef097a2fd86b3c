"""`package.module:function`: a function of the user's that yields one batch after another."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import cast

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.train import errors
from nlgraph.train.importing import NotImported, import_own

Raw = Mapping[str, object]
"""A batch as the function gives it: a tensor or an array for each input."""

_NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")


def names_function(data: str) -> bool:
    """Whether DATA is `package.module:function`."""
    return _NAME.fullmatch(data) is not None


class Source:
    """A function that gives the batches from the first one on, each time it is called."""

    def __init__(self, data: str) -> None:
        """Import the function.

        Raises:
            SpecError: there is no such module or function.
        """
        self.data = data
        module, _, name = data.partition(":")
        try:
            found = getattr(import_own(module), name, None)
        except NotImported as fault:
            raise SpecError([errors.unreadable_data(data, str(fault))]) from fault
        if not callable(found):
            why = f"{module} has no function {name}"
            raise SpecError([errors.unreadable_data(data, why)])
        self._function = cast("Callable[[], object]", found)
        self._begun: Iterator[Raw] | None = None

    def first(self) -> Raw | None:
        """The first batch, which stays the first of the next batches; None where there is none.

        Raises:
            SpecError: the function fails, or gives something else.
        """
        self._begun = self.batches()
        found = next(self._begun, None)
        if found is not None:
            self._begun = chain([found], self._begun)
        return found

    def batches(self) -> Iterator[Raw]:
        """The batches, from the first one on; to iterate over them raises what `first` does."""
        begun, self._begun = self._begun, None
        return begun or self._run()

    def _run(self) -> Iterator[Raw]:
        number = 0
        try:
            made = self._function()
            if isinstance(made, Mapping) or not isinstance(made, Iterable):
                raise self._wrong(number, f"it gives a {type(made).__name__}, no batches")
            for batch in made:
                number += 1
                if not isinstance(batch, Mapping):
                    raise self._wrong(number, f"it is a {type(batch).__name__}, no dict of tensors")
                yield batch
        except (SpecError, GeneratorExit):
            raise
        except Exception as fault:
            where = traceback.extract_tb(fault.__traceback__)[-1]
            is_own = where.filename == __file__
            at = "" if is_own else f" ({Path(where.filename).name}, line {where.lineno})"
            raise self._wrong(number + 1, f"{type(fault).__name__}: {fault}{at}") from fault

    def _wrong(self, number: int, why: str) -> SpecError:
        return SpecError([errors.failing_source(self.data, number, why)])
