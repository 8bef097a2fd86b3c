"""What the code of an expression may rely on where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nlgraph.export.code import Code, number
from nlgraph.export.functions import Functions
from nlgraph.export.names import quoted
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE

Arg = Code | list[Code]
"""The code of an arg, or of several."""

_DTYPES = {
    "bf16": "bfloat16",
    "f16": "float16",
    "f64": "float64",
    "int": "int64",
    "bool": "bool",
    WHOLE: "int64",
    TRUTH: "bool",
}


class Size(int):
    """A dimension's length where a call brings it: in the file it stands under this name."""

    name: str

    def __new__(cls, value: int, name: str) -> Size:
        """The length in the spec, for what must be known now, and the name."""
        made = super().__new__(cls, value)
        made.name = name
        return made


@dataclass(slots=True)
class Where:
    """What the code of an expression may rely on where it stands.

    `dtype` and `device` are the code of what f32 stands for, and of where tensors are made;
    `sizes` has the lengths of dimensions. `used` collects the imports and the names of draws that
    were needed.
    """

    dtype: str
    device: str
    sizes: Mapping[str, int]
    functions: Functions
    used: set[str]

    def dtype_of(self, dtype: str) -> str:
        """The code of a dtype of the language."""
        return self.dtype if dtype in ("f32", NUMBER) else f"torch.{_DTYPES[dtype]}"

    def number(self, value: float) -> Code:
        """The code of a number."""
        found = number(value)
        if "math." in found.text:
            self.used.add("import math")
        return found

    def literal(self, value: object) -> str:
        """The code of an attribute."""
        match value:
            case Size():
                return value.name
            case str():
                return quoted(value)
            case bool() | int() | float():
                return self.number(value).text
            case tuple() | list():
                inner = ", ".join(map(self.literal, value))
                return f"({inner},)" if len(value) == 1 else f"({inner})"
            case _:
                return repr(value)


def only(arg: Arg) -> Code:
    """The code of an arg that is one."""
    assert isinstance(arg, Code), "only bundles are lists"
    return arg
