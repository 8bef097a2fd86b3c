"""What is legal and most often a mistake."""

import pytest

import nlgraph

HEAD = "dim B = 4, d = 3\nclock step\ninput x : [B, d] every step\n"
LEARNS = "component W : [d] ~ normal(0, 1) { W' = W - grad(loss, W) }\nloss = sum(x @ W)\n"

OVERSIGHTS = {
    "an input that nothing reads": (
        HEAD + LEARNS + "input z : [B] every step\noutput y = x @ W\n",
        ("NL0251", 6, "the input `z` is never read"),
    ),
    "a signal that nothing reads": (
        HEAD + LEARNS + "s = sum(x)\noutput y = x @ W\n",
        ("NL0251", 6, "the signal `s` is never read"),
    ),
    "a signal of a body that nothing reads": (
        HEAD
        + LEARNS
        + "component V : [d] = 0 {\n  s = sum(x)\n  V' = V + W'\n}\noutput y = x @ V\n",
        ("NL0251", 7, "the signal `V.s` is never read"),
    ),
    "a component drawn at random that nothing updates": (
        HEAD + LEARNS + "component V : [d] ~ normal(0, 1)\noutput y = x @ (W + V)\n",
        ("NL0252", 6, "`V` is drawn at random"),
    ),
    "a loss that no one minimizes": (
        HEAD + LEARNS + "other = mse(x @ W, sum(x, 1))\noutput y = other + x @ W\n",
        ("NL0253", 6, "no one minimizes `other`"),
    ),
    "a loss by its name": (
        HEAD + LEARNS + "side_loss = sum(x)\noutput y = x @ W\n",
        ("NL0253", 6, "no one minimizes `side_loss`"),
    ),
    "an output that depends on no input": (
        HEAD + LEARNS + "component F : [d] = 1\noutput y = 2 * F\n",
        ("NL0254", 7, "the output `y` depends on no input"),
    ),
}


@pytest.mark.parametrize("case", OVERSIGHTS)
def test_an_oversight_is_one_warning(case):
    text, (code, line, message) = OVERSIGHTS[case]
    (warning,) = nlgraph.loads(text).warnings
    assert (warning.code, warning.severity) == (code, "warning")
    assert warning.labels[0].span.line == line
    assert message in warning.message


SOUND = {
    "all is read": HEAD + LEARNS + "output y = x @ W\n",
    "a metric is looked at": HEAD
    + LEARNS
    + "metric val = mse(x @ W, sum(x, 1))\noutput y = x @ W\n",
    "the last of a family": (
        HEAD + LEARNS + "z[0] = x\nfor i in 1 .. 3 { z[i] = z[i-1] * 2 }\noutput y = z[2] @ W\n"
    ),
    "an output of what was learned": HEAD + LEARNS + "output y = W\n",
    "a part of a loss": (
        HEAD
        + "part = mse(x @ W, sum(x, 1))\ntotal = part + sum(W^2)\noutput y = x @ W\n"
        + "component W : [d] ~ normal(0, 1) { W' = W - grad(total, W) }\n"
    ),
    "a signal by which one differentiates": (
        HEAD
        + "u = x @ W\ncomponent W : [d] = 1 { W' = W - sum(grad(sum(u^2), u)) }\noutput y = x\n"
    ),
}


@pytest.mark.parametrize("case", SOUND)
def test_what_is_meant_gives_no_warning(case):
    assert nlgraph.loads(SOUND[case]).warnings == ()
