"""Functions of the user's as operators of the language: `nlgraph.op`.

A spec by itself can never bring one in: they are there in the process that registers them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar, overload

from nlgraph.ops.op import REQUIRED, Op, Param, ParamKind, register, registry, remove
from nlgraph.ops.signature import AXIS, Signature, check_signature, parse_signature
from nlgraph.ops.types import DTYPES, NUMBER, Dim, TensorType
from nlgraph.syntax.grammar import tables

F = TypeVar("F", bound=Callable[..., Any])

WORDS: Final = frozenset(
    {
        *("accumulate", "average", "product", "latest", "collect", "prev", "tick", "learning"),
        *("grad", "stop", "hold", "chain", "extern", "scalar", "rest"),
        *("normal", "uniform", "randint", "bernoulli", "xavier", "kaiming", "orthogonal"),
    }
)
"""Names that have a meaning in an expression and are no operators."""


@overload
def op(name: str, signature: str, *, doc: str | None = None) -> Callable[[F], F]: ...
@overload
def op(name: str, signature: str, function: F, *, doc: str | None = None) -> F: ...
def op(
    name: str, signature: str, function: F | None = None, *, doc: str | None = None
) -> F | Callable[[F], F]:
    """Let specs call a torch function by a name, in this process from now on.

        @nlgraph.op("swish", "[...] -> [...]")
        def swish(x, *, beta=1.0):
            "x times the sigmoid of beta x."
            return x * torch.sigmoid(beta * x)

    It is a pure function of tensors that torch can differentiate. Its first parameters are the
    signature's arguments; further ones whose default is a number, or that have none, are keywords
    in a spec: numbers known when compiling. See `docs/guides/own-code.md` for signatures.

    Args:
        name: what specs call it.
        signature: its dimensions: `"[..., n], [n, m] -> [..., m]"`.
        function: the function; without it, a decorator is returned.
        doc: a line about it; the first of the function's own by default.

    Raises:
        ValueError: the name is taken or is no name, the signature cannot be read, or the function
            does not fit it.
    """
    if function is None:
        return lambda decorated: op(name, signature, decorated, doc=doc)
    if not callable(function):
        message = f"function is {function!r}; it must be something to call"
        raise TypeError(message)
    _check_name(name)
    read = parse_signature(signature)
    given, keywords = _parameters(name, read, function)
    check_signature(read, [keyword.name for keyword in keywords])
    first = (inspect.getdoc(function) or "").partition("\n")[0]
    register(
        Op(
            name=name,
            params=(*(Param(word) for word in given), *keywords),
            infer=lambda types, attrs: read.infer(name, types, attrs),
            target=_checked(name, read, function),
            doc=doc or first,
            signature=signature,
            samples=(),
            bundled="leaf" if read.is_elementwise else "no",
        )
    )
    return function


def unregister(name: str) -> None:
    """Take a function of the user's out again.

    Raises:
        ValueError: no such function is registered.
    """
    found = registry().get(name)
    if found is None or isinstance(found.target, str):
        message = f"no function is registered as {name!r}"
        raise ValueError(message)
    remove(name)


RESERVED: Final = frozenset(
    (
        "as_number",
        "axes",
        "detach",
        "dim_size",
        "fill",
        "function",
        "loop",
        "ones_like",
        "place",
        "spread",
        "stacked",
        "sum_all",
        "to_dtype",
        "zeros_like",
    )
)
"""Names of what the compiler itself writes into graphs."""


def _check_name(name: str) -> None:
    if not isinstance(name, str) or not name.isidentifier() or name in tables().words:
        message = f"{name!r} is no name that a spec can call"
        raise ValueError(message)
    known = registry().get(name)
    if known is not None and not isinstance(known.target, str):
        message = f"{name!r} is registered already; a name has one function"
        raise ValueError(message)
    if known is not None or name in WORDS or name in DTYPES or name in RESERVED:
        message = f"{name!r} has a meaning in the language or in graphs; choose another name"
        raise ValueError(message)


def _parameters(
    name: str, signature: Signature, function: Callable[..., Any]
) -> tuple[tuple[str, ...], tuple[Param, ...]]:
    """The names of a function's arguments, and its keywords."""
    count = len(signature.args)
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except ValueError:  # some functions of torch do not tell theirs
        return tuple("abcdefghij"[:count]), ()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(positional) < count:
        message = (
            f"the signature {signature.text!r} has {count} arguments, and the function for "
            f"{name!r} takes {len(positional)}"
        )
        raise ValueError(message)
    rest = [*positional[count:], *(p for p in parameters if p.kind is p.KEYWORD_ONLY)]
    lengths = {item for pattern in (*signature.args, signature.result) for item in pattern.names}
    found = (_keyword(parameter, lengths) for parameter in rest)
    keywords = tuple(keyword for keyword in found if keyword is not None)
    return tuple(parameter.name for parameter in positional[:count]), keywords


def _keyword(parameter: inspect.Parameter, lengths: set[str]) -> Param | None:
    """A keyword of a function as a parameter of its operator; None where it takes no number."""
    missing = parameter.default is parameter.empty
    default = REQUIRED if missing else parameter.default
    if parameter.name == AXIS:
        return Param(AXIS, "axis", default)
    if not missing and not isinstance(default, int | float):
        return None
    kind: ParamKind = "number"
    if isinstance(default, bool) or parameter.annotation in (bool, "bool"):
        kind = "flag"
    elif parameter.name in lengths or parameter.annotation in (int, "int"):
        kind = "integer"
    return Param(parameter.name, kind, default)


def _checked(name: str, signature: Signature, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that sees that what comes out has the dimensions of its signature."""

    def call(*args: Any, **keywords: Any) -> Any:  # noqa: ANN401
        result = function(*args, **keywords)
        wanted = _lengths(name, signature, args, keywords)
        shape = getattr(result, "shape", None)
        if shape is None or tuple(shape) != wanted:
            found = type(result).__name__ if shape is None else f"shape {list(shape)}"
            message = f"`{name}` gives {found} where {signature.text!r} gives {list(wanted)}"
            raise ValueError(message)
        return result

    call.__name__ = call.__qualname__ = name
    return call


def _lengths(
    name: str, signature: Signature, args: tuple[Any, ...], keywords: Mapping[str, Any]
) -> tuple[int | None, ...]:
    """The shape of a result by the signature, from those of tensors alone."""
    types = tuple(
        TensorType(pattern.dtype or "f32", tuple(Dim(None, size) for size in arg.shape))
        if hasattr(arg, "shape")
        else TensorType(NUMBER)
        for pattern, arg in zip(signature.args, args, strict=True)
    )
    return signature.infer(name, types, keywords).shape
