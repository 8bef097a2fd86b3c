"""Values in a table: one of each form, whatever the spelling."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from nlgraph.ops.op import registry
from nlgraph.ops.types import NUMBER, TRUTH, WHOLE, TensorType
from nlgraph.schedule.model import INTERNAL
from nlgraph.schedule.value import Form, Value, frozen, simplified
from nlgraph.system.ids import ComponentId
from nlgraph.text.span import Origin


class Table:
    """Makes values; equal ones are one. `dropped` are branches of choices that are not taken."""

    def __init__(self) -> None:
        """Start with no value."""
        self.dropped: list[Value] = []
        self._table: dict[Hashable, Value] = {}

    def __iter__(self) -> Iterator[Value]:
        """Every value, in the order in which they were made."""
        return iter(self._table.values())

    def make(
        self,
        form: Form,
        parts: tuple[Value, ...],
        data: Any,  # noqa: ANN401
        type_: TensorType,
        origin: Origin,
        *,
        component: ComponentId | None = None,
        attrs: Mapping[str, Any] | None = None,
    ) -> Value:
        """The one value of this form."""
        key = (form, tuple(map(id, parts)), data)
        found = self._table.get(key)
        if found is None:
            found = Value(form, parts, data, type_, origin, component, attrs or {})
            self._table[key] = found
        return found

    def op(
        self,
        name: str,
        *parts: Value,
        origin: Origin,
        attrs: Mapping[str, Any] | None = None,
        type_: TensorType | None = None,
        component: ComponentId | None = None,
    ) -> Value:
        """An operator applied to values; its type is inferred where it is not given."""
        attrs = attrs or {}
        if type_ is None:
            assert name not in INTERNAL, f"{name} needs a type"
            type_ = registry()[name].infer(tuple(part.type for part in parts), attrs)
        simple = simplified(name, parts, type_)
        if simple is not None:
            if name == "where":
                self.dropped.extend(part for part in parts[1:] if part is not simple)
            return simple
        data = (name, frozen(attrs))
        return self.make(
            "op", parts, data, type_, origin, component=component or _owner(parts), attrs=attrs
        )

    def number(self, number: float, origin: Origin) -> Value:
        """A number."""
        name = {bool: TRUTH, int: WHOLE}.get(type(number), NUMBER)
        return self.make("number", (), (name, number), TensorType(name), origin)

    def rebuild(self, value: Value, parts: tuple[Value, ...]) -> Value:
        """The same value over other parts."""
        if parts == value.parts:
            return value
        if value.form == "op":
            return self.op(
                value.op, *parts, origin=value.origin, attrs=value.attrs, type_=value.type,
                component=value.component,
            )  # fmt: skip
        return self.make(
            value.form, parts, value.data, value.type, value.origin, component=value.component
        )


def _owner(parts: tuple[Value, ...]) -> ComponentId | None:
    """The component whose state an operator reads directly."""
    for part in parts:
        if part.form in ("state", "primed"):
            return part.component
    return None
