"""Regions to steps: one tape for the outermost gradients of a unit.

What a gradient is taken by is read through one leaf for each value; equal bindings of several
gradients are one step; and a binding outside of all gradients that is equal to one inside is that
one, detached. So the forward pass runs once for the loss, the outputs and all gradients, and all
gradients of one value are one backward pass. A gradient inside another one's region is taken by
aliases, on the tape of that one.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from nlgraph.graph.alike import hashable, number_loop
from nlgraph.graph.prune import prune_loops
from nlgraph.graph.retain import reached, retain
from nlgraph.graph.steps import Step, Steps, identity, in_order, steps_of
from nlgraph.ops.dtypes import FLOATS
from nlgraph.ops.externs import EXTERN
from nlgraph.ops.op import registry
from nlgraph.schedule.model import TICKS, Arg, Binding, Grad, Loop, Name, Op, Region, Unit
from nlgraph.schedule.order import captured


def flatten(unit: Unit) -> Steps:
    """The steps of a unit."""
    inputs = [Step("input", (), unit.types[name], name) for name in unit.region.inputs]
    steps = _flatten(unit, unit.region, unit.region.inputs, inputs, inside=False)
    prune_loops(steps.outputs)
    return steps


def _flatten(
    unit: Unit, region: Region, names: Sequence[Name], inputs: list[Step], *, inside: bool
) -> Steps:
    """The steps of a region, whose `inputs` stand for `names`.

    `inside` says that a gradient stands around it. It calls itself for the bodies of loops.
    """
    tape = _Tape(unit, names, inputs)
    regions = [iter(region.bindings)]
    waiting: list[tuple[Binding, Grad]] = []
    while regions:
        binding = next(regions[-1], None)
        if binding is None:
            regions.pop()
            if waiting:
                tape.differentiate(*waiting.pop(), inside=inside or bool(waiting))
        elif isinstance(binding.node, Grad):
            tape.enter(binding, binding.node, inside=inside or bool(waiting))
            waiting.append((binding, binding.node))
            regions.append(iter(binding.node.region.bindings))
        elif isinstance(binding.node, Loop):
            _add_loop(tape, binding, binding.node)
        else:
            tape.add(binding, binding.node)
    outputs = [tape.step(arg) for arg in region.outputs]
    tape.close(outputs)
    tape.share(outputs)
    retain(outputs)
    return Steps(tape.inputs, outputs)


def _add_loop(tape: _Tape, binding: Binding, loop: Loop) -> None:
    """Make the steps of a loop: its body reads what it needs from outside as inputs of its own."""
    unit = tape.unit
    read = captured(loop.region)
    args = tuple(map(tape.step, (*loop.starts, *loop.slices, *read)))
    on_tape = any(step.tape for step in args)
    names = (*loop.region.inputs, *read)
    inputs = [
        Step(
            "input", (), unit.types[name], name, tape=arg.tape or (on_tape and i < len(loop.starts))
        )
        for i, (name, arg) in enumerate(zip(names, args, strict=True))
    ]
    body = _flatten(unit, loop.region, names, inputs, inside=on_tape)
    made = loop.region.outputs[len(loop.starts) :]
    attrs = {
        "body": body,
        "turns": loop.turns,
        "carried": len(loop.starts),
        "ticks": loop.ticks,
        "count": len(binding.names),
        "joined": tuple(TICKS in unit.leads.get(arg, ()) for arg in made if isinstance(arg, str)),
    }
    name = f"loop_{binding.names[0]}"
    step = Step("loop", args, inputs[0].type, name, binding.note, attrs, tape=on_tape, several=True)
    numbers = tape.numbers(binding, loop, read)
    for index, (part, number) in enumerate(zip(binding.names, numbers, strict=True)):
        value = Step(
            "part", (step,), unit.types[part], part, binding.note, {"index": index}, tape=on_tape
        )
        tape.name(part, value, number)


class _Tape:
    """The steps of a unit while they are made.

    Steps with the same number have the same value, with a history or without; those inside the
    gradient of a gradient have none.
    """

    def __init__(self, unit: Unit, names: Sequence[Name], inputs: list[Step]) -> None:
        self.unit = unit
        self.inputs = inputs
        self._known: dict[Name, Step] = dict(zip(names, inputs, strict=True))
        self._leaves: dict[Step, Step] = {}
        self._on_tape: dict[Hashable, Step] = {}
        self._backward: dict[Step, tuple[Step, dict[Step, int]]] = {}
        self._numbers: dict[Hashable, int] = {}
        self._number_of: dict[Step, int] = {
            step: i for i, step in enumerate(self.inputs) if not step.tape
        }
        self._twins: dict[int, Step] = {}

    def step(self, arg: Arg) -> Any:  # noqa: ANN401
        """What an arg became: a step, or itself where it is a number."""
        return self._known[arg] if isinstance(arg, str) else arg

    def name(self, name: Name, step: Step, number: int | None) -> None:
        """Let a name stand for a step of a loop, whose value has a number."""
        self._known[name] = step
        if number is None and not step.tape:
            number = self._fresh(("made", id(step)))
        if number is not None:
            self._number_of[step] = number
            if step.tape:
                self._twins[number] = step

    def numbers(self, binding: Binding, loop: Loop, read: Iterable[Name]) -> Sequence[int | None]:
        """The numbers of what a loop gives; none inside the gradients of others."""
        known: dict[Name, int] = {}
        for name in (*loop.starts, *loop.slices, *read):
            number = self._number_of.get(self._known[name])
            if number is None:
                return [None] * len(binding.names)
            known[name] = number
        return number_loop(self.unit, binding, loop, known, self._fresh)

    def enter(self, binding: Binding, grad: Grad, *, inside: bool) -> None:
        """Make what a gradient is taken by; `inside` says whether it stands inside another."""
        note = binding.note
        for name, arg in zip(grad.region.inputs, grad.args, strict=True):
            source = self._known[arg]
            if inside:
                op = "alias" if source.tape else "leaf"
                self._known[name] = Step(op, (source,), source.type, name, note, tape=True)
                continue
            if source not in self._leaves:
                leaf = f"{source.name}_leaf"
                step = Step("leaf", (source,), source.type, leaf, note, tape=True)
                self._leaves[source] = step
                self._number_of[step] = self._number_of[source]
            self._known[name] = self._leaves[source]

    def add(self, binding: Binding, node: Op) -> None:
        """Make the step of an operator."""
        (name,) = binding.names
        args = tuple(map(self.step, node.args))
        if node.attrs.get("target") == "torch.permute" and _in_order(node.attrs["kwargs"]["dims"]):
            self._known[name] = args[0]
            return
        type_ = self.unit.types[name]
        # What is no floating number has no derivative, and no history.
        tape = type_.dtype in FLOATS and any(step.tape for step in steps_of(args))
        key = (node.op, node.mapped, hashable(node.attrs), *map(identity, args))
        if tape and key in self._on_tape:
            self._known[name] = self._on_tape[key]
            return
        step = Step(
            node.op, args, type_, name, binding.note, node.attrs, node.place, tape,
            mapped=node.mapped,
        )  # fmt: skip
        self._known[name] = step
        number = self._number(node, args)
        if number is not None:
            self._number_of[step] = number
        if tape:
            self._on_tape[key] = step
            if number is not None:
                self._twins[number] = step

    def differentiate(self, binding: Binding, grad: Grad, *, inside: bool) -> None:
        """Let one backward pass give the derivatives of a value."""
        value: Step = self.step(grad.region.outputs[0])
        if value not in self._backward:
            step = Step("backward", (), value.type, f"backward_{value.name}", binding.note)
            step.attrs, step.tape, step.several = {"create_graph": inside}, inside, True
            self._backward[value] = step, {}
        backward, places = self._backward[value]
        found = reached(value)
        if inside or any(_may_be_constant(step) for step in found):
            # Code of the user's may leave a parameter unused, a loop what it carries, and the
            # derivative of what is linear what it was taken by: its derivative is 0.
            backward.attrs = {**backward.attrs, "materialize_grads": True}
        for name, leaf_name in zip(binding.names, grad.region.inputs, strict=True):
            leaf, type_ = self._known[leaf_name], self.unit.types[name]
            if leaf in found:
                index = {"index": places.setdefault(leaf, len(places))}
                step = Step("part", (backward,), type_, name, binding.note, index, tape=inside)
                if inside:
                    # A derivative may be constant; what is differentiated must have a history.
                    step.name = f"{name}_part"
                    step = Step("alias", (step,), type_, name, binding.note, tape=True)
            else:
                step = Step("zeros_like", (leaf.args[0],), type_, name, binding.note)
            self._known[name] = step
            if not step.tape:
                self._number_of[step] = self._fresh(("derivative", id(step)))
        if inside:
            # The gradient around flows through it, and is next.
            backward.args = (value, *places)

    def close(self, outputs: list[Step]) -> None:
        """Give each backward pass its args: a value, and what it is to be differentiated by.

        Only what something needs is: so the parts that are needed get new places.
        """
        leaves = {backward: list(places) for backward, places in self._backward.values()}
        value_of = {backward: value for value, (backward, _) in self._backward.items()}
        parts: dict[Step, list[Step]] = {}
        seen: set[Step] = set()
        stack = list(outputs)
        while stack:
            step = stack.pop()
            if step in seen:
                continue
            seen.add(step)
            if step.op == "part" and not step.tape and step.args[0] in leaves:
                (backward,) = step.args
                parts.setdefault(backward, []).append(step)
                stack += (value_of[backward], leaves[backward][step.attrs["index"]])
            else:
                stack.extend(steps_of(step.args))
        for backward, needed in parts.items():
            old = sorted({part.attrs["index"] for part in needed})
            place_of = {index: place for place, index in enumerate(old)}
            backward.args = (value_of[backward], *(leaves[backward][index] for index in old))
            for part in needed:
                part.attrs = {"index": place_of[part.attrs["index"]]}

    def share(self, outputs: list[Step]) -> None:
        """Take what is on a tape that is needed anyway from there."""
        needed = in_order(outputs)
        on_tape = {step for step in needed if step.tape}
        for step in needed:
            number = self._number_of.get(step)
            twin = None if number is None else self._twins.get(number)
            if twin is not None and _runs(twin, on_tape) and not step.tape:
                step.op, step.args, step.attrs = "detach", (twin,), {}
                twin.name, step.name = step.name, f"{step.name}_detached"

    def _number(self, node: Op, args: tuple[Any, ...]) -> int | None:
        """The number of an operator's value; None inside the gradients of others."""
        parts: list[Hashable] = []
        for arg in args:
            if not isinstance(arg, Step):
                parts.append(identity(arg))
            elif arg in self._number_of:
                parts.append(self._number_of[arg])
            else:
                return None
        return self._fresh((node.op, node.mapped, hashable(node.attrs), *parts))

    def _fresh(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self.inputs) + len(self._numbers))


def _runs(step: Step, needed: set[Step]) -> bool:
    """Whether a step is needed, or the loop that makes it."""
    made = step.op == "part" and step.args[0].op == "loop"
    return (step.args[0] if made else step) in needed


def _in_order(dims: Sequence[int]) -> bool:
    return tuple(dims) == tuple(range(len(dims)))


def _may_be_constant(step: Step) -> bool:
    """Whether what a step gives may not depend on all that it is given."""
    known = registry().get(step.op)
    foreign = step.op == EXTERN or (known is not None and not isinstance(known.target, str))
    return foreign or step.op in ("loop", "backward")
