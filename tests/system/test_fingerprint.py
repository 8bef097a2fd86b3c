import pytest

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.syntax.parse import parse
from nlgraph.system.fingerprint import fingerprint
from nlgraph.system.resolve import resolve
from nlgraph.text.source import Source

SPEC = """
use std.optim (adamw)
dim B = 8, d = 4
const lr = 0.1
clock step
input x, y : [B, d] every step
component W : [d, d] ~ normal(0, 1) { minimize loss by adamw(lr = lr) }
component avg : like W = W { avg' = 0.9 * avg + 0.1 * W' }
z = x @ W
noise = normal(0, 1, [B, d])
loss = mse(z + noise, y)
output z
metric loss
"""


def _fingerprint(text, **overrides):
    report = Report()
    equations, _ = resolve(parse(Source("spec.nl", text), report), overrides, report)
    assert not report.errors
    return fingerprint(equations)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("clock step", "# the root\nclock step   # one batch"),
        ("loss = mse(z + noise, y)", "loss = mse(\n  (z + noise), y\n)"),
        ("const lr = 0.1", "const lr = 0.1, unread = 3"),
        (
            "z = x @ W\nnoise = normal(0, 1, [B, d])\nloss = mse(z + noise, y)\n",
            "loss = mse(z + noise, y)\nnoise = normal(0, 1, [B, d])\nz = x @ W\n",
        ),
        ("dim B = 8, d = 4", "dim d = 2 * 2\ndim B = 8"),
    ],
)
def test_comments_layout_order_and_unread_constants_change_nothing(old, new):
    assert old in SPEC
    assert _fingerprint(SPEC.replace(old, new)) == _fingerprint(SPEC)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("lr = 0.1", "lr = 0.2"),
        ("d = 4", "d = 5"),
        ("x @ W", "x @ W.T"),
        ("x @ W", "W @ W"),
        ("0.1 * W'", "0.1 * W"),
        ("~ normal(0, 1) {", "~ normal(0, 2) {"),
        ("normal(0, 1, [B, d])", "uniform(0, 1, [B, d])"),
        ("{ avg' =", "every 2 step { avg' ="),
        ("adamw(lr = lr)", "adamw(lr = lr, decay = 0.1)"),
        ("loss = mse(z + noise, y)", "loss = l1(z + noise, y)"),
        ("metric loss", "metric twice = 2 * loss"),
        ("output z", "output z\noutput noise"),
        ("input x, y : [B, d]", "input x, y : f64[B, d]"),
        ("component avg : like W = W", "component avg : like W = W reset every step to W"),
    ],
)
def test_what_changes_the_meaning_changes_the_fingerprint(old, new):
    assert old in SPEC
    assert _fingerprint(SPEC.replace(old, new)) != _fingerprint(SPEC)


def test_an_override_is_as_if_it_stood_in_the_file():
    assert _fingerprint(SPEC, d=6) == _fingerprint(SPEC.replace("d = 4", "d = 6"))
    assert _fingerprint(SPEC, d=6) != _fingerprint(SPEC)


def test_a_gradients_target_counts_though_it_is_not_read():
    text = """
dim d = 4
clock step
input x : [d] every step
component A : [d] = 1 {{ A' = A - grad(loss, {target}) }}
component C : [d] = 1
loss = sum(x * A * C)
output loss
"""
    assert _fingerprint(text.format(target="A")) != _fingerprint(text.format(target="C"))


def test_a_shared_part_is_the_same_as_two_equal_ones():
    """How often a rule's local equation is read is a matter of writing."""
    head = "dim d = 4\nclock step\ninput x : [d] every step\noutput x\ncomponent A : [d] = 1 {\n"
    shared = head + "fn twice(u) { v = exp(u); return v + v }\nA' = twice(A)\n}"
    spelled = head + "A' = exp(A) + exp(A)\n}"
    assert _fingerprint(shared.replace("fn twice", "\nfn twice")) == _fingerprint(spelled)
