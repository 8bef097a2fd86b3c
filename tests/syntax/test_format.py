from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nlgraph
from nlgraph.syntax.format import format_text
from nlgraph.syntax.tokens import tokenize

PACKAGE = Path(nlgraph.__file__).parent
SPECS = [
    *sorted((Path(__file__).parents[1] / "specs").glob("*.nl")),
    *sorted(PACKAGE.glob("std/*.nl")),
    *sorted(PACKAGE.glob("examples/*.nl")),
]


def _meaning(text):
    """Everything that could change what a text says: tokens, the ends of lines, comments."""
    tokens, comments = tokenize(text)
    kept, ended = [], True
    for token in tokens:
        ends = token.kind == "_SEP" and token.text != ";"
        if not (ends and ended):
            kept.append("\n" if ends else token.text)
        ended = ends
    return kept, [comment.text.rstrip() for comment in comments]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_meaning_and_comments_stay_and_twice_is_once(path):
    text = path.read_text(encoding="utf-8")
    once = format_text(text)
    assert _meaning(once) == _meaning(text)
    assert format_text(once) == once


def _mangled(text, random):
    """The same tokens with other blanks between them, and more empty lines."""
    tokens, comments = tokenize(text)
    parts = []
    for piece in sorted([*tokens, *comments], key=lambda piece: piece.start):
        if piece.kind == "_SEP" and piece.text != ";":
            parts.append(random.choice(["\n", "\r\n", "  \n", "\t\n"]))
        else:
            parts += [random.choice(["", " ", "   ", "\t"]) or _needed(parts, piece), piece.text]
    return "".join(parts)


def _needed(parts, piece):
    """A blank where two words, or dots, would become one."""
    last = parts[-1][-1:] if parts and parts[-1] else ""
    sticks = (last.isalnum() or last in "_.=<>!") and (
        piece.text[:1].isalnum() or piece.text[:1] in "_.="
    )
    return " " if sticks else ""


@given(st.sampled_from(SPECS), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_blanks_are_no_matter(path, random):
    text = path.read_text(encoding="utf-8")
    mangled = _mangled(text, random)
    assert _meaning(mangled) == _meaning(text)
    assert format_text(mangled) == format_text(text)


def test_the_layout():
    assert (
        format_text(
            "\n\n#head\nuse  std.optim( adam )\ndim B=4 ,h=4*d;clock step # one\n"
            "input x:[B,d]every step   # two\n\n\n\ncomponent W:[d,h]~ xavier( )per B\n"
            "every step{\n\n#note\nW' = W-0.1*grad( loss,W )^-2\nmap(q)=q @ W'[ 1 : , ... ]\n\n}\n"
            "train W\nminimize loss\nby adam( lr = - 1 )\ny = f(x,\n[1,\n2],\n) + \nx\n\n"
        )
        == """\
#head
use std.optim (adam)
dim B = 4, h = 4 * d; clock step  # one
input x : [B, d] every step       # two

component W : [d, h] ~ xavier() per B
  every step {
  #note
  W' = W - 0.1 * grad(loss, W)^-2
  map (q) = q @ W'[1:, ...]
}
train W
  minimize loss
  by adam(lr = -1)
y = f(x,
  [1,
    2],
) +
  x
"""
    )
