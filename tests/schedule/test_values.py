import pytest


def operators(text):
    """The operators of a schedule's text, in order."""
    return [line.split(" = ")[1].split("(")[0] for line in text.splitlines() if " = " in line]


def structure(schedule):
    """What a schedule of one unit computes, without the names of values."""
    (unit,) = schedule.units
    places = {name: i for i, name in enumerate(unit.region.inputs)}
    bindings = []
    for binding in unit.region.bindings:
        node = binding.node
        bindings.append((node.op, [places.get(arg, arg) for arg in node.args], dict(node.attrs)))
        places[binding.names[0]] = len(places)
    return unit.inputs, bindings, [places[arg] for arg in unit.region.outputs]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("output z = tanh(x @ W) + tanh(x @ W)", "h = tanh(x @ W)\noutput z = h + h"),
        ("output z = 2*x", "fn double(u) = 2*u\noutput z = double(x)"),
        ("output z = x + 1", "for i in 1 .. 1 { s[i] = x + i }\noutput z = s[1]"),
        ("output z = 1*x + 0", "output z = x"),
        ("output z = (x / 1)^1", "output z = x"),
        ("output z = if 1 < 2 then x else W", "output z = x"),
        ("output z = average(x, step)", "output z = x"),
        ("output z = stop(hold(x))", "output z = x"),
        ("output z = f32(tick(step))", "clock one = 1 step\noutput z = f32(tick(one))"),
    ],
)
def test_spelling_does_not_decide_what_is_computed(schedule_of, one, other):
    assert structure(schedule_of(one)) == structure(schedule_of(other))


def test_equal_values_are_computed_once(text_of):
    text = text_of("output a = tanh(x @ W)\noutput b = 2*tanh(x @ W)\noutput e = tanh(x @ W) @ W.T")
    assert operators(text).count("tanh") == operators(text).count("matmul") - 1 == 1


def test_numbers_that_python_calls_equal_are_told_apart(text_of):
    text = text_of(
        "output a = tick(step) * 1\noutput b = tick(step) * 2.0\noutput e = tick(step) * true"
    )
    assert "mul(tick, 2.0)" in text
    assert "mul(tick, 1)" not in text


def test_a_number_times_an_integer_keeps_its_dtype(text_of):
    assert "mul(1.0, y)" in text_of("output z = 1.0 * y")
    assert "mul" not in text_of("output z = 1 * y")
