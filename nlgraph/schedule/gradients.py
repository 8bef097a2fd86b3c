"""Gradients, each as far written out as it can be before torch takes it."""

from __future__ import annotations

from collections.abc import Iterable

from nlgraph.schedule.derive import derive
from nlgraph.schedule.summed import gathered, sum_at_once
from nlgraph.schedule.value import Value, parts_first
from nlgraph.schedule.values import Values
from nlgraph.schedule.windows import split_window


class Gradients:
    """Rewrites values so that every gradient left is one inside a tick, for torch to take."""

    def __init__(self, values: Values) -> None:
        """Rewrite nothing yet."""
        self.values = values
        self._new: dict[Value, Value] = {}
        self._pass: dict[object, dict[Value, bool]] = {}
        self._derivatives: dict[Value, tuple[Value, ...]] = {}

    def rewrite(self, root: Value) -> Value:
        """The same value, with its gradients written out."""
        for value in parts_first([root], lambda v: () if v in self._new else v.parts):
            if value not in self._new:
                self._new[value] = self._rewritten(value)
        return self._new[root]

    def _rewritten(self, value: Value) -> Value:
        parts = tuple(self._new[part] for part in value.parts)
        if value.form == "item":
            index: int = value.data
            return self._derivative(parts[0])[index]
        new = self.values.rebuild(value, parts)
        if value.form == "gather":
            # It calls itself for what a sum becomes, which has no such sum in it.
            at_once = sum_at_once(self.values, value)
            new = new if at_once is None else self.rewrite(at_once)
        name = self.values.names.get(value)
        if name is not None:
            self.values.names.setdefault(new, name)
        return new

    def _derivative(self, grad: Value) -> tuple[Value, ...]:
        """The derivatives of a `grad` whose parts are rewritten.

        It calls itself for the ticks of a window; each has a shorter one, so it ends soon.
        """
        found = self._derivatives.get(grad)
        if found is None:
            found = split_window(self.values, grad, self._derivative)
            if found is None and not grad.points and not self._passes_time(grad):
                found = derive(self.values, grad.parts[0], grad.targets)
                if found is not None and grad.data[3] is not None:
                    found = tuple(self.rewrite(gathered(self.values, grad, part)) for part in found)
            if found is None:
                found = tuple(self._items(grad))
            self._derivatives[grad] = found
        return found

    def _passes_time(self, grad: Value) -> bool:
        """Whether a value is made of what lives inside its tick, where its updates count."""
        span = grad.data[1]
        if span is None:
            return False
        known = self._pass.setdefault(span, {})
        root = grad.parts[0]
        for value in parts_first([root], lambda v: () if v in known else v.parts):
            if value not in known:
                inside = any(known[part] for part in value.parts)
                known[value] = inside or self.values.lives_within(value, span)
        return known[root]

    def _items(self, grad: Value) -> Iterable[Value]:
        for i, target in enumerate(grad.targets):
            yield self.values.make(
                "item", (grad,), i, target.type, grad.origin, component=grad.component
            )
