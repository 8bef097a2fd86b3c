"""`latest` computes the last ticks alone, where nothing reads the others."""

import pytest

HEAD = """
dim B = 2, T = 8, d = 3
clock seq
clock token = seq along T
clock four = 4 token
input x : [B, T, d] every seq
component P : [d, d] ~ normal(0, 0.1)
component h : [d] = 0 per B every token reset every seq { h' = tanh(x[token] + h) }
component W : [d, d] = 0.1 every four { W' = 0.9 * W + latest(outer(x[token][0], x[token][1])) }
"""


def computed(text):
    """The values that operators make: the first of their dimensions, by operator."""
    found = set()
    for line in text.splitlines():
        kind, _, node = line.partition(" = ")
        if " : " in kind and not node.startswith(("function", "axes")):
            found.add((node.partition("(")[0], kind.partition("[")[2].partition(",")[0]))
    return found


@pytest.mark.parametrize(
    ("output", "operators"),
    [
        ("latest(sin(x[token] @ P), seq)", {("sin", "B"), ("matmul", "B")}),
        ("latest(x[token] @ P @ W, seq)", {("matmul", "B")}),
        ("collect(latest(sin(x[token]), four), seq, axis = 0)", {("sin", "2")}),
        ("latest(exp(h') / f32(tick(token)), seq)", {("exp", "B"), ("div", "B")}),
    ],
)
def test_the_last_tick_alone(text_of, output, operators):
    found = computed(text_of(f"output z = {output}", head=HEAD))
    assert operators <= found
    assert not {shape for _, shape in found} & {"8"}


def test_what_something_else_reads_is_computed_too(text_of):
    text = text_of("s = sin(x[token] @ P)\noutput z = latest(s, seq) + average(s, seq)", head=HEAD)
    assert {("sin", "B"), ("sin", "8")} <= computed(text)


def test_loops_make_only_what_is_read(text_of):
    text = text_of("output z = latest(h', seq)", head=HEAD)
    assert "h_last = loop 8" in text
