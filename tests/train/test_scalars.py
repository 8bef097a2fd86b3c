import pytest

import nlgraph
from nlgraph.train.scalars import with_scalars

HEAD = """
dim B = 4, d = 3
clock step
input x, y : [B, d] every step
component W : [d, d] = 1 { W' = W - 0.1 * grad(%s, W) }
output z = x @ W
"""


def _scalars(text):
    shaped, scalars = with_scalars(nlgraph.loads(text).shaped)
    outputs = [result.name for result in shaped.clocked.equations.results]
    assert all(result.kind == "output" for result in shaped.clocked.equations.results)
    return list(scalars.items()), outputs


def test_the_signal_called_loss_is_the_loss():
    text = HEAD % "error" + "error = mse(z, y)\nloss = 2 * error\n"
    assert _scalars(text) == ([("loss", "loss")], ["z", "loss"])


def test_a_metric_called_loss_is_not_computed_twice():
    text = HEAD % "loss" + "loss = mse(z, y)\nmetric loss\n"
    assert _scalars(text) == ([("loss", "loss")], ["z", "loss"])


def test_without_it_the_first_signal_that_a_gradient_is_about():
    text = HEAD % "error" + "size = sum(z)\nerror = mse(z, y)\n"
    assert _scalars(text) == ([("loss", "error")], ["z", "error"])


def test_an_objective_counts_as_what_it_gathers():
    text = """
use std.optim (adam)
dim B = 4, d = 3
clock step
input x, y : [B, d] every step
component W : [d, d] = 1 every 4 step { minimize average(error) by adam() }
error = mse(x @ W, y)
output z = x @ W
"""
    assert _scalars(text) == ([("loss", "error")], ["z", "error"])


def test_the_loss_comes_first_then_the_metrics_in_the_order_of_the_file():
    text = HEAD % "loss" + "metric size = sum(z)\nloss = mse(z, y)\nmetric top = max(z)\n"
    assert [name for name, _ in _scalars(text)[0]] == ["loss", "size", "top"]


@pytest.mark.parametrize("loss", ["loss = z", "unused = sum(z)"])
def test_what_is_no_scalar_or_drives_nothing_is_no_loss(loss):
    text = "dim B = 4\nclock step\ninput z : [B] every step\noutput z\n" + loss
    assert _scalars(text)[0] == []
