"""The form of an operator's entry, and the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from nlgraph.ops.types import TensorType

ParamKind = Literal[
    "value",  # an expression
    "values",  # a list of expressions, or one family (stack, concat); becomes several args
    "axis",  # a dimension's name or a number (attr: str | int)
    "axes",  # one axis or a list of them (attr: tuple[str | int, ...])
    "axis_or_value",  # max, min: a dimension's name or axis = …; anything else is a value
    "integer",  # a number known when compiling (attr: int), or a list of them (attr: tuple)
    "number",  # a number known when compiling (attr: int | float)
    "flag",  # true or false (attr: bool)
    "text",  # a string (attr: str)
    "shape",  # a list of dims, numbers, arithmetic, or one of them (attr: tuple[Dim, ...])
]

REQUIRED: Final = object()
"""The default of a parameter that must be given."""


@dataclass(frozen=True, slots=True)
class Param:
    """A parameter. `value` parameters become `Call.args`, all others `Call.attrs`.

    A `value` with a default of None that is left out becomes no arg; ops with optional values put
    them last. `keyword` is what the target calls it, where that is another word.
    """

    name: str
    kind: ParamKind = "value"
    default: Any = REQUIRED
    keyword: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Arguments from which tests are derived: types in the language's notation, and attrs.

    `f32[B, d]`, `int[B] < 4` (class numbers), `f32[d] > 0` (between 0 and 1), `f32[n, n] square`
    (symmetric, positive definite), `number`, `number > 0`, `true`, `false`.
    """

    args: tuple[str, ...]
    attrs: Mapping[str, Any]


class TypeFault(Exception):
    """Raised by an operator's `infer` where the arguments do not fit, in the user's words.

    `arg` is the index of the argument to underline, None for the whole call; `code` is the
    diagnostic's.
    """

    def __init__(
        self,
        message: str,
        help: str | None = None,  # noqa: A002
        arg: int | None = None,
        code: str = "NL0408",
    ) -> None:
        """Keep the sentence, the guess at a fix, the place and the code."""
        super().__init__(message)
        self.message = message
        self.help = help
        self.arg = arg
        self.code = code


Infer = Callable[[tuple[TensorType, ...], Mapping[str, Any]], TensorType]


@dataclass(frozen=True, slots=True)
class Op:
    """One operator.

    `target` is dotted text (`torch.softmax`, `nlgraph.functional.norm`), looked up when a graph is
    built, or a function of the user's; it is called as `target(*args, **attrs)` with axes already
    turned into numbers and shapes into sizes. `scalar` is the target where every argument is a
    plain number (`operator.add`, `math.cos`), `mixed` the one where some are numbers and some
    tensors, if
    `target` takes tensors alone. `bundled` says how a bundle of several tensors is treated:
    leaf by leaf, over all leaves at once (dot, norm), or not at all. `foreach` is the
    `torch._foreach_*` target that computes a whole bundle, where there is one. `promotes` says
    that integers and booleans among the arguments are cast to the result's dtype first, where
    that is a floating one. See `ops.lower` for how all this becomes a call.
    """

    name: str
    params: tuple[Param, ...]
    infer: Infer
    target: str | Callable[..., Any]
    doc: str
    signature: str
    samples: tuple[Sample, ...]
    scalar: str | None = None
    mixed: str | None = None
    promotes: bool = False
    bundled: Literal["leaf", "all", "no"] = "no"
    foreach: str | None = None


_REGISTRY: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Add an entry; a name has one entry only."""
    if op.name in _REGISTRY:
        message = f"operator {op.name!r} is registered twice"
        raise ValueError(message)
    _REGISTRY[op.name] = op
    return op


def remove(name: str) -> None:
    """Take an entry out again."""
    del _REGISTRY[name]


def registry() -> Mapping[str, Op]:
    """All operators by name."""
    from nlgraph.ops.entries import load

    load()
    return _REGISTRY
