"""Loops over the tensors that one rule updates."""

from __future__ import annotations

from itertools import chain, count
from typing import TYPE_CHECKING

from nlgraph.export.calls import expression
from nlgraph.export.code import Code, method
from nlgraph.export.names import quoted
from nlgraph.export.rows import Loop
from nlgraph.export.where import Arg
from nlgraph.export.writer import Writer
from nlgraph.graph.steps import Step, steps_of
from nlgraph.schedule.model import Target

if TYPE_CHECKING:
    from nlgraph.export.unit import UnitWriter

_LONGEST = 84
_LEFT_SIDE = 14
_SHORT = 18
_STORES = {"updated": "new", "started": "start"}

Column = tuple[Step, ...]
"""One step of every row."""


class LoopWriter:
    """Writes the loops of a unit."""

    def __init__(self, unit: UnitWriter) -> None:
        """Write nothing yet."""
        self.unit = unit
        self.keys: dict[Step, str] = {}
        self.lists: dict[Column, str] = {}
        self.given: set[tuple[Step, Target]] = set()
        self.elsewhere: dict[Step, Code] = {}

    def value(self, step: Step) -> Code:
        """The code of a loop's step outside of it."""
        if step in self.keys:
            return Code(f"new[{quoted(self.keys[step])}]")
        return self.elsewhere[step]

    def gradient(self, part: Step) -> Code:
        """The code of a gradient that is kept under its state's name."""
        return Code(f"{self.unit.gradients[part.args[0]]}[{quoted(self.state_of(part))}]")

    def bundle(self, steps: tuple[object, ...]) -> str | None:
        """The code of several steps together, where a loop or a gradient has them as one."""
        parts = tuple(step for step in steps if isinstance(step, Step))
        if parts in self.lists:
            return self.lists[parts]
        backward = {part.args[0] for part in parts if part.op == "part"}
        table = self.unit.gradients.get(next(iter(backward))) if len(backward) == 1 else None
        if table is None or len(parts) < len(steps) or any(p.op != "part" for p in parts):
            return None
        if [part.attrs["index"] for part in parts] == list(range(len(parts[0].args[0].args) - 1)):
            return f"{table}.values()"
        keys = [self.state_of(part) for part in parts]
        constant = self.unit.body.tables.keys(keys, self.unit.body.labels.bundle(keys))
        return f"({table}[name] for name in {constant})"

    def has_given(self, step: Step, target: Target) -> bool:
        """Whether a loop has stored an output of the unit already."""
        return (step, target) in self.given

    def write(self, loop: Loop) -> None:
        """Write one loop."""
        _LoopText(self, loop).write()

    def state_of(self, part: Step) -> str:
        """The state of a gradient."""
        leaf = part.args[0].args[1 + part.attrs["index"]]
        return str(self.unit.plan.sources[leaf.args[0]].key)


class _LoopText:
    """One loop while it is written: its body first, since that says what is looped over."""

    def __init__(self, loops: LoopWriter, loop: Loop) -> None:
        self.loops = loops
        self.unit = loops.unit
        self.body = loops.unit.body
        self.loop = loop
        self.first = loop.rows[0]
        self.column_of = {step: i for i, step in enumerate(self.first)}
        self.codes: dict[Step, Code] = {}
        self.waiting: dict[Step, Code] = {}
        self.variables: dict[tuple[str, ...], str] = {}
        self.zipped: dict[str, str] = {}
        self.inner = Writer(self.unit.writer.depth + 1)
        self.lists: dict[str, Code] = {}
        self.used: set[str] = set()

    def write(self) -> None:
        for step in self.first:
            self._statement(step)
        writer = self.unit.writer
        names, over = self._head()
        if len(self.lists) == len(self.inner.lines) == 1:
            ((name, code),) = self.lists.items()
            whole = f"{name} = [{code} for {names} in {over}]"
            if len(whole) <= writer.room:
                writer.line(whole)
                return
        writer.comment(self.body.labels.describe(self.loop.steps))
        for name in self.lists:
            writer.line(f"{name} = []")
        with writer.block(f"for {names} in {over}:"):
            writer.lines += self.inner.lines

    # ------------------------------------------------------------------------- statements

    def _statement(self, step: Step) -> None:
        column = self._column(step)
        targets = self._targets(column)
        code = self._compose(step)
        if targets:
            self._store(step, column, targets, code)
        stored = any(of[0].kind == "updated" for of in targets)
        listed = not stored and self._is_read_elsewhere(column)
        uses = sum(part is step for other in self.first for part in steps_of(other.args))
        if not targets and uses == 1 and not listed:
            self.waiting[step] = code
        elif not targets and (uses or not listed):
            self._assign(step, code)
        if listed:
            self._append(column, self.codes.get(step, code))

    def _compose(self, step: Step) -> Code:
        while True:
            args = [self._arg(step, place) for place in range(len(step.args))]
            code = expression(step, args, self.body.where)
            inner = [part for part in steps_of(step.args) if part in self.waiting]
            if not inner or len(code.text) <= min(_LONGEST, self.inner.room - _LEFT_SIDE):
                return code
            longest = max(inner, key=lambda part: len(self.waiting[part].text))
            self._assign(longest, self.waiting.pop(longest))

    def _assign(self, step: Step, code: Code) -> None:
        name = self._variable(self.body.labels.unnamed(step))
        self.inner.line(f"{name} = {code}")
        self.codes[step] = Code(name)

    def _store(self, step: Step, column: Column, targets: list[list[Target]], code: Code) -> None:
        """Keep a value under the names of its states."""
        if self.unit.aliases(step):
            code = method(code, "clone")
        for of in targets:
            store = _STORES[of[0].kind]
            key = self._key(tuple(t.key for t in of))
            self.inner.line(f"{store}[{key}] = {code}")
            code = Code(f"{store}[{key}]")
            for inner, target in zip(column, of, strict=True):
                self.loops.given.add((inner, target))
                self.unit.note(
                    target, Code(f"{store}[{quoted(target.key)}]"), aliases=False, tracked=False
                )
                if target.kind == "updated":
                    self.loops.keys[inner] = target.key
        self.codes[step] = code

    def _append(self, column: Column, code: Code) -> None:
        """Collect what other statements read."""
        name = self.body.names.new(f"{self.body.labels.unnamed(column[0])}s")
        self.loops.lists[column] = name
        for index, step in enumerate(column):
            self.loops.elsewhere[step] = Code(f"{name}[{index}]")
        self.lists[name] = code
        self.inner.bracketed(f"{name}.append(", [str(code)], ")")

    def _targets(self, column: Column) -> list[list[Target]]:
        """The outputs of a step that all rows have alike, each as a column."""
        of_rows = [
            [t for t in self.unit.plan.targets.get(step, []) if t.kind in _STORES]
            for step in column
        ]
        kinds = [[target.kind for target in targets] for targets in of_rows]
        if any(kind != kinds[0] for kind in kinds):
            return []
        found = [list(of) for of in zip(*of_rows, strict=True)]
        return sorted(found, key=lambda of: of[0].kind == "started")

    def _is_read_elsewhere(self, column: Column) -> bool:
        mine = set(self.loop.steps)
        given = self.loops.given
        targets = ((s, target) for s in column for target in self.unit.plan.targets.get(s, ()))
        if any(pair not in given for pair in targets):
            return True
        return any(
            part in column
            for step in self.unit.plan.order
            if step not in mine and step.op != "detach"
            for part in steps_of(step.args)
        )

    # ------------------------------------------------------------------------- values

    def _column(self, step: Step) -> Column:
        index = self.column_of[step]
        return tuple(row[index] for row in self.loop.rows)

    def _arg(self, step: Step, place: int) -> Arg:
        parts = tuple(inner.args[place] for inner in self._column(step))
        first = parts[0]
        if not isinstance(first, Step) or all(part is first for part in parts):
            return self._shared(first)
        if first in self.waiting:
            return self.waiting[first]
        if first in self.codes:
            return self.codes[first]
        return self._from_outside(parts)

    def _shared(self, arg: object) -> Code:
        if isinstance(arg, Step) and arg in self.unit.waiting:
            code = self.unit.waiting[arg]
            if arg.type.is_number and len(code.text) <= _SHORT:
                return code
            self.unit.assign(arg, self.unit.waiting.pop(arg))
        return self.unit.code(arg)

    def _from_outside(self, parts: Column) -> Code:
        """A value of each row that is made outside of the loop."""
        unit = self.unit
        sources = [unit.plan.sources.get(part) for part in parts]
        known = [source for source in sources if source is not None]
        keys = tuple(str(source.key) for source in known)
        if len(known) == len(parts) and self.body.begun.isdisjoint(keys):
            if all(source.kind == "held" for source in known):
                self.body.reads_state = True
                return Code(f"state[{self._key(keys)}]")
            if all(source.kind == "updated" and unit.incoming.is_sure(source) for source in known):
                return Code(f"new[{self._key(keys)}]")
        backward = {part.args[0] for part in parts if part.op == "part"}
        if len(backward) == 1 and all(part.op == "part" for part in parts):
            table = unit.gradients.get(next(iter(backward)))
            if table is not None:
                keys = tuple(self.loops.state_of(part) for part in parts)
                return Code(f"{table}[{self._key(keys)}]")
        if all(part in self.loops.keys for part in parts):
            return Code(f"new[{self._key(tuple(self.loops.keys[part] for part in parts))}]")
        name = self.loops.lists.get(parts)
        if name is None:
            name = self.body.names.new(f"{self.body.labels.unnamed(parts[0])}s")
            codes = [unit.code(part).text for part in parts]
            unit.writer.bracketed(f"{name} = [", codes, "]")
            self.loops.lists[parts] = name
        if name not in self.zipped:
            self.zipped[name] = self._variable(self.body.labels.unnamed(parts[0]))
        return Code(self.zipped[name])

    def _key(self, keys: tuple[str, ...]) -> str:
        """The loop's variable for the names of a column's states."""
        if keys not in self.variables:
            self.variables[keys] = self._variable(self.body.labels.column(keys))
        return self.variables[keys]

    def _variable(self, wanted: str) -> str:
        """A name that loops share, and nothing else of the method has."""
        known = self.body.loop_names
        for candidate in chain((wanted,), (f"{wanted}_{i}" for i in count(2))):
            if candidate not in known:
                known[candidate] = self.body.names.new(candidate)
            if known[candidate] not in self.used:
                self.used.add(known[candidate])
                return known[candidate]
        raise AssertionError("there is always another number")

    def _head(self) -> tuple[str, str]:
        """The variables of the loop, and what it runs over."""
        order = sorted(self.variables, key=self.body.labels.is_added)
        names = [self.variables[keys] for keys in order]
        lists, elements = list(self.zipped), list(self.zipped.values())
        if not order:
            if len(lists) == 1:
                return elements[0], lists[0]
            return ", ".join(elements), f"zip({', '.join(lists)}, strict=True)"
        table = self.body.tables.rows(
            list(zip(*order, strict=True)), self.body.labels.table(self.loop.steps)
        )
        inner = ", ".join(names)
        if not lists:
            return inner, table
        if len(names) > 1:
            inner = f"({inner})"
        return ", ".join((inner, *elements)), f"zip({table}, {', '.join(lists)}, strict=True)"
