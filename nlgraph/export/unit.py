"""The statements of one unit."""

from __future__ import annotations

from nlgraph.export.backward import write_backward
from nlgraph.export.body import Body
from nlgraph.export.calls import VIEWS, expression
from nlgraph.export.code import Code, method, nesting
from nlgraph.export.loops import LoopWriter
from nlgraph.export.made import Incoming, Made, Stores
from nlgraph.export.names import quoted
from nlgraph.export.order import Item
from nlgraph.export.plan import AS_OUTPUT, Plan, plan_body, undetached
from nlgraph.export.rows import Loop
from nlgraph.export.turns import write_turns
from nlgraph.export.where import Arg
from nlgraph.graph.steps import Step, steps_of
from nlgraph.schedule.model import Target

_LONGEST = 80
"""Columns of an expression beyond which a part of it gets a line of its own."""
_LEFT_SIDE = 14
"""Columns that a name and its `=` take, most often."""
_NESTED = 50
"""The same for an expression with calls inside of calls."""
_SHORT = 18
"""Columns of a plain number's expression up to which it is written out wherever it is read."""


class UnitWriter:
    """Writes one unit, or the body of a loop in it."""

    def __init__(
        self, body: Body, stores: Stores, index: int, plan: Plan, *, on_tape: bool = False
    ) -> None:
        """Write nothing yet; `on_tape` says that all statements stand where a history is kept."""
        self.body = body
        self.writer = body.writer
        self.stores = stores
        self.index = index
        self.plan = plan
        self.incoming = Incoming(body, stores, plan.unit.period)
        self.loop_of = {step: loop for loop in plan.loops for step in loop.steps}
        self.codes: dict[Step, Code] = {}
        self.waiting: dict[Step, Code] = {}
        self.tracked: set[Step] = set()
        self.gradients: dict[Step, str] = {}
        self.on_tape = on_tape
        self.in_loop = not plan.sources
        self.carried: set[Step] = set()
        self.loops = LoopWriter(self)

    def write(self) -> dict[str, list[str]]:
        """Write the unit.

        Returns:
            The entries of the dictionaries of what is `updated`, `started`, and a `result`.
        """
        self._settle_leaves()
        self.write_runs()
        return self._give()

    def inside(self, step: Step) -> UnitWriter:
        """The writer of the statements in the body of a loop."""
        plan = plan_body(self.plan.unit, step.attrs["body"])
        writer = UnitWriter(self.body, self.stores, self.index, plan, on_tape=step.tape)
        writer.carried.update(step.attrs["body"].inputs[: step.attrs["carried"]])
        return writer

    def write_runs(self) -> None:
        """Write all statements."""
        for taped, items in self.plan.runs:
            self._run(items, taped=taped)

    def _run(self, items: list[Item], *, taped: bool) -> None:
        if self.on_tape or not taped:
            self._items(items, taped=self.on_tape)
            return
        if all(isinstance(item, Step) and item.op == "leaf" for item in items):
            self._items(items, taped=True)
            return
        before = len(self.writer.lines)
        with self.writer.block("with torch.enable_grad():"):
            self._items(items, taped=True)
        if len(self.writer.lines) > before:  # else all of it stands in a later line
            self.writer.line()

    def _items(self, items: list[Item], *, taped: bool) -> None:
        for item in items:
            if isinstance(item, Loop):
                self.loops.write(item)
            elif item.op == "backward":
                write_backward(self, item)
            elif item.op == "loop":
                write_turns(self, item, taped=taped)
            else:
                self._step(item, taped=taped)

    # ------------------------------------------------------------------------- values

    def code(self, arg: object, *, taped: bool = False) -> Code:
        """The code of an arg, for a reader on the tape or not."""
        if not isinstance(arg, Step):
            assert isinstance(arg, int | float), "an arg is a step or a number"
            return self.body.where.number(arg)
        if arg.op == "detach":
            inner = self.code(arg.args[0])
            return method(inner, "detach") if taped else inner
        if arg in self.waiting:
            return self.waiting[arg]
        if arg not in self.codes:
            self.codes[arg] = self._settled(arg)
        found = self.codes[arg]
        return method(found, "detach") if taped and self.is_tracked(arg) else found

    def is_tracked(self, step: Step) -> bool:
        """Whether the variable of what is on no tape has a history all the same, as views have."""
        seen: set[Step] = set()
        stack = [] if step.tape else [step]
        while stack:
            step = stack.pop()
            if step in seen:
                continue
            seen.add(step)
            source = self.plan.sources.get(step)
            if step in self.tracked or step.op == "detach":
                return True
            if source is not None and self.incoming.is_tracked(source):
                return True
            if step.op in VIEWS:
                stack.extend(steps_of(step.args))
        return False

    def is_read_once(self, step: Step) -> bool:
        """Whether what a step gives can stand where it is read."""
        reader = self.plan.reader.get(step)
        if reader is None or self.plan.uses[step] != 1 or reader in self.loop_of:
            return False
        if reader.op in ("backward", "leaf", "alias"):
            return False
        return reader.tape is step.tape or self._is_given(step)

    def _is_given(self, step: Step) -> bool:
        """Whether a step but moves the axes of what a call gives, which has no history."""
        while step.op in ("axes", "function"):
            step = step.args[0]
        source = self.plan.sources.get(step)
        return source is not None and source.kind in ("input", "draw")

    def is_free(self, step: Step, code: Code) -> bool:
        """Whether nothing else needs the variable of what a loop begins with."""
        source, taken = self.plan.sources.get(step), self.plan.uses[undetached(step)] != 1
        if taken or not code.text.isidentifier() or self.is_tracked(step):
            return False
        if source is None:
            return undetached(step).op != "input" or step in self.carried
        return source.kind == "held" and source.key not in self.body.shared

    def _settled(self, step: Step) -> Code:
        """The code of what no statement of this unit makes."""
        if step in self.loop_of:
            return self.loops.value(step)
        if step.op == "dim_size":
            return expression(step, [], self.body.where)
        if step.op == "part":
            return self.loops.gradient(step)
        assert step.op == "input", f"a {step.op} is written before it is read"
        return self.incoming.code(self.plan.sources[step])

    # ------------------------------------------------------------------------- statements

    def _settle_leaves(self) -> None:
        """A state by which something is differentiated is one variable, with a history."""
        for step in self.plan.order:
            source = self.plan.sources.get(step.args[0]) if step.op == "leaf" else None
            if source is not None and source.kind == "held" and step.args[0] not in self.tracked:
                self.codes[step] = self.incoming.held(str(source.key))
                self.tracked.add(step.args[0])

    def _step(self, step: Step, *, taped: bool) -> None:
        if step in self.codes or step.op == "detach":
            return
        if step.op == "leaf":
            self._leaf(step)
            return
        code = self.compose(step, taped=taped)
        if step.op == "alias":
            self._alias(step, code)
        elif self._is_inlined(step, code):
            self.waiting[step] = code
        else:
            self.assign(step, code)

    def _alias(self, step: Step, code: Code) -> None:
        """What is differentiated inside what is differentiated has a name of its own."""
        (source,) = step.args
        if source.op == "part" and self.plan.uses[source] == 1:
            name = self.code(source).text
            self.put(name, code, "though it may be a constant")
        else:
            name = self.body.names.new(f"{self.wanted(step)}_leaf")
            self.put(name, code, "differentiated inside what is differentiated")
        self.codes[step] = Code(name)

    def compose(self, step: Step, *, taped: bool) -> Code:
        """The code of a step; parts of it that make it too long get lines of their own."""
        room = self.writer.room - max(_LEFT_SIDE, len(self.wanted(step)) + len(" = _2"))
        while True:
            args = self._args(step, taped=taped)
            code = expression(step, args, self.body.where)
            inner = [part for part in steps_of(step.args) if part in self.waiting]
            if not inner or _is_readable(code, room):
                return code
            longest = max(inner, key=lambda part: len(self.waiting[part].text))
            self.assign(longest, self.waiting.pop(longest))

    def _args(self, step: Step, *, taped: bool) -> list[Arg]:
        if step.op == "global_norm":
            bundle = self.loops.bundle(step.args)
            if bundle is not None:
                return [Code(f"*{bundle}")] + [[]] * (len(step.args) - 1)
        return [self.code(arg, taped=taped) for arg in step.args]

    def assign(self, step: Step, code: Code) -> None:
        """A line that gives a step its name."""
        name = self.body.names.new(self.wanted(step))
        comment = self.body.labels.comment(step) if self.body.labels.is_named(step) else ""
        self.put(name, code, comment)
        self.codes[step] = Code(name)

    def wanted(self, step: Step) -> str:
        """The name that a step's variable is to have: in loops there are no hidden layers."""
        return self.body.labels.unnamed(step) if self._is_plain(step) else self.body.wanted(step)

    def _is_plain(self, step: Step) -> bool:
        return self.in_loop and not self.body.labels.is_named(step)

    def put(self, name: str, code: Code, comment: str = "") -> None:
        """`name = code`."""
        if code.items and len(name) + len(code.text) + 3 > self.writer.room:
            inside = ", ".join(code.items)
            head = code.text[: -len(inside) - 1]
            if code.text == f"{head}{inside})" and len(inside) + len("    ") <= self.writer.room:
                self.writer.line(f"{name} = {head}", comment)
                self.writer.line(f"    {inside}")
                self.writer.line(")")
                return
            if code.text == f"{head}{inside})":
                self.writer.bracketed(f"{name} = {head}", code.items, ")", comment)
                return
        self.writer.line(f"{name} = {code}", comment)

    def _is_inlined(self, step: Step, code: Code) -> bool:
        if step.type.is_number and len(code.text) <= _SHORT:
            return True
        if self.body.labels.is_named(step):
            return False
        reader = self.plan.reader.get(step)
        if reader is None:  # an output, which counts twice
            return self.plan.uses[step] == AS_OUTPUT and len(code.text) <= _NESTED
        if step.type.is_number and reader in self.loop_of:
            return self.plan.uses[step] == 1
        return self.is_read_once(step)

    def _leaf(self, step: Step) -> None:
        source = step.args[0]
        code = expression(step, [self.code(source)], self.body.where)
        if source.op == "input" and source not in self.plan.sources and not self.on_tape:
            self.writer.line(f"{self.code(source)} = {code}")
            self.codes[step] = self.code(source)
            self.tracked.add(source)
            return
        taken = source in self.tracked or source in self.loop_of
        if taken or source.op in ("input", "part", "detach"):
            name = self.body.names.new(source.name)
        else:
            name = self.code(source).text
            self.tracked.add(source)
        self.writer.line(f"{name} = {code}")
        self.codes[step] = Code(name)

    # ------------------------------------------------------------------------- results

    def _give(self) -> dict[str, list[str]]:
        """The entries of what is new and of what is returned; what other units read is noted."""
        given: dict[str, list[str]] = {"updated": [], "started": [], "result": []}
        for step, targets in self.plan.targets.items():
            for target in targets:
                if self.loops.has_given(step, target):
                    continue
                code, aliases = self.code(step), self.aliases(step)
                self.note(target, code, aliases=aliases, tracked=self._has_history(step))
                if target.kind == "result":
                    code = self._own(step, code)
                elif self.aliases(step, initial=False):
                    code = method(code, "clone")
                if target.kind != "value":
                    given[target.kind].append(f"{quoted(target.key)}: {code}")
        return given

    def note(self, target: Target, code: Code, *, aliases: bool, tracked: bool) -> None:
        """Let other units read what this one made."""
        made = Made(code, self.plan.unit.period, aliases, tracked)
        if target.kind == "value":
            self.stores.values[self.index, target.key] = made
        elif target.kind == "updated":
            self.stores.updated[target.key] = made
        elif target.kind == "started":
            self.stores.started[target.key] = made

    def aliases(self, step: Step, *, initial: bool = True) -> bool:
        """Whether a value may share its storage with a live state, or with an `initial` value."""
        seen, stack = set(), [step]
        while stack:
            step = stack.pop()
            if step in seen:
                continue
            seen.add(step)
            if step.op == "input":
                source = self.plan.sources[step]
                if self.incoming.may_be_live(source) and (initial or source.kind != "initial"):
                    return True
            if step.op in VIEWS:
                stack.extend(steps_of(step.args))
            elif step.op == "part" and step.args[0].op == "loop":
                stack.extend(_carried_views(step))
        return False

    def _own(self, step: Step, code: Code) -> Code:
        """A result that no later tick changes, without a history."""
        if self.aliases(step):  # it is returned when the tick has written into that state
            name = self.body.names.new("kept")
            self.writer.line(f"{name} = {method(code, 'clone')}")
            return Code(name)
        return method(code, "detach") if self._has_history(step) else code

    def _has_history(self, step: Step) -> bool:
        """Whether the variable of a step has a history."""
        return step.tape or self.is_tracked(step)


def _carried_views(part: Step) -> list[Step]:
    """What a loop's last carried value may share its storage with, outside of the loop."""
    (loop,), index = part.args, part.attrs["index"]
    body = loop.attrs["body"]
    seen: set[Step] = set()
    stack = [body.outputs[index]] if index < loop.attrs["carried"] else []
    while stack:
        step = stack.pop()
        if step not in seen:
            seen.add(step)
            if step.op in VIEWS:
                stack.extend(steps_of(step.args))
    return [arg for arg, name in zip(loop.args, body.inputs, strict=True) if name in seen]


def _is_readable(code: Code, room: int) -> bool:
    length = len(code.text)
    if length > min(_LONGEST, room):
        return False
    return length <= _NESTED or nesting(code.text) <= 1
