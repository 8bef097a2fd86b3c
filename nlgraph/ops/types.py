"""The types of values: a dtype and named dimensions."""

from __future__ import annotations

from dataclasses import dataclass

DTYPES = ("f32", "bf16", "f16", "f64", "int", "bool")
NUMBER = "number"
"""The dtype of what is a plain number when a graph runs (a literal, a const): like a Python number
in torch, it takes the dtype of the tensor that it meets."""

WHOLE = "whole"
"""A plain number that is an int (`3`, `tick`, `size(W, 0)`): it leaves integer tensors integers."""

TRUTH = "truth"
"""A plain number that is true or false (`tick == 1`, `learning`)."""

NUMBERS = (NUMBER, WHOLE, TRUTH)


_WORDS = {NUMBER: "a number", WHOLE: "a whole number", TRUTH: "true or false"}


@dataclass(frozen=True, slots=True)
class Dim:
    """A dimension: a name (None: unnamed, checked by length) and a size (None: bound by a call)."""

    name: str | None
    size: int | None

    def __str__(self) -> str:
        """The name, else the size."""
        if self.name is not None:
            return self.name
        return "?" if self.size is None else str(self.size)


@dataclass(frozen=True, slots=True)
class TensorType:
    """A dtype and dimensions, outermost first. A number has no dimensions."""

    dtype: str
    dims: tuple[Dim, ...] = ()

    @property
    def is_number(self) -> bool:
        """Whether the value is a plain number."""
        return self.dtype in NUMBERS

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes."""
        return tuple(dim.size for dim in self.dims)

    def __str__(self) -> str:
        """As the language writes it: `f32[B, d]`."""
        if self.is_number:
            return _WORDS[self.dtype]
        return f"{self.dtype}[{', '.join(map(str, self.dims))}]"
