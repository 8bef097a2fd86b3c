from dataclasses import replace

import pytest

from nlgraph.schedule.check import check_schedule
from nlgraph.schedule.model import Binding, Name, Op, Region


@pytest.fixture
def unit(schedule_of):
    (unit,) = schedule_of("train W minimize loss by gd(lr = 0.1)\noutput logits").units
    return unit


def broken(schedule, unit, **region):
    changed = replace(unit, region=replace(unit.region, **region))
    return replace(schedule, units=(changed,))


def test_a_name_is_bound_before_it_is_read(schedule_of, unit):
    schedule = schedule_of("output logits")
    backwards = tuple(reversed(unit.region.bindings))
    with pytest.raises(AssertionError, match="read before it is bound"):
        check_schedule(broken(schedule, unit, bindings=backwards))


def test_a_name_is_bound_once(schedule_of, unit):
    schedule = schedule_of("output logits")
    twice = (*unit.region.bindings, unit.region.bindings[0])
    with pytest.raises(AssertionError, match="bound twice"):
        check_schedule(broken(schedule, unit, bindings=twice))


def test_a_binding_stands_as_far_out_as_it_can(schedule_of, unit):
    schedule = schedule_of("output logits")
    at = next(i for i, b in enumerate(unit.region.bindings) if not isinstance(b.node, Op))
    grad = unit.region.bindings[at]
    inner = Binding((Name("loose"),), Op("neg", (Name("x"),), {}, None), grad.note)
    node = replace(
        grad.node,
        region=Region(
            grad.node.region.inputs,
            (*grad.node.region.bindings, inner),
            grad.node.region.outputs,
        ),
    )
    bindings = list(unit.region.bindings)
    bindings[at] = replace(grad, node=node)
    types = {**unit.types, Name("loose"): unit.types[Name("x")]}
    changed = replace(unit, types=types, region=replace(unit.region, bindings=tuple(bindings)))
    with pytest.raises(AssertionError, match="stands deeper than what it reads"):
        check_schedule(replace(schedule, units=(changed,)))
