"""The codes of diagnostics, read from their pages: `pages/NL0301.md` and so on.

A page is Markdown: a title `# CODE: sentence`, a few sentences that say why, and either a wrong
spec, what it says and a right one, or, where the fault is in no spec, a command and what it says.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_PAGES = files("nlgraph.diagnostics") / "pages"


@cache
def titles() -> Mapping[str, str]:
    """Every code with its sentence, in the order of the codes."""
    names = sorted(entry.name for entry in _PAGES.iterdir() if entry.name.endswith(".md"))
    found: dict[str, str] = {}
    for name in names:
        code = name.removesuffix(".md")
        head = page(code).partition("\n")[0]
        found[code] = head.removeprefix(f"# {code}: ")
    return found


def page(code: str) -> str:
    """The page of a code, as Markdown.

    Raises:
        FileNotFoundError: no diagnostic has this code.
    """
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")
