"""The statements of one tick: every unit of a schedule, as one method holds them."""

from __future__ import annotations

import re
from collections import Counter

from nlgraph.export.body import Body
from nlgraph.export.made import Stores
from nlgraph.export.names import remark
from nlgraph.export.plan import Plan, make_plan
from nlgraph.export.unit import UnitWriter
from nlgraph.schedule.model import Schedule


class BodyWriter:
    """Writes the units of a schedule, in order.

    Then `pairs` are the new values where no statement has gathered them in `new`, and `results`
    what is returned where none has gathered it in `results`.
    """

    def __init__(self, body: Body, schedule: Schedule) -> None:
        """Write nothing yet."""
        self.body = body
        self.units = schedule.units
        self.plans = [make_plan(unit) for unit in self.units]
        targets = [(unit, target.kind) for unit in self.units for target in unit.outputs]
        self.gathers = len(self.units) > 1 or any(plan.loops for plan in self.plans)
        self.resets = self.gathers and any(kind == "started" for _, kind in targets)
        self.collects = any(kind == "result" and unit.period > 1 for unit, kind in targets)
        self.updates = any(kind == "updated" for _, kind in targets)
        self.stores = Stores()
        self.pairs: list[str] = []
        self.results: list[str] = []

    def write(self) -> None:
        """Write all units."""
        writer = self.body.writer
        read = Counter(key for unit in self.units for key in {str(s.key) for s in unit.inputs})
        self.body.shared = frozenset(key for key, times in read.items() if times > 1)
        for plan in self.plans:
            self.body.leaves.update(dict.fromkeys(plan.leaf_keys()))
            self.body.tracked.update(dict.fromkeys(plan.tracked_keys()))
        if self.gathers and self.updates:
            writer.line("new: dict[str, Tensor] = {}")
        if self.resets:
            writer.line("start: dict[str, Tensor] = {}", "after resets")
        if self.collects:
            writer.line("results: dict[str, Tensor] = {}")
        for index, plan in enumerate(self.plans):
            if index:
                writer.line()
            if plan.unit.period == 1:
                self._unit(index, plan)
            else:
                self._slow_unit(index, plan)

    def _slow_unit(self, index: int, plan: Plan) -> None:
        """A unit that runs at some ticks; its names are free again after it."""
        names = self.body.names
        self.body.reads_tick = True
        mark = names.mark()
        clock = remark(f"every {plan.unit.clock}")
        with self.body.writer.block(f"if tick % {plan.unit.period} == 0:", clock):
            self._unit(index, plan)
        read_later = " ".join(made.code.text for made in self.stores.all())
        names.release(mark, (*re.findall(r"\w+", read_later), *self.body.kept_names()))

    def _unit(self, index: int, plan: Plan) -> None:
        writer = self.body.writer
        given = UnitWriter(self.body, self.stores, index, plan).write()
        if not self.gathers:
            after = dict(pair.split(": ", 1) for pair in (*given["updated"], *given["started"]))
            self.pairs = [f"{key}: {code}" for key, code in after.items()]
        elif given["updated"]:
            writer.bracketed("new |= {", given["updated"], "}")
        if self.gathers and given["started"]:
            writer.bracketed("start |= {", given["started"], "}")
        if not self.collects:
            self.results += given["result"]
        elif given["result"]:
            writer.bracketed("results |= {", given["result"], "}")
