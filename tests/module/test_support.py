"""What cannot be executed yet is refused in one sentence, at its first place."""

import pytest

import nlgraph

HEAD = "dim B = 2, T = 4\nclock step\nclock slow = 4 step\ninput x : [B, T] every step\n"

REFUSED = {
    "clocks beside each other inside a tick": (
        "clock token = step along T\nclock third = step / 3\n"
        "component M : [B] = 0 every token { M' = M + x[token] }\n"
        "component N : scalar = 0 every third { N' = N + sum(x) }\n",
        "NL0701",
        "clock third",
    ),
    "an updated state read by a faster clock": (
        "clock token = step along T\ncomponent W : scalar = 0 { W' = W + sum(x) }\n"
        "component M : [B] = 0 every token { M' = M + x[token] * W' }\n",
        "NL0702",
        "W",
    ),
    "a reset inside a tick to a stream": (
        "clock token = step along T\nclock two = 2 token\ns = sum(x[token])\n"
        "component M : scalar = 0 every token reset every two to latest(s, two) { M' = M + s }\n"
        "metric m = sum(collect(M, axis = 0))\n",
        "NL0702",
        "M",
    ),
    "ticks of several calls, stacked": (
        "clock token = step along T\n"
        "component M : [8] = 0 every 2 step { M' = collect(sum(x[token]), axis = 0) }\n",
        "NL0702",
        "collect",
    ),
    "an output that only a window could tell": (
        "component W : scalar = 1 every slow { W' = W - average(grad(sum(x) * W, W)) }\n"
        "component M : scalar = 0 reset every slow to W { M' = M + sum(x) * W }\n"
        "output o = grad(average(sum(x) * M, slow), W)\n",
        "NL0703",
        "grad(average(sum(x) * M, slow), W)",
    ),
    "clocks beside each other in a window that is run again": (
        "clock short = 2 step\n"
        "component W : scalar = 1 every 6 step { W' = W - grad(average(sum(x) * M * N), W) }\n"
        "component M : scalar = 0 every 3 step reset every 6 step to W {\n"
        "  M' = M + accumulate(sum(x)) * W }\n"
        "component N : scalar = 0 every short { N' = N + accumulate(sum(x)) }\n",
        "NL0703",
        "grad(average(sum(x) * M * N), W)",
    ),
    "draws inside the ticks of a window that is run again": (
        "clock token = step along T\n"
        "component W : scalar = 1 every slow { W' = W - grad(average(s * M), W) }\n"
        "component M : scalar = 0 reset every slow to W { M' = M + s * W }\n"
        "n = sum(x[token] + normal(0, 1, [B]))\ns = accumulate(n, step)\n",
        "NL0703",
        "grad(average(s * M), W)",
    ),
    "a reset to a window's value before its end": (
        "mean4 = average(sum(x), slow)\nclock short = 2 step\n"
        "component M : scalar = 0 reset every short to mean4 { M' = M + sum(x) }\n",
        "NL0704",
        "mean4",
    ),
    "a slow stream with an updated state read before its end": (
        "input z : f32[] every slow\nscaled = z * S'\n"
        "component S : scalar = 1 every slow { S' = S + z }\n"
        "component M : scalar = 0 every step { M' = M + scaled * sum(x) }\n",
        "NL0704",
        "scaled",
    ),
}

TAKEN = {
    "a clock inside that nothing uses": "clock token = step along T\nmetric m = sum(x)\n",
    "a gradient through what starts anew with each root tick": (
        "component W : scalar = 1 { W' = W - grad(sum(x) * M', W) }\n"
        "component M : scalar = 0 reset every step to W { M' = M + sum(x) }\n"
    ),
    "a clock along a dimension": (
        "clock token = step along T\n"
        "component M : [B] = 0 every token { M' = M + x[token] }\nmetric m = sum(collect(M))\n"
    ),
    "a clock that divides a tick": (
        "clock inner = step / 3\ncomponent M : scalar = 0 every inner { M' = M + sum(x) }\n"
    ),
    "copies": "component M : scalar = 0 per B { M' = M + sum(x) }\n",
    "multiples of multiples": (
        "clock long = 3 slow\ncomponent M : scalar = 0 every long { M' = average(sum(x)) }\n"
    ),
    "a reset that no gradient flows through": (
        "component W : scalar = 1 { W' = W - grad(sum(x) * W * M, W) }\n"
        "component M : scalar = 0 reset every slow to W { M' = M + sum(x) }\n"
    ),
    "a window's value read at its end": (
        "mean4 = average(sum(x), slow)\nmetric m = mean4\n"
        "component M : scalar = 0 every slow { M' = mean4 + prev(mean4, 0) }\n"
    ),
    "the last value of a window": (
        "mean4 = average(sum(x), slow)\n"
        "component M : scalar = 0 every step { M' = M + prev(mean4, 0) * sum(x) }\n"
    ),
    "a window of windows": (
        "mean4 = average(sum(x), slow)\ncomponent M : scalar = 0 every 8 step { M' = sum4 }\n"
        "clock eight = 8 step\nsum4 = accumulate(mean4, eight)\n"
    ),
    "an updated state held": (
        "component S : scalar = 1 every slow { S' = S + average(sum(x)) }\n"
        "component M : scalar = 0 every step { M' = S' }\n"
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case):
    text, code, place = REFUSED[case]
    with pytest.raises(nlgraph.SpecError) as caught:
        nlgraph.compile(nlgraph.loads(HEAD + text))
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == code
    assert diagnostic.labels[0].span.text.startswith(place)


@pytest.mark.parametrize("case", TAKEN)
@pytest.mark.parametrize("backend", ["reference", "eager"])
def test_taken(case, backend):
    nlgraph.compile(nlgraph.loads(HEAD + TAKEN[case]), backend=backend)
