import sys

import pytest

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.train.source import Source, names_function


@pytest.fixture(autouse=True)
def _module(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "feeds", raising=False)
    (tmp_path / "feeds.py").write_text(
        "calls = []\n"
        "def three():\n"
        "    calls.append(1)\n"
        "    yield from ({'x': k} for k in range(3))\n"
        "def many():\n"
        "    return [{'x': 1}, {'x': 2}]\n"
        "def breaks():\n"
        "    yield {'x': 1}\n"
        "    raise OSError('the disk is gone')\n"
        "def pairs():\n"
        "    yield 1, 2\n"
        "def one():\n"
        "    return {'x': 1}\n"
        "def needs(path):\n"
        "    return []\n"
        "number = 3\n"
    )
    (tmp_path / "broken.py").write_text("1 / 0\n")


@pytest.mark.parametrize("data", ["feeds:three", "a.b_1.c:f", "ü:g"])
def test_a_module_and_a_function_are_one(data):
    assert names_function(data)


@pytest.mark.parametrize("data", ["digits", "a.npz", "feeds", ":f", "a:", "a.:f", "a/b:f", "a:b:c"])
def test_what_is_no_module_and_function_names_none(data):
    assert not names_function(data)


def test_a_source_begins_anew_each_time_and_looking_at_the_first_batch_takes_none_away():
    source = Source("feeds:three")
    assert source.first() == {"x": 0}
    assert [batch["x"] for batch in source.batches()] == [0, 1, 2]
    assert len(sys.modules["feeds"].calls) == 1
    assert [batch["x"] for batch in source.batches()] == [0, 1, 2]
    assert len(sys.modules["feeds"].calls) == 2


def test_anything_that_can_be_iterated_over_will_do():
    assert list(Source("feeds:many").batches()) == [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("nowhere:f", "there is no module nowhere"),
        ("broken:f", "importing it fails: ZeroDivisionError: division by zero"),
        ("feeds:absent", "feeds has no function absent"),
        ("feeds:number", "feeds has no function number"),
    ],
)
def test_what_cannot_be_imported_is_one_diagnostic(data, said):
    with pytest.raises(SpecError) as raised:
        Source(data)
    (fault,) = raised.value.diagnostics
    assert fault.code == "NL0801"
    assert said in fault.message


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (
            "feeds:breaks",
            "batch 2 of `feeds:breaks` cannot be used: OSError: the disk is gone "
            "(feeds.py, line 9)",
        ),
        ("feeds:pairs", "batch 1 of `feeds:pairs` cannot be used: it is a tuple"),
        ("feeds:one", "`feeds:one` cannot be used: it gives a dict, no batches"),
        ("feeds:needs", "missing 1 required positional argument: 'path'"),
    ],
)
def test_a_function_that_fails_is_one_diagnostic_with_the_batch_and_the_line(data, said):
    with pytest.raises(SpecError) as raised:
        list(Source(data).batches())
    (fault,) = raised.value.diagnostics
    assert fault.code == "NL0813"
    assert said in fault.message
