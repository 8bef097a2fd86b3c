"""Loops over the ticks of a clock inside a tick of the root, as Python writes them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nlgraph.export.code import Code, call, method
from nlgraph.export.writer import Writer
from nlgraph.graph.steps import Step

if TYPE_CHECKING:
    from nlgraph.export.unit import UnitWriter

_PASSED = ("axes", "detach", "function", "index")
"""Operators whose result is called as what they are of."""

_SHORT = 40
"""Columns of what a loop runs over up to which it stands in the loop's head."""


def write_turns(outer: UnitWriter, step: Step, *, taped: bool) -> None:
    """Write a loop, and let the unit read what it gives."""
    _Turns(outer, step, taped=taped).write()


@dataclass(frozen=True, slots=True)
class _Made:
    """What each turn makes: the step in the body, its part outside, and the list of all turns'."""

    inside: Step
    parts: tuple[Step, ...]
    joined: bool
    name: str


class _Turns:
    def __init__(self, outer: UnitWriter, step: Step, *, taped: bool) -> None:
        self.outer = outer
        self.step = step
        self.taped = taped
        self.steps = step.attrs["body"]
        self.carried: int = step.attrs["carried"]
        self.writer = outer.writer
        self.names = outer.body.names
        self.labels = outer.body.labels
        self.parts = [
            part for part in outer.plan.order if part.op == "part" and part.args[0] is step
        ]
        self.inner = outer.inside(step)

    def write(self) -> None:
        step, inner = self.step, self.inner
        ticks: tuple[int, ...] = step.attrs["ticks"]
        shared = self.carried + len(ticks)
        for name, arg in zip(self.steps.inputs[shared:], step.args[shared:], strict=True):
            inner.codes[name] = self._settled(arg)
            if self.outer.is_tracked(arg) and not self.taped:
                inner.tracked.add(name)
        variables = [self._start(place) for place in range(self.carried)]
        turns, elements = self._over(ticks)
        made = self._lists(variables)
        for one in made:
            self.writer.line(f"{one.name}: list[Tensor] = []")
        self._head(turns, elements)
        self.writer.depth += 1
        mark = len(self.writer.lines)
        for one in made:
            if one.inside in self.steps.inputs:
                self._append(one, inner.code(one.inside))
        inner.write_runs()
        self._tail(variables, made, mark)
        self.writer.depth -= 1
        self._give(variables, made)

    # ------------------------------------------------------------------------- before

    def _settled(self, arg: Step) -> Code:
        """The variable of what all turns read."""
        if arg in self.outer.waiting:
            code = self.outer.waiting.pop(arg)
            if not re.fullmatch(r"[\w.]+", code.text):
                self.outer.assign(arg, code)
                return self.outer.code(arg, taped=self.taped)
            self.outer.codes[arg] = code
        return self.outer.code(arg, taped=self.taped)

    def _start(self, place: int) -> str:
        """The variable of what is carried, with its value before the first turn."""
        arg, name = self.step.args[place], self.steps.inputs[place]
        code = self.outer.code(arg, taped=self.taped)
        self.outer.waiting.pop(arg, None)
        wanted = self.labels.wanted(name, hidden=False)
        if self.outer.is_free(arg, code):
            variable = code.text
        else:
            variable = self.names.new(wanted)
            self.outer.put(variable, code, self.labels.comment(name))
        self.inner.codes[name] = Code(variable)
        return variable

    def _over(self, ticks: tuple[int, ...]) -> tuple[list[str], list[str]]:
        """What the loop runs over, and the variable of a turn's part of each."""
        turns, elements = [], []
        first = self.carried
        along: tuple[int, ...] = self.step.attrs["along"]
        for place, (count, axis) in enumerate(zip(ticks, along, strict=True), first):
            arg, name = self.step.args[place], self.steps.inputs[place]
            code = self.outer.code(arg, taped=self.taped)
            source = arg
            while source.op in _PASSED and not self.labels.is_named(source):
                source = source.args[0]
            wanted = self.labels.wanted(source, hidden=False)
            if source.op == "input" and source not in self.outer.plan.sources:
                wanted = re.sub(r"_(chunk|t)(_\d+)?$", "", self.outer.code(source).text)
            if arg in self.outer.waiting and len(code.text) > _SHORT:
                self.outer.assign(arg, self.outer.waiting.pop(arg))
                code = self.outer.code(arg, taped=self.taped)
            self.outer.waiting.pop(arg, None)
            if count > 1:
                code = method(code, "split", count)
            elif axis:
                code = method(code, "unbind", axis)
            size = arg.type.dims[axis].size
            each = self.step.attrs["turns"] // (size // count) if size else 1
            # What is slower than the turns stays the same for several of them.
            several = f"[part for part in {code.text} for _ in range({each})]"
            turns.append(several if each > 1 else code.text)
            elements.append(self.names.new(f"{wanted}_{'t' if count == 1 else 'chunk'}"))
            self.inner.codes[name] = Code(elements[-1])
        return turns, elements

    def _lists(self, variables: list[str]) -> list[_Made]:
        """The lists of what all turns make and something reads."""
        found = []
        outputs = self.steps.outputs
        for index in range(self.carried, len(outputs)):
            parts = tuple(part for part in self.parts if part.attrs["index"] == index)
            if not parts:
                continue
            inside = outputs[index]
            name = self._what(self.step, index, variables)
            joined = self.step.attrs["joined"][index - self.carried]
            found.append(_Made(inside, parts, joined, self.names.new(f"all_{name}")))
        return found

    def _what(self, loop: Step, index: int, variables: list[str]) -> str:
        """A name for what a loop makes."""
        while True:
            body, carried = loop.attrs["body"], loop.attrs["carried"]
            names = (
                variables
                if loop is self.step
                else [self.labels.wanted(step, hidden=False) for step in body.inputs[:carried]]
            )
            inside = body.outputs[index]
            if inside in body.inputs[:carried]:
                return f"{names[body.inputs.index(inside)]}_before"
            if inside in body.outputs[:carried]:
                name: str = names[body.outputs.index(inside)]
                return name
            if inside.op != "part" or inside.args[0].op != "loop":
                return self.labels.wanted(inside, hidden=False)
            (loop,), index = inside.args, inside.attrs["index"]

    def _head(self, turns: list[str], elements: list[str]) -> None:
        comment = self.labels.loop(self.step)
        if not turns:
            self.writer.line(f"for _ in range({self.step.attrs['turns']}):", comment)
            return
        over = turns[0] if len(turns) == 1 else f"zip({', '.join(turns)}, strict=True)"
        head = f"for {', '.join(elements)} in {over}:"
        if len(head) <= self.writer.room:
            if len(head) + len(comment) + len("  # ") > self.writer.room and comment:
                self.writer.comment(comment)
                comment = ""
            self.writer.line(head, comment)
            return
        self.writer.comment(comment)
        target = ", ".join(elements)
        if len(f"for {target} in zip(") > self.writer.room:
            target = self.names.new("turn")
        head = f"for {target} in zip("
        inside = f"{', '.join(turns)}, strict=True"
        self.writer.line(head)
        self.writer.depth += 1
        if len(inside) <= self.writer.room:
            self.writer.line(inside)
        else:
            for text in (*turns, "strict=True"):
                self.writer.line(f"{text},")
        self.writer.depth -= 1
        self.writer.line("):")
        if target != ", ".join(elements):
            self.writer.depth += 1
            self.writer.bracketed("(", elements, f") = {target}")
            self.writer.depth -= 1

    # ------------------------------------------------------------------------- after

    def _tail(self, variables: list[str], made: list[_Made], mark: int) -> None:
        """What the next turn begins with, and what this one made."""
        outputs, inner = self.steps.outputs, self.inner
        nexts = {variables[i]: outputs[i] for i in range(self.carried)}
        for one in made:
            if one.inside not in (*nexts.values(), *self.steps.inputs):
                self._append(one, inner.code(one.inside, taped=self.taped))
        codes = {name: inner.code(step, taped=self.taped) for name, step in nexts.items()}
        waiting = _in_order(codes, self.names.new, self.writer.line)
        while waiting:
            name, code = waiting.pop(0)
            later = any(_reads(other, code.text) for _, other in waiting)
            if code.text != name and (later or not _renamed(self.writer, mark, code.text, name)):
                inner.put(name, code, self._comment(name, variables))
        for one in made:
            if one.inside in nexts.values() and one.inside not in self.steps.inputs:
                name = next(name for name, step in nexts.items() if step is one.inside)
                self.writer.line(f"{one.name}.append({name})")

    def _append(self, one: _Made, code: Code) -> None:
        self.writer.bracketed(f"{one.name}.append(", [str(code)], ")")

    def _comment(self, name: str, variables: list[str]) -> str:
        return self.labels.comment(self.steps.inputs[variables.index(name)])

    def _give(self, variables: list[str], made: list[_Made]) -> None:
        """Let the unit read what the loop gave."""
        outer = self.outer
        for part in self.parts:
            index = part.attrs["index"]
            if index < self.carried:
                outer.codes[part] = Code(variables[index])
        for one in made:
            for part in one.parts:
                part.name = _plural(one.name.removeprefix("all_"))
                axis = [part.attrs["axis"]] if part.attrs.get("axis") else []
                function = "torch.cat" if one.joined else "torch.stack"
                code = call(function, one.name, *axis)
                if outer.is_read_once(part):
                    outer.waiting[part] = code
                else:
                    outer.assign(part, code)


def _plural(name: str) -> str:
    """A name for what all turns made."""
    base = re.sub(r"(_\d+)+$", "", name)
    first = base.removesuffix("_before")
    return f"{first}{'' if first.endswith('s') else 's'}{base.removeprefix(first)}"


def _in_order(
    codes: dict[str, Code], new: Callable[[str], str], line: Callable[[str], None]
) -> list[tuple[str, Code]]:
    """Assignments in an order in which none reads what one before it wrote."""
    left = dict(codes)
    found: list[tuple[str, Code]] = []
    while left:
        free = [
            name
            for name in left
            if not any(_reads(code, name) for other, code in left.items() if other != name)
        ]
        if not free:
            name = next(iter(left))
            kept = new(f"{name}_next")
            line(f"{kept} = {left[name]}")
            left[name] = Code(kept)
            continue
        found += [(name, left.pop(name)) for name in free]
    return found


def _reads(code: Code, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}\b", code.text) is not None


def _renamed(writer: Writer, mark: int, old: str, new: str) -> bool:
    """Let what was written under one name since a mark have another, if nothing reads that later.

    So the value for the next turn is written straight into what is carried.
    """
    if not old.isidentifier():
        return False
    lines = writer.lines
    made = [i for i in range(mark, len(lines)) if re.match(rf"\s*{old} = ", lines[i])]
    if len(made) != 1:
        return False
    later = lines[made[0] + 1 :]
    if any(re.search(rf"(?<![\w.]){new}\b", line) for line in later):
        return False
    for i in range(made[0], len(lines)):
        lines[i] = re.sub(rf"(?<![\w.]){old}\b", new, lines[i])
    return True
