import re
import time
from xml.etree import ElementTree as ET

import pytest

from nlgraph.draw.fold import fold
from nlgraph.draw.svg import write_svg
from nlgraph.schema.levels import LevelsDocument
from tests.draw.conftest import document_of, layers

SVG = "{http://www.w3.org/2000/svg}"


def _texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_every_spec_is_drawn_with_all_its_names(documents):
    for name, document in documents.items():
        svg = write_svg(document)
        texts = _texts(svg)
        for card in fold(document).cards:
            assert set(card.labels) <= set(texts), name
        for level in document.levels:
            assert f"level {level.level}" in texts
        assert len(svg) < 120_000, name
        assert "href" not in svg


def test_legend_shows_the_kinds_in_use_alone(documents):
    texts = _texts(write_svg(documents["momentum_n17"]))
    assert "same-time" in texts
    assert "context" in texts
    assert "backprop" not in texts


def test_colours_say_the_frequency():
    document = layers(1, "component slow : [d] = 0 every 4 step { slow' = slow + 1 }")
    svg = ET.fromstring(write_svg(document))
    strips = [rect.get("class") for rect in svg.iter(f"{SVG}rect") if rect.get("width") == "6"]
    assert strips[-3:] == ["r0", "r0", "r7"]


def test_pulses_stand_at_the_end_of_their_periods():
    document = layers(1, "component slow : [d] = 0 every 4 step { slow' = slow + 1 }")
    svg = ET.fromstring(write_svg(document))
    slow = [rect for rect in svg.iter(f"{SVG}rect") if rect.get("class") == "r7"][2:]
    axis = next(line for line in svg.iter(f"{SVG}line") if line.get("class") == "rule")
    start, end = float(axis.get("x1")), float(axis.get("x2"))
    ends = [float(rect.get("x")) + float(rect.get("width")) for rect in slow]
    assert ends == pytest.approx([(start + end) / 2, end], abs=0.1)


def test_a_frozen_and_a_component_without_state_are_told_apart(documents):
    svg = write_svg(documents["transformer_sgd"])
    assert 'class="node non-parametric"' in svg
    assert "no state to update" in _texts(svg)
    frozen = write_svg(documents["frozen_teacher"])
    assert 'class="node frozen"' in frozen
    assert "never updated" in _texts(frozen)


def test_names_are_text_and_nothing_else():
    document = layers(1)
    hostile = document.model_copy(update={"system": '</title><script>alert("1")</script>\x1b[31m'})
    svg = write_svg(hostile)
    ET.fromstring(svg)
    assert "<script" not in svg
    assert "\x1b" not in svg


def test_two_drawings_on_one_page_do_not_style_each_other():
    one, other = write_svg(layers(1)), write_svg(layers(2))
    scopes = [set(re.findall(r"nl-[0-9a-f]{8}", svg)) for svg in (one, other)]
    assert all(len(scope) == 1 for scope in scopes)
    assert not scopes[0] & scopes[1]
    for svg in (one, other):
        style = re.search("<style>(.*)</style>", svg, re.DOTALL).group(1)
        style = re.sub(r"@media[^{]*\{(.*)\}$", r"\1", style)
        selectors = [part for rule in re.findall(r"([^{}]+)\{", style) for part in rule.split(",")]
        assert all(selector.startswith(".nl-") for selector in selectors)


def test_themes():
    document = layers(1)
    assert "prefers-color-scheme" in write_svg(document, "auto")
    assert "#12161d" not in write_svg(document, "light")
    assert "#ffffff" not in write_svg(document, "dark")


def test_an_empty_system_is_drawn():
    assert "no components" in _texts(write_svg(document_of("clock step\n")))


def test_two_thousand_components_are_drawn_in_a_second():
    lines = ["dim d = 2", "clock step", "input x : [d] every step"]
    lines += [
        f"component c{i} : [d] = 0 every {2 ** (i % 7)} step "
        f"{{ c{i}' = accumulate(x) + latest(c{i - i % 7}) }}"
        for i in range(2000)
    ]
    document = document_of("\n".join(lines))
    began = time.process_time()
    svg = write_svg(document)
    assert time.process_time() - began < 2  # 0.3 s measured; the machine may be busy
    assert len(svg) < 1_500_000
    assert sum(text.startswith("c1") for text in _texts(svg)) == 1111


def test_the_document_alone_says_all():
    """What is drawn depends on the JSON of `levels` and on nothing else."""
    document = layers(3)
    again = LevelsDocument.model_validate_json(document.to_json())
    assert write_svg(document) == write_svg(again)
