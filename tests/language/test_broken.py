"""What a researcher gets wrong: each spec of `broken/` has one fault, and only that is said.

A file begins with `# error: LINE CODE words of the message`, and with `# help: words` where a
guess is to be made.
"""

import re
from pathlib import Path

import pytest

from nlgraph.diagnostics.diagnostic import SpecError
from nlgraph.frontend import load

FOLDER = Path(__file__).parent / "broken"
SPECS = sorted(FOLDER.glob("*.nl"))
EXPECTED = re.compile(r"# error: (\d+) (NL\d{4}) (.+)\n(?:# help: (.+)\n)?")


def expected_of(path):
    found = EXPECTED.match(path.read_text(encoding="utf-8"))
    assert found is not None, f"{path.name} says nothing of its fault"
    return int(found[1]), found[2], found[3], found[4] or ""


@pytest.mark.parametrize("path", SPECS, ids=[path.stem for path in SPECS])
def test_a_broken_spec_is_told_its_fault_and_nothing_else(path):
    line, code, words, help_words = expected_of(path)
    with pytest.raises(SpecError) as caught:
        load(path)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == [code]
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.labels[0].span.line == line
    assert diagnostic.labels[0].span.source.name == str(path)
    assert words in diagnostic.message
    assert help_words in (diagnostic.help or "")


def test_the_specs_tell_many_faults_apart():
    assert len(SPECS) >= 100
    assert len({expected_of(path)[1:3] for path in SPECS}) >= 60
