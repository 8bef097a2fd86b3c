"""The LALR(1) automaton: two stacks that a token moves, and that step back after a fault.

A token is looked up before it is taken: nothing is reduced until it is known that the token can
follow. So after a fault the stacks still say exactly what was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nlgraph.syntax.grammar import Rule, Tables
from nlgraph.syntax.tokens import ODD, Token

Part = Any  # a token, or what `reduce` made of parts
Reduce = Callable[[str, list[Part]], Part]


class Run(list[Any]):
    """The items of a repetition, until the rule that it stands in takes them."""


class Machine:
    """What has been read so far: `states` and, one shorter, `values`."""

    def __init__(self, tables: Tables, reduce: Reduce) -> None:
        """Begin a file. `reduce(rule's name, its parts)` makes the value of a rule."""
        self._tables = tables
        self._reduce = reduce
        self.states = [tables.start]
        self.values: list[Any] = []

    def accepts(self, kind: str) -> bool:
        """True if a token of this kind can come next."""
        tables = self._tables
        kept, top = len(self.states), self.states[-1]
        above: list[int] = []
        while True:
            action = tables.states[top].get(kind)
            if action is None:
                return False
            if action >= 0:
                return True
            rule = tables.rules[-action - 1]
            for _ in range(rule.size):
                if above:
                    above.pop()
                else:
                    kept -= 1
            below = above[-1] if above else self.states[kept - 1]
            top = tables.states[below][rule.origin]
            if top == tables.end:
                return True
            above.append(top)

    def feed(self, token: Token) -> None:
        """Take a token that `accepts` agreed to."""
        tables = self._tables
        while True:
            action = tables.states[self.states[-1]][token.kind]
            if action >= 0:
                self.states.append(action)
                self.values.append(token)
                return
            rule = tables.rules[-action - 1]
            parts: list[Any] = []
            if rule.size:
                parts = self.values[-rule.size :]
                del self.values[-rule.size :]
                del self.states[-rule.size :]
            value = parts[0] if rule.plain else self._value(rule, parts)
            self.states.append(tables.states[self.states[-1]][rule.origin])
            self.values.append(value)
            if self.states[-1] == tables.end:
                return

    def expected(self) -> frozenset[str]:
        """The kinds of tokens that can come next."""
        kinds = self._tables.states[self.states[-1]]
        return frozenset(kind for kind in kinds if kind.isupper() and self.accepts(kind))

    def at_statement(self) -> bool:
        """True where a statement can begin."""
        return ODD in self._tables.states[self.states[-1]]

    @property
    def height(self) -> int:
        """How many states are stacked."""
        return len(self.states)

    def cut(self, height: int) -> None:
        """Drop what was read since the stack had this height."""
        del self.states[height:]
        del self.values[height - 1 :]

    def result(self) -> Part:
        """The value of the whole file, once its end was taken."""
        return self.values[-1]

    def _value(self, rule: Rule, parts: list[Any]) -> Part:
        if rule.repeats:
            if parts and isinstance(parts[0], Run):
                parts[0].extend(parts[1:])
                return parts[0]
            return Run(parts)
        if rule.runs:
            flat: list[Any] = []
            for place, part in enumerate(parts):
                flat.extend(part) if place in rule.runs else flat.append(part)
            parts = flat
        return self._reduce(rule.name, parts)
