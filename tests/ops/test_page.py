"""The reference page is that of the entries as they are."""

from pathlib import Path

from nlgraph.ops.op import registry
from nlgraph.ops.page import operators_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "operators.md"


def test_the_page_is_up_to_date():
    """Renewed by `python -m nlgraph.ops.page > docs/reference/operators.md`."""
    assert PAGE.read_text(encoding="utf-8") == operators_page()


def test_every_function_has_a_row():
    page = operators_page()
    for name in (
        "softmax",
        "newton_schulz",
        "cross_entropy",
        "reshape",
        "max",
        "conv2d",
        "dropout",
    ):
        assert f"| `{name}(" in page
    assert page.count("\n| `") == len(registry()) - 7
