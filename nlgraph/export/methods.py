"""`step` and `forward`: what comes in, the units of a schedule, what goes out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nlgraph.export.body import Body
from nlgraph.export.code import Code, method
from nlgraph.export.draws import draw_code, generator_code
from nlgraph.export.functions import Functions
from nlgraph.export.initial import constant_code
from nlgraph.export.labels import Labels, short
from nlgraph.export.names import Names, is_parameter, quoted, remark
from nlgraph.export.tables import Tables
from nlgraph.export.units import BodyWriter
from nlgraph.export.where import Size, Where
from nlgraph.export.writer import Writer
from nlgraph.module.layout import Drawn, Layout
from nlgraph.ops.lower import sizes_of
from nlgraph.schedule.cells import stacked
from nlgraph.schedule.model import Memory, Schedule
from nlgraph.system.ids import InputId, StateId

_OF_VARIABLES = ("held", "updated", "started")
"""What comes from a state that has a variable."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What the parts of a file share.

    `memories` are those of a step; `dims` are the dimensions that `first_values` is given.
    """

    layout: Layout
    memories: tuple[Memory, ...]
    functions: Functions
    used: set[str]
    tables: Tables
    labels: Labels
    reserved: frozenset[str]
    dims: tuple[str, ...]


def is_open(memory: Memory) -> bool:
    """Whether a memory has a dimension that each call binds."""
    return None in stacked(memory).shape


def sizes_in(
    layout: Layout, dims: Iterable[str], names: Names
) -> tuple[dict[str, int], tuple[str, ...]]:
    """The lengths of all dimensions, some of them under names, and these names."""
    sizes: dict[str, int] = dict(layout.sizes)
    variables = []
    for dim in dims:
        variables.append(names.new(dim))
        sizes[dim] = Size(layout.sizes.get(dim, 0), variables[-1])
    return sizes, tuple(variables)


class Method:
    """One of the two methods."""

    def __init__(self, name: str, schedule: Schedule, part: Part, first: tuple[str, ...]) -> None:
        """`first` are the dimensions that the first call binds."""
        self.name = name
        self.steps = name == "step"
        self.schedule = schedule
        self.part = part
        self.layout = part.layout
        self.first = first
        inputs = self.layout.inputs
        self.plain = all(is_parameter(name) and name not in part.reserved for name in inputs)
        self.names = Names(part.reserved | (frozenset(inputs) if self.plain else frozenset()))
        self.inputs = {
            str(name): str(name) if self.plain else self.names.new(name) for name in inputs
        }
        needed = inputs if self.steps else [n for n in inputs if n in self.layout.needed]
        self.needed = [str(name) for name in needed]
        self.dims = self._dims_of_calls()
        sizes, variables = sizes_in(self.layout, self.dims, self.names)
        self.size_names = dict(zip(self.dims, variables, strict=True))
        self.where = Where("self.dtype", self._device(), sizes, part.functions, set())

    def text(self) -> str:
        """The method as text."""
        body_writer = Writer(2)
        memories = [memory.name for memory in self.part.memories]
        sources = (source for unit in self.schedule.units for source in unit.inputs)
        read = {source.key for source in sources if source.kind in _OF_VARIABLES}
        keys = [key for key in (*self.layout.states, *memories) if key in read]
        initial = {key: self.names.new(short(key)) for key in keys}
        body = Body(
            body_writer, self.where, self.names, self.part.tables, self.part.labels,
            self.inputs, {str(key): name for key, name in initial.items()},
            in_forward=not self.steps,
            loose=self.layout.loose,
            begun={memory.name for memory in self.part.memories if is_open(memory)},
        )  # fmt: skip
        written = BodyWriter(body, self.schedule)
        written.write()
        said = set(
            re.findall(r"\w+", "\n".join((*body_writer.lines, *written.results, *written.pairs)))
        )
        body.draws = {key: name for key, name in body.draws.items() if name in said}
        body.initials = {key: name for key, name in body.initials.items() if name in said}
        body.read = {key: None for key in body.read if body.states[key] in said}
        head = Writer(1)
        self._signature(head)
        head.depth += 1
        self._doc(head)
        self._incoming(head, body)
        if body_writer.lines:
            head.line()
        head.lines += body_writer.lines
        self._outgoing(head, written)
        self.part.used.update(self.where.used)
        return "\n".join(head.lines)

    # ------------------------------------------------------------------------- before

    def _dims_of_calls(self) -> tuple[str, ...]:
        """The dimensions whose lengths an input says."""
        clocks = self.part.labels.equations.clocks.values()
        along = {clock.dim for clock in clocks if clock.dim is not None}
        fixed = (self.layout.fixed_dims | along) & self.layout.sizes.keys()
        found: dict[str, None] = {}
        for name in self.needed:
            for dim in self.layout.inputs[InputId(name)].type.dims:
                if dim.name is not None and dim.name not in fixed:
                    found[dim.name] = None
        for dim_ in (*self.schedule.dims, *self.first):
            found[dim_] = None
        return tuple(found)

    def _device(self) -> str:
        for name in self.needed:
            return f"{self.inputs[name]}.device"
        return "next(self.buffers()).device"

    def _signature(self, writer: Writer) -> None:
        writer.line("@torch.no_grad()")
        if not self.plain:
            writer.line(f"def {self.name}(self, /, **inputs: Tensor) -> dict[str, Tensor]:")
            return
        given = []
        for name in self.layout.inputs:
            always = name in self.needed and self.layout.periods[name] == 1
            given.append(f"{name}: Tensor" if always else f"{name}: Tensor | None = None")
        star = ["*"] if given else []
        writer.bracketed(f"def {self.name}(", ["self", *star, *given], ") -> dict[str, Tensor]:")

    def _doc(self, writer: Writer) -> None:
        root = self.part.labels.equations.root
        del root
        if self.steps:
            writer.line('"""Run one tick: its outputs and metrics, and what it updates."""')
        else:
            writer.line('"""The outputs of the next tick, with nothing updated."""')

    def _incoming(self, writer: Writer, body: Body) -> None:
        if not self.plain:
            for name, variable in self.inputs.items():
                left = f"{variable} = " if name in self.needed else ""
                writer.line(f"{left}inputs.pop({quoted(name)}, None)")
            writer.line("if inputs:")
            writer.line('    raise TypeError(f"unknown inputs: {sorted(inputs)}")')
        for name in self.needed:
            period = self.layout.periods[InputId(name)]
            if period > 1:
                variable, anytime = self.inputs[name], not self.steps
                args = f"{quoted(name)}, {variable}, {period}, anytime={anytime}"
                writer.line(f"{variable} = self._held({args})")
        for name in self.needed:
            self._sizes(writer, name)
        if self.first:
            self._begin(writer)
        for name in self.needed:
            self._check(writer, name)
        tick = body.reads_tick or bool(body.draws)
        if tick:
            writer.line("tick = self.tick + 1")
        self._draws(writer, body)
        self._states(writer, body)

    def _sizes(self, writer: Writer, name: str) -> None:
        """Lines that name the lengths that an input brings."""
        for axis, dim in enumerate(self.layout.inputs[InputId(name)].type.dims):
            if dim.name in self.size_names and self._source(dim.name) == (name, axis):
                writer.line(f"{self.size_names[dim.name]} = {self.inputs[name]}.shape[{axis}]")

    def _begin(self, writer: Writer) -> None:
        """The first call binds the lengths that states have."""
        variables = [self.size_names[dim] for dim in self.first]
        with writer.block("if not self.state:"):
            given = ", ".join(("self.seed", "self.dtype", *variables))
            writer.line(f"self.state.update(first_values({given}))")
        for dim, variable in zip(self.first, variables, strict=True):
            if dim not in self.layout.fixed_dims:
                continue
            key, axis = next(
                (key, axis)
                for key, type_ in self.layout.states.items()
                for axis, of in enumerate(type_.dims)
                if of.name == dim
            )
            writer.line(f"{variable} = self.state[{quoted(key)}].shape[{axis}]")

    def _check(self, writer: Writer, name: str) -> None:
        """A line that checks an input."""
        variable, type_ = self.inputs[name], self.layout.inputs[InputId(name)].type
        shape = self.where.literal(sizes_of(type_.dims, self.where.sizes))
        dtype = self.where.dtype_of(type_.dtype)
        comment = remark(str(type_))
        writer.line(f"{variable} = check({quoted(name)}, {variable}, {dtype}, {shape})", comment)

    def _source(self, dim: str) -> tuple[str, int] | None:
        """The first input with a dimension, and its axis there."""
        for name in self.needed:
            for axis, found in enumerate(self.layout.inputs[InputId(name)].type.dims):
                if found.name == dim:
                    return name, axis
        return None

    def _draws(self, writer: Writer, body: Body) -> None:
        drawn: Mapping[str, Drawn] = {draw.draw.name: draw for draw in self.layout.draws}
        for name, variable in body.draws.items():
            of = drawn[name]
            tick = "tick" if of.period <= 1 else f"-(-tick // {of.period})"
            used = self.where.used
            source = generator_code("self.seed", quoted(name), tick, self.where.device, used)
            sizes = sizes_of(of.type.dims, self.where.sizes)
            sides = tuple(self.where.literal(size) for size in sizes)
            shape = self.where.literal(sizes)
            dtype = self.where.dtype_of(of.type.dtype)
            code = draw_code(of.draw.kind, of.draw.args, shape, sides, source, used)
            if len(f"{variable} = {method(code, 'to', dtype)}") > writer.room:
                writer.line(f"source = {source}")
                code = draw_code(of.draw.kind, of.draw.args, shape, sides, Code("source"), used)
            writer.line(f"{variable} = {method(code, 'to', dtype)}")

    def _states(self, writer: Writer, body: Body) -> None:
        if body.reads_state or body.read:
            writer.line("state = self.state")
        tabled: tuple[str, ...] = ()
        if body.has_leaf_table:
            keys = list(body.leaves)
            constant = self.part.tables.keys(keys, "leaves")
            leaf = method(method(Code("state[name]"), "detach"), "requires_grad_")
            writer.line(f"leaves = {{name: {leaf} for name in {constant}}}")
            tabled = tuple(key for key in keys if key in body.read)
            names = [body.states[key] for key in tabled]
            whole = f"{', '.join(names)} = leaves.values()"
            if len(names) > 1 and len(tabled) == len(keys) and len(whole) <= writer.room:
                writer.line(whole)
            else:
                for key, name in zip(tabled, names, strict=True):
                    writer.line(f"{name} = leaves[{quoted(key)}]")
        for key, variable in body.initials.items():
            sizes = sizes_of(self.layout.states[StateId(key)].dims, self.where.sizes)
            given = [
                f"{n}={self.size_names[dim]}"
                for dim, n in self._first_dims()
                if dim in self.size_names
            ]
            args = ", ".join((quoted(key), self.where.literal(sizes), *given))
            writer.line(f"{variable} = self._initial({args})")
        for memory in self.part.memories:
            if is_open(memory) and memory.name in body.read:
                self._open_memory(writer, memory, body.states[memory.name])
        for key in body.states:
            if key in body.read and key not in tabled and key not in body.begun:
                code = Code(f"state[{quoted(key)}]")
                if key in body.tracked:
                    code = method(method(code, "detach"), "requires_grad_")
                writer.line(f"{body.states[key]} = {code}")

    def _first_dims(self) -> list[tuple[str, str]]:
        """The dimensions that `first_values` is given, and its parameters' names."""
        names = Names(self.part.reserved | {"seed"})
        return list(zip(self.part.dims, map(names.new, self.part.dims), strict=True))

    def _open_memory(self, writer: Writer, memory: Memory, variable: str) -> None:
        """A memory that has this call's sizes, which may be others where its window begins."""
        writer.line(f"{variable} = state.get({quoted(memory.name)})")
        begins = ""
        if memory.window is not None:
            sizes = self.where.literal(sizes_of(stacked(memory).dims, self.where.sizes))
            begins = f" or (self.tick % {memory.window} == 0 and {variable}.shape != {sizes})"
        with writer.block(f"if {variable} is None{begins}:"):
            empty = constant_code(
                memory.fill, stacked(memory), self.where, device=self.where.device
            )
            writer.line(f"{variable} = {empty}")

    # ------------------------------------------------------------------------- after

    def _outgoing(self, writer: Writer, written: BodyWriter) -> None:
        if written.body.writer.lines:
            writer.line()
        held = {f"@input/{n}": n for n, period in self.layout.periods.items() if period > 1}
        pairs = written.pairs + [f"{quoted(k)}: {self.inputs[n]}" for k, n in held.items()]
        if self.steps:
            if written.gathers and held:
                writer.bracketed("new |= {", pairs, "}", "until the next one comes")
            if written.gathers:
                writer.line(f"self._commit(new{' | start' if written.resets else ''})")
            elif len(", ".join(pairs)) + len("self._commit({})") <= writer.room:
                writer.line(f"self._commit({{{', '.join(pairs)}}})")
            else:
                writer.bracketed("new = {", pairs, "}")
                writer.line("self._commit(new)")
        if written.collects:
            writer.line("return results")
        else:
            writer.bracketed("return {", written.results, "}")
