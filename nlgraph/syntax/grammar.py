"""The tables of the parser: lark makes them from `nl.lark`, and they are kept for the next start.

lark needs a fifth of a second to check the grammar and build its LALR(1) tables, so they are
saved in the user's own cache folder. The saved form is plain JSON behind its own hash, never a
pickle: nothing in it can run, and what is damaged, or belongs to someone else, is not read.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FORM = "1"  # the form of the saved tables; raised when `_build` changes what it writes
_HASH_LENGTH = 64


@dataclass(frozen=True, slots=True)
class Rule:
    """One alternative of a rule: `name` is its alias, else its origin.

    `plain` is true where the value of a single part is the value of the whole; `runs` are the
    positions of parts that lark made for a repetition, whose items belong to the rule itself.
    """

    origin: str
    name: str
    size: int
    plain: bool
    repeats: bool
    runs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """Lexer and LALR(1) tables.

    Attributes:
        pattern: one regular expression with a named group for each kind of token.
        words: the reserved words, each with its kind.
        silent: the kinds that never reach the parser.
        states: for each state, what to do on a kind of token or rule: n >= 0 moves to state n,
            n < 0 reduces by rule -n - 1.
        rules: the rules of the grammar.
        start: the state to begin in.
        end: the state that is reached when a file is read.
        signs: each sign or word that the grammar writes in quotes, by its kind.
    """

    pattern: str
    words: dict[str, str]
    silent: frozenset[str]
    states: tuple[dict[str, int], ...]
    rules: tuple[Rule, ...]
    start: int
    end: int
    signs: dict[str, str]


@cache
def tables() -> Tables:
    """The tables of the grammar: the saved ones where there are some, else built and saved."""
    text = grammar_file().read_bytes()
    path = _cache_folder() / f"tables-{_key(text)}.json"
    saved = _read(path)
    if saved is None:
        saved = _build(text.decode())
        _write(path, saved)
    return _tables_of(saved)


def grammar_file() -> Path:
    """`nl.lark`: inside the package of a wheel, else at the root of the checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "grammar" / "nl.lark"
    return inside if inside.is_file() else package.parent / "grammar" / "nl.lark"


def _build(grammar: str) -> dict[str, Any]:
    """Let lark check the grammar and build the tables; return them as plain JSON values."""
    from lark import Lark
    from lark.parsers.lalr_analysis import Shift

    lark = Lark(grammar, start="file", parser="lalr", lexer="basic", maybe_placeholders=False)
    table = lark.parse_interactive("").parser_state.parse_conf.parse_table
    number_of = {rule: number for number, rule in enumerate(lark.rules)}
    states = [
        {
            str(symbol): target if action is Shift else -number_of[target] - 1
            for symbol, (action, target) in table.states[state].items()
        }
        for state in range(len(table.states))
    ]
    rules = []
    for rule in lark.rules:
        origin = str(rule.origin.name)
        runs = [
            place
            for place, symbol in enumerate(rule.expansion)
            if not symbol.is_term and symbol.name.startswith("__")
        ]
        plain = bool(rule.options.expand1) and rule.alias is None and len(rule.expansion) == 1
        name = str(rule.alias or origin)
        rules.append([origin, name, len(rule.expansion), plain, origin.startswith("__"), runs])
    words, signs, patterns = {}, {}, []
    # The longest first, as lark does it: `..` before `.`, and what takes anything at the end.
    order = sorted(
        lark.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    for terminal in order:
        if terminal.pattern.type == "str":
            signs[str(terminal.name)] = str(terminal.pattern.value)
        if terminal.pattern.type == "str" and terminal.pattern.value.isalpha():
            words[str(terminal.pattern.value)] = str(terminal.name)
        else:
            patterns.append(f"(?P<{terminal.name}>{terminal.pattern.to_regexp()})")
    return {
        "pattern": "|".join(patterns),
        "words": words,
        "silent": [str(name) for name in lark.ignore_tokens],
        "states": states,
        "rules": rules,
        "start": table.start_states["file"],
        "end": table.end_states["file"],
        "signs": signs,
    }


def _tables_of(saved: dict[str, Any]) -> Tables:
    rules = tuple(
        Rule(origin, name, size, plain, repeats, tuple(runs))
        for origin, name, size, plain, repeats, runs in saved["rules"]
    )
    return Tables(
        pattern=saved["pattern"],
        words=saved["words"],
        silent=frozenset(saved["silent"]),
        states=tuple(saved["states"]),
        rules=rules,
        start=saved["start"],
        end=saved["end"],
        signs=saved["signs"],
    )


# ----------------------------------------------------------------------------- the saved tables


def _key(grammar: bytes) -> str:
    """What the tables depend on: the grammar, lark, Python, and the form they are saved in."""
    found = find_spec("lark")
    # lark's version stands in its first file; importing lark to ask for it takes 50 ms.
    lark = Path(found.origin).read_bytes() if found is not None and found.origin else b""
    parts = (grammar, lark, sys.version.encode(), _FORM.encode())
    return hashlib.sha256(b"\0".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


def _cache_folder() -> Path:
    """The user's own cache folder for nlgraph; it need not exist."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "nlgraph"
    return Path(os.path.expanduser("~")) / ".cache" / "nlgraph"  # noqa: PTH111 (never raises)


def _read(path: Path) -> dict[str, Any] | None:
    """The saved tables, or None where there are none that can be trusted."""
    try:
        if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
            return None
        # O_NOFOLLOW and O_NONBLOCK: a link or a pipe in its place must neither lead away nor hang.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(path, flags), "rb") as file:
            if not _is_ours(os.fstat(file.fileno()), stat.S_ISREG):
                return None
            data = file.read()
        body = data[_HASH_LENGTH:]
        if data[:_HASH_LENGTH] != hashlib.sha256(body).hexdigest().encode():
            return None
        saved = json.loads(body)
    except (OSError, ValueError):
        return None
    return saved if isinstance(saved, dict) else None


def _write(path: Path, saved: dict[str, Any]) -> None:
    """Save the tables at once or not at all; a folder that cannot be written is no fault."""
    body = json.dumps(saved, separators=(",", ":")).encode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_ours(path.parent.lstat(), stat.S_ISDIR):
            return
        handle, name = tempfile.mkstemp(dir=path.parent, prefix="tables-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(body).hexdigest().encode() + body)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
    except OSError:
        return


def _is_ours(status: os.stat_result, is_kind: Callable[[int], bool]) -> bool:
    """True if it is of the right kind, belongs to this user, and no one else may write to it."""
    if not is_kind(status.st_mode):
        return False
    if not hasattr(os, "geteuid"):
        return True
    return status.st_uid == os.geteuid() and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
