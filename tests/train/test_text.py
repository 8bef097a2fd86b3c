import numpy as np
import pytest

from nlgraph.diagnostics.diagnostic import Report
from nlgraph.ops.types import Dim, TensorType
from nlgraph.system.ids import ClockId, InputId
from nlgraph.system.model import Input
from nlgraph.text.source import Source
from nlgraph.text.span import Origin, Span
from nlgraph.train.text import cut_text

_ORIGIN = Origin(Span(Source("spec.nl", "text"), 0, 4))


def _input(name, *dims):
    sizes = {"B": 2, "T": 4, "S": None}
    type_ = TensorType("int", tuple(Dim(dim, sizes[dim]) for dim in dims))
    return Input(InputId(name), type_, ClockId("step"), _ORIGIN)


def _cut(text, *inputs):
    report = Report()
    content = np.frombuffer(text, np.uint8)
    return cut_text(content, inputs, "a.txt", report), content, report


def _rows(array):
    return [bytes(row) for row in array]


@pytest.mark.parametrize("dims", [("B", "T"), ("T",)])
def test_sequences_follow_each_other_and_targets_are_one_byte_on(dims):
    arrays, _, report = _cut(b"abcdefghijk", _input("text", *dims), _input("target", *dims))
    assert not report.diagnostics
    assert _rows(arrays["text"]) == [b"abcd", b"efgh"]
    assert _rows(arrays["target"]) == [b"bcde", b"fghi"]


def test_the_last_byte_is_a_target_alone():
    assert _rows(_cut(b"abcdefgh", _input("text", "T"))[0]["text"]) == [b"abcd"]
    assert _rows(_cut(b"abcdefghi", _input("text", "T"))[0]["text"]) == [b"abcd", b"efgh"]


def test_nothing_is_copied():
    arrays, content, _ = _cut(b"abcdefghijk", _input("target", "B", "T"))
    assert np.shares_memory(arrays["text"], content)
    assert np.shares_memory(arrays["target"], content)


def test_an_input_without_dims_takes_one_byte_at_a_time():
    arrays, _, _ = _cut(b"abc", _input("text"))
    assert arrays["text"].tolist() == [97, 98]
    assert arrays["target"].tolist() == [98, 99]


@pytest.mark.parametrize("text", [b"", b"a", b"abcd"])
def test_a_text_that_fills_no_sequence_has_no_items(text):
    arrays, _, _ = _cut(text, _input("text", "B", "T"))
    assert arrays["text"].shape == arrays["target"].shape == (0, 4)


def test_a_length_without_a_number_is_an_error_that_says_how_to_give_it():
    arrays, _, report = _cut(b"abcdefgh", _input("text", "B", "S"))
    assert arrays is None
    (fault,) = report.errors
    assert fault.code == "NL0811"
    assert fault.help.startswith("--set S=256")
