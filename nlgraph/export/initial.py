"""What lives between ticks before the first of them, as statements that fill `state`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from nlgraph.export.calls import VIEWS, expression
from nlgraph.export.code import ATOM, Code, call, method
from nlgraph.export.draws import draw_code, generator_code
from nlgraph.export.errors import ExportError
from nlgraph.export.names import Names, quoted, remark
from nlgraph.export.where import Where
from nlgraph.export.writer import Writer
from nlgraph.graph.mapping import is_elementwise
from nlgraph.graph.steps import Step, steps_of
from nlgraph.ops.lower import sizes_of
from nlgraph.ops.types import WHOLE, Dim, TensorType
from nlgraph.schedule.cells import stacked
from nlgraph.schedule.model import Memory
from nlgraph.shapes.model import Shaped
from nlgraph.system.ids import StateId
from nlgraph.system.model import (
    Call,
    DimSize,
    Draw,
    Expr,
    Hold,
    Number,
    SignalRead,
    StateRead,
    Stop,
)
from nlgraph.system.walk import children

_LONGEST = 60

Node = tuple[str, StateId]
"""A state's `initial` value, or what its `first` tick starts with."""


def write_first_values(
    shaped: Shaped,
    types: Mapping[StateId, TensorType],
    memories: tuple[Memory, ...],
    writer: Writer,
    where: Where,
    names: Names,
) -> None:
    """Write a statement for each state, for each value that resets go back to, and each memory.

    `types` are those of all copies of a state.

    Raises:
        ExportError: an initial value is computed in copies, and not element by element.
    """
    first = _First(shaped, types, writer, where, names)
    for component in shaped.clocked.equations.components.values():
        if len(component.states) > 1:
            writer.line(f"# {remark(component.id)}")
        for state in component.states:
            first.write(("first", state))
    for memory in memories:
        type_ = stacked(memory)
        made = constant_code(memory.fill, type_, where)
        if memory is memories[0]:
            writer.line("# partial windows and last values")
        writer.line(f"state[{quoted(memory.name)}] = {made}", _dims(type_))


def constant_code(value: float, type_: TensorType, where: Where, **kwargs: str) -> Code:
    """A tensor that is one number everywhere; keywords are further ones of the torch function."""
    kwargs = {"dtype": where.dtype_of(type_.dtype), **kwargs}
    sizes = sizes_of(type_.dims, where.sizes)
    if value in (0, 1) and not isinstance(value, bool):
        given = [where.literal(size) for size in sizes] or ["()"]
        return call(f"torch.{'ones' if value else 'zeros'}", *given, **kwargs)
    return call("torch.full", where.literal(sizes), where.number(value), **kwargs)


def _dims(type_: TensorType) -> str:
    return remark(f"[{', '.join(map(str, type_.dims))}]") if type_.dims else ""


class _First:
    """Writes values after those that they read."""

    def __init__(
        self,
        shaped: Shaped,
        types: Mapping[StateId, TensorType],
        writer: Writer,
        where: Where,
        names: Names,
    ) -> None:
        self.shaped = shaped
        self.types = types
        self.states = shaped.clocked.equations.states
        self.writer = writer
        self.where = where
        self.names = names
        self.codes: dict[Node, Code] = {}
        self.hidden: tuple[str, ...] = ()

    def write(self, wanted: Node) -> None:
        """Write a value, and before it all that it reads and is not there yet."""
        stack = [wanted]
        while stack:
            node = stack[-1]
            if node in self.codes:
                stack.pop()
                continue
            root = self._root(node)
            needs = [need for need in self._reads(root, node) if need not in self.codes]
            if needs:
                stack.extend(reversed(needs))
                continue
            stack.pop()
            self._write(node, root)

    def _root(self, node: Node) -> Expr:
        kind, name = node
        state = self.states[name]
        to = None if state.reset is None else state.reset.to
        if kind == "initial" or to is None or self._is_initial(name):
            return state.init
        return to

    def _is_initial(self, name: StateId) -> bool:
        """Whether the first tick starts with the initial value."""
        reset = self.states[name].reset
        to = None if reset is None else reset.to
        if to is None or (isinstance(to, StateRead) and to.state == name):
            return True
        return self.shaped.clocked.timings[to].stream

    def _read(self, read: StateRead, node: Node) -> Node:
        """What a read of a state stands for."""
        kind = "first" if self._is_initial(read.state) else node[0]
        if node[0] == "first" and self._root(node) is self.states[node[1]].init:
            kind = "first" if self._is_initial(read.state) else "initial"
        return (kind, read.state)

    def _reads(self, root: Expr, node: Node) -> Iterator[Node]:
        self.hidden = tuple(str(dim.name) for dim in self._copies(node[1]))
        for expr in self._postorder(root):
            if isinstance(expr, StateRead):
                yield self._read(expr, node)

    def _postorder(self, root: Expr) -> Iterator[Expr]:
        stack, seen = [(root, False)], set()
        while stack:
            expr, ready = stack.pop()
            if ready:
                yield expr
            elif expr not in seen:
                seen.add(expr)
                stack.append((expr, True))
                stack.extend((part, False) for part in reversed(self._parts(expr)))

    def _parts(self, expr: Expr) -> tuple[Expr, ...]:
        if self._constant(expr) is not None:
            return ()
        if isinstance(expr, SignalRead):
            return (self.shaped.clocked.equations.signals[expr.signal].value,)
        return children(expr)

    def _constant(self, expr: Expr) -> float | None:
        """What is a number for all copies alike."""
        found = self.shaped.constants
        return found.get((expr, ()), found.get((expr, self.hidden)))

    def _type_of(self, expr: Expr) -> TensorType:
        """A type as it is in each copy."""
        inside = self.shaped.types.get((expr, self.hidden))
        return self.shaped.type_of(expr) if inside is None else inside

    def _copies(self, name: StateId) -> tuple[Dim, ...]:
        """The dimensions of a state's copies, in front of its own."""
        own = self.shaped.states[name]
        assert own is not None, "a system with faults is never compiled"
        dims = self.types[name].dims
        return dims[: len(dims) - len(own.dims)]

    def _write(self, node: Node, root: Expr) -> None:
        kind, name = node
        state = self.states[name]
        type_ = self.types[name]
        self.hidden = tuple(str(dim.name) for dim in self._copies(name))
        made: dict[Expr, Any] = {}
        codes: dict[Step, Code] = {}
        for expr in self._postorder(root):
            made[expr] = self._made(expr, node, made, codes)
        value = self._conformed(made[root], type_, codes)
        comment = ", ".join(filter(None, (_dims(type_), f"line {state.origin.user.line}")))
        if kind == "initial":
            variable = self.names.new(f"{name}_initial")
            self.writer.line(f"{variable} = {value}", comment)
            self.codes[node] = Code(variable)
            return
        self.codes[node] = Code(f"state[{quoted(name)}]")
        self.writer.line(f"{self.codes[node]} = {value}", comment)
        if state.reset is not None and state.reset.to is None:
            kept = quoted(f"@initial/{name}")
            self.writer.line(f"state[{kept}] = {self.codes[node]}.clone()")

    def _made(
        self, expr: Expr, node: Node, made: Mapping[Expr, Any], codes: dict[Step, Code]
    ) -> Any:  # noqa: ANN401
        """A number, or a step whose code is known."""
        constant = self._constant(expr)
        if constant is not None:
            return constant
        match expr:
            case Number(value=value):
                return value
            case Stop(value=value) | Hold(value=value):
                return made[value]
            case SignalRead(signal=signal):
                return made[self.shaped.clocked.equations.signals[signal].value]
            case DimSize(dim=dim):
                step = Step("dim_size", (), TensorType(WHOLE), dim, attrs={"dim": dim})
                codes[step] = expression(step, [], self.where)
            case StateRead(state=state):
                step = Step("input", (), self._type_of(expr), "state")
                code = self.codes[self._read(expr, node)]
                codes[step], step.mapped = self._of_copies(state, code)
            case Draw():
                step = Step("input", (), self._type(node), "draw")
                step.mapped = len(self.hidden)
                codes[step] = self._drawn(expr, node)
            case Call(op=op, args=args, attrs=attrs):
                parts = tuple(made[arg] for arg in args)
                step = Step(op, parts, self._type_of(expr), op, attrs=attrs)
                given = [codes[p] if isinstance(p, Step) else self.where.number(p) for p in parts]
                codes[step] = self._shortened(expression(step, list(given), self.where))
                step.mapped = self._mapped(step, node)
            case _:
                message = f"no state starts with a {type(expr).__name__}"
                raise AssertionError(message)
        return step

    def _mapped(self, step: Step, node: Node) -> int:
        """How many dimensions of copies a call's result has in front."""
        found = [(p.mapped, len(p.type.dims)) for p in steps_of(step.args) if p.mapped]
        rank = len(step.type.dims)
        if found and not (is_elementwise(step.op) and all(own == rank for _, own in found)):
            message = (
                f"the initial value of `{node[1]}` is computed in each copy by `{step.op}`, which "
                "a file cannot say yet: let a component without copies hold it, and start from that"
            )
            raise ExportError(message)
        return max((copies for copies, _ in found), default=0)

    def _of_copies(self, state: StateId, code: Code) -> tuple[Code, int]:
        """A state as it is seen in copies, and how many of their dimensions it has in front."""
        names = [dim.name for dim in self.types[state].dims]
        front = [names.index(name) for name in self.hidden if name in names]
        order = [*front, *(i for i in range(len(names)) if i not in front)]
        if order != sorted(order):
            code = method(code, "permute", *order)
        items = [":" if name in names else "None" for name in self.hidden]
        while items and items[0] == "None":
            del items[0]
        if "None" in items:
            code = Code(f"{code.within(ATOM)}[{', '.join(items)}]")
        return code, len(items)

    def _type(self, node: Node) -> TensorType:
        found = self.shaped.states[node[1]]
        assert found is not None, "a system with faults is never compiled"
        return found

    def _shortened(self, code: Code) -> Code:
        if len(code.text) <= _LONGEST:
            return code
        name = self.names.new("value")
        self.writer.line(f"{name} = {code}")
        return Code(name)

    def _drawn(self, draw: Draw, node: Node) -> Code:
        type_ = self._type(node)
        sizes = sizes_of(type_.dims, self.where.sizes)
        shape = self.where.literal(sizes)
        sides = tuple(self.where.literal(size) for size in sizes)
        used = self.where.used
        source = generator_code("seed", quoted(draw.name), None, None, used)
        copies = [self.where.literal(size) for size in self._sizes_of_copies(node[1])]
        if copies:  # each has a draw of its own, one after the other
            variable = self.names.new("source")
            self.writer.line(f"{variable} = {source}")
            source = Code(variable)
        drawn = draw_code(draw.kind, draw.args, shape, sides, source, used)
        if copies:
            drawn = call("torch.stack", f"[{drawn} for _ in range({' * '.join(copies)})]")
        if len(copies) > 1:
            variable = self.names.new("draws")
            self.writer.line(f"{variable} = {drawn}")
            drawn = method(Code(variable), "unflatten", 0, f"({', '.join(copies)})")
        return method(drawn, "to", self.where.dtype_of(type_.dtype))

    def _sizes_of_copies(self, name: StateId) -> tuple[int, ...]:
        return sizes_of(self._copies(name), self.where.sizes)

    def _conformed(self, value: Any, type_: TensorType, codes: dict[Step, Code]) -> Code:  # noqa: ANN401
        """The code of a tensor of a type, with a storage of its own."""
        shape = self.where.literal(sizes_of(type_.dims, self.where.sizes))
        dtype = self.where.dtype_of(type_.dtype)
        if not isinstance(value, Step):
            return constant_code(value, type_, self.where)
        code = codes[value]
        if value.type.is_number:
            return call("torch.full", shape, code, dtype=dtype)
        drawn = value.op == "input" and value.name == "draw"
        if value.type.dtype != type_.dtype:
            code = method(code, "to", dtype)
        copies = len(self.hidden)
        if value.mapped < copies or value.type.dims != type_.dims[copies:]:
            sizes = sizes_of(type_.dims, self.where.sizes)
            return method(method(code, "expand", *map(self.where.literal, sizes)), "clone")
        read = value.op == "input" and not drawn
        return method(code, "clone") if read or value.op in VIEWS else code
