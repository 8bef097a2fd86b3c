"""The examples with small sizes, for tests that run them plainly or often."""

import re

SIZES = {"B": 4, "T": 32, "d": 8, "h": 8, "n": 4, "vocab": 16, "words": 16}


def small(text: str) -> str:
    """A spec's text, its `dim` lines with no size above those of `SIZES`."""
    return re.sub(r"^dim .*", _shrunk, text, flags=re.MULTILINE)


def _shrunk(line: re.Match[str]) -> str:
    return re.sub(
        r"(\w+) = (\d+)",
        lambda size: f"{size[1]} = {min(int(size[2]), SIZES.get(size[1], int(size[2])))}",
        line[0],
    )
