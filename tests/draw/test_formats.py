import base64
import hashlib
import json
import re
import struct
import zlib
from html.parser import HTMLParser

import pytest

from nlgraph.draw.pairs import TooManyEdges
from nlgraph.draw.picture import FORMATS, UnknownFormat, draw
from nlgraph.schema.levels import LevelsDocument
from tests.draw.conftest import layers

HOSTILE = '"]</script><img src=x onerror=alert(1)>\n#quot;'


@pytest.fixture(scope="module")
def document():
    return layers(2)


def _pixels(png):
    """Width, height and the colours of a PNG of 8-bit RGBA, as it stands before its filters."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    data, place = b"", 8
    while place < len(png):
        (length,) = struct.unpack(">I", png[place : place + 4])
        if png[place + 4 : place + 8] == b"IDAT":
            data += png[place + 8 : place + 8 + length]
        place += 12 + length
    return width, height, zlib.decompress(data)


def test_png_is_twice_as_large_and_shows_text(document):
    svg = draw(document, ".svg", "light").decode()
    width, height = map(float, re.search(r'width="([\d.]+)" height="([\d.]+)"', svg).groups())
    png = draw(document, ".png")
    found = _pixels(png)
    assert found[:2] == (2 * width, 2 * height)
    nameless = document.model_copy(update={"system": ""})
    assert _pixels(draw(nameless, ".png"))[2] != found[2], "the title is made of glyphs"


def test_png_has_the_theme_that_is_asked_for(document):
    light, dark = draw(document, ".png", "light"), draw(document, ".png", "dark")
    assert draw(document, ".png", "auto") == light
    assert light != dark


class _Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_page_asks_nothing_of_anyone(document):
    page = draw(document, ".html").decode()
    tags = _Page(page).tags
    assert not [tag for tag, _ in tags if tag in ("link", "img", "iframe", "object")]
    assert not [attrs for _, attrs in tags if {"src", "href", "onclick"} & attrs.keys()]
    (policy,) = [a["content"] for _, a in tags if "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    script = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert len(script) == 1
    digest = base64.b64encode(hashlib.sha256(script[0].encode()).digest()).decode()
    assert f"'sha256-{digest}'" in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)


def test_page_holds_the_graph_by_number(document):
    page = draw(document, ".html").decode()
    data = json.loads(re.search(r'id="graph">(.*?)</script>', page, re.DOTALL).group(1))
    names = [component["name"] for component in data["components"]]
    assert names == [component.name for component in document.components]
    edges = {
        (names[a], names[b], data["kinds"][kind])
        for sources, targets, kind in data["edges"]
        for a in sources
        for b in targets
    }
    assert edges == {(edge.source, edge.target, edge.kind) for edge in document.edges}
    cards = [attrs for _, attrs in _Page(page).tags if "data-card" in attrs]
    assert len(cards) == len(data["cards"])


def test_page_lets_no_name_end_an_element(document):
    page = draw(document.model_copy(update={"system": HOSTILE}), ".html").decode()
    tags = [tag for tag, _ in _Page(page).tags]
    assert "img" not in tags
    assert tags.count("script") == 2


def test_dot_has_every_component_and_edge(document):
    dot = draw(document.model_copy(update={"system": HOSTILE}), ".dot").decode()
    assert dot.count(" -> ") == len(document.edges)
    assert len(re.findall(r"^    n\d+ \[label=", dot, re.MULTILINE)) == len(document.components)
    unquoted = re.sub(r'"(?:[^"\\]|\\.)*"', "Q", dot)
    assert '"' not in unquoted
    assert re.fullmatch(r"[\w\s\[\]{}=,>.-]+", unquoted)


def test_mermaid_has_every_component_and_edge(document):
    text = draw(document.model_copy(update={"unit": HOSTILE}), ".mmd").decode()
    lines = text.splitlines()
    assert lines[0] == "flowchart TB"
    links = [line for line in lines if re.fullmatch(r"  n\d+ (==>|-->|-\.->|--x|--o) n\d+", line)]
    assert len(links) == len(document.edges)
    assert sum(
        bool(re.fullmatch(r"    n\d+(\[|\(\[)\"[^\"]*\"(\]|\]\))", x)) for x in lines
    ) == len(document.components)
    colours = [line for line in lines if line.startswith("  linkStyle ")]
    numbers = [n for line in colours for n in line.split()[1].split(",")]
    assert sorted(map(int, numbers)) == list(range(len(links)))
    assert "<" not in text


def test_json_is_that_of_levels(document):
    assert draw(document, ".json").decode() == document.to_json() + "\n"


def test_endings(document):
    assert draw(document, ".SVG") == draw(document, ".svg")
    with pytest.raises(
        UnknownFormat, match=r"\.svg, \.html, \.png, \.dot, \.mmd, \.json, not '\.gif'"
    ):
        draw(document, ".gif")


def test_nets_are_drawn_but_not_listed(document):
    edge = document.edges[0].model_copy(update={"source": ["head"], "target": ["head.m"]})
    nets = LevelsDocument.model_construct(**{**dict(document), "edges": [edge]})
    for ending in FORMATS:
        if ending in (".dot", ".mmd"):
            with pytest.raises(TooManyEdges, match="more than 20,000 edges"):
                draw(nets, ending)
        else:
            assert draw(nets, ending)
