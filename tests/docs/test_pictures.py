"""The pictures of the pages are what nlgraph draws."""

import re
from pathlib import Path

import pytest

import nlgraph
from nlgraph.draw.svg import write_svg
from nlgraph.schema.levels import LevelsDocument

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = Path(nlgraph.__file__).parent / "examples"


def _two_speeds():
    page = (DOCS / "guides" / "drawing.md").read_text(encoding="utf-8")
    return re.search(r"```nl two_speeds.nl\n(.*?)```", page, re.DOTALL).group(1)


@pytest.mark.parametrize("name", ["two_speeds", "momentum", "cms"])
def test_picture_is_up_to_date(name, request):
    text = _two_speeds() if name == "two_speeds" else (EXAMPLES / f"{name}.nl").read_text()
    document = LevelsDocument.model_validate_json(nlgraph.loads(text).to_json())
    svg = write_svg(document.model_copy(update={"system": name})) + "\n"
    path = DOCS / "pictures" / f"{name}.svg"
    if request.config.getoption("--rewrite"):
        path.write_text(svg, encoding="utf-8")
    assert svg == path.read_text(encoding="utf-8"), "draw it anew: pytest tests/docs --rewrite"
