from pathlib import Path

import pytest

import nlgraph
from nlgraph.diagnostics.diagnostic import Report
from nlgraph.module.support import find_unsupported
from nlgraph.schedule.check import check_schedule
from nlgraph.schedule.plan import make_schedule
from tests.equivalence.snippets import OPEN, SNIPPETS

SPECS = sorted((Path(__file__).parents[1] / "specs").glob("*.nl"))
TEXTS = {path.stem: path.read_text() for path in SPECS} | SNIPPETS | OPEN


@pytest.mark.parametrize("name", TEXTS)
def test_every_schedule_keeps_the_laws(name):
    shaped = nlgraph.loads(TEXTS[name]).shaped
    if find_unsupported(shaped, "eager") is not None:
        return
    for learning in (True, False):
        report = Report()
        check_schedule(make_schedule(shaped, report, learning=learning))
        assert report.errors == ()


def test_the_text_of_a_small_schedule(text_of):
    text = text_of(
        """
component m : like W = 0 { m' = 0.9*m - 0.1*grad(loss, W) }
train W minimize 0*loss by other()
rule other() for w, g { w' = w + m' }
output logits
"""
    )
    assert text == (
        "unit 0, every step {\n"
        "  x : f32[B, d] <- input x\n"
        "  W : f32[d, c] <- held W\n"
        "  m : f32[d, c] <- held m\n"
        "  y : int[B] <- input y\n"
        "  logits : f32[B, c] = matmul(x, W)\n"
        "  mul : f32[d, c] = mul(0.9, m)\n"
        "  grad_W = grad (W_1 = W) {\n"
        "    logits_1 : f32[B, c] = matmul(x, W_1)\n"
        "    loss : f32[] = cross_entropy(logits_1, y, reduction = mean)\n"
        "  } -> loss\n"
        "  mul_1 : f32[d, c] = mul(0.1, grad_W)\n"
        "  m_next : f32[d, c] = sub(mul, mul_1)\n"
        "  W_next : f32[d, c] = add(W, m_next)\n"
        "  -> result logits = logits\n"
        "  -> updated W = W_next\n"
        "  -> updated m = m_next\n"
        "}\n"
    )


def test_a_call_that_updates_nothing_computes_outputs_alone(text_of):
    text = text_of(
        "train W minimize loss by gd(lr = 0.1)\noutput now = W'\nmetric loss", learning=False
    )
    assert text == ("unit 0, every step {\n  W : f32[d, c] <- held W\n  -> result now = W\n}\n")


def test_the_order_of_the_file_does_not_matter(schedule_of):
    lines = [
        "component V : like W = 0 every four { V' = V + average(grad(loss, W)) }",
        "component U : like W = 0 every four { U' = U + accumulate(grad(loss, W)) + V' }",
        "train W minimize loss by adamw(lr = 0.1)",
        "metric seen = average(loss, four)",
    ]
    one = schedule_of("\n".join(lines))
    two = schedule_of("\n".join(reversed(lines)))
    assert {memory.name for memory in one.memories} == {memory.name for memory in two.memories}
    assert [(u.period, set(u.outputs)) for u in one.units] == [
        (u.period, set(u.outputs)) for u in two.units
    ]
